package io.clipstream.streams.outcome;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.processor.api.Record;

/** What a record takes of Kafka's limits. */
public final class RecordSize {
  /** At most, in Kafka's record format: the lengths of a header's name and value. */
  private static final int HEADER_OVERHEAD = 2 * 5;

  private RecordSize() {}

  /**
   * Bytes of key, value and headers: at most some dozens below what the record takes in a batch of
   * its own.
   */
  public static long of(Record<byte[], byte[]> record) {
    long bytes = (long) size(record.key()) + size(record.value());
    for (Header header : record.headers()) {
      bytes += HEADER_OVERHEAD + Utils.utf8Length(header.key()) + size(header.value());
    }
    return bytes;
  }

  /**
   * The largest record, as {@link #of} counts it, that fits into a request or batch of {@code
   * limit} bytes: less by 1/64, for what a batch adds and for compression that makes it grow.
   */
  public static int within(int limit) {
    return limit - limit / 64;
  }

  private static int size(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }
}
