package io.clipstream.streams.classify;

import io.clipstream.schemas.VideoReference;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * A reference, with what its record says beside it: which generation it goes to may depend on the
 * key, and a trace goes on from the headers.
 *
 * @param key of the record, or null if it has none; changed by nobody
 * @param headers of the record; read by all threads, changed by nobody
 * @param partition of the record: partitions take turns
 * @param attempt to label it
 * @param waited for how long other instances saw it wait for its origin, not negative
 */
@SuppressWarnings("ArrayRecordComponent") // compared and printed by nobody
public record VideoRequest(
    byte[] key,
    Headers headers,
    VideoReference reference,
    int partition,
    Attempt attempt,
    Duration waited) {

  /** Of memory, for an entry of the metadata or a header beside its text: many may be short. */
  private static final int ENTRY_BYTES = 150;

  /** Of the first partition, one that nobody counts the attempts of. */
  public VideoRequest(byte[] key, Headers headers, VideoReference reference) {
    this(key, headers, reference, 0, Attempt.UNCOUNTED, Duration.ZERO);
  }

  /** Bytes of memory that it holds, about: one for each character, and what objects take. */
  public long bytes() {
    long bytes = 500L + (key == null ? 0 : key.length) + reference.getUri().length();
    for (Map.Entry<String, String> entry : reference.getMetadata().entrySet()) {
      bytes += ENTRY_BYTES + entry.getKey().length() + entry.getValue().length();
    }
    for (Header header : headers) {
      bytes +=
          ENTRY_BYTES
              + header.key().length()
              + (header.value() == null ? 0 : header.value().length);
    }
    return bytes + reference.getId().length();
  }

  /** A reference that came without a record. */
  public static VideoRequest of(VideoReference reference) {
    return new VideoRequest(null, new RecordHeaders(), reference);
  }

  /** The same for work that no outcome waits for. */
  VideoRequest uncounted() {
    return new VideoRequest(key, headers, reference);
  }
}
