package io.clipstream.streams.topology;

import io.clipstream.streams.topology.PendingVideos.Entry;
import java.nio.ByteBuffer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;

/**
 * What is known of a reference that was pending and goes back to the input, in a header of its own:
 * deaths int32, and since when it waits int64, big-endian, both as in {@link Entry}. Who takes it
 * next goes on from there. A producer that writes this header harms its own reference alone.
 */
record Known(int deaths, long waitsSince) {
  static final Known NOTHING = new Known(0, 0);

  private static final String HEADER = "clipstream.pending";
  private static final int BYTES = Integer.BYTES + Long.BYTES;

  /** Of a reference of the input. */
  static Known of(Headers headers) {
    Header header = headers.lastHeader(HEADER);
    if (header == null || header.value() == null || header.value().length != BYTES) {
      return NOTHING;
    }
    ByteBuffer value = ByteBuffer.wrap(header.value());
    return new Known(Math.max(0, value.getInt()), Math.max(0, value.getLong()));
  }

  /** The record as it first came: outcomes have its headers. */
  static Record<byte[], byte[]> takeOff(Record<byte[], byte[]> record) {
    return record.headers().lastHeader(HEADER) == null
        ? record
        : record.withHeaders(new RecordHeaders(record.headers()).remove(HEADER));
  }

  /** These headers and, if there is something to know, its own. */
  Headers addTo(Headers headers) {
    return equals(NOTHING)
        ? headers
        : new RecordHeaders(headers)
            .add(HEADER, ByteBuffer.allocate(BYTES).putInt(deaths).putLong(waitsSince).array());
  }
}
