package io.clipstream.streams.outcome;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Records that cannot be read, for the dead-letter topic: key, value, time and headers as they
 * came, and more headers that say why. Those have the names of Kafka Streams' own dead-letter
 * records (KIP-1034), so that tools for these work; values are UTF-8.
 */
public final class DeadLetters {
  public static final String EXCEPTION = "__streams.errors.exception";
  public static final String MESSAGE = "__streams.errors.message";
  public static final String TOPIC = "__streams.errors.topic";
  public static final String PARTITION = "__streams.errors.partition";
  public static final String OFFSET = "__streams.errors.offset";

  private DeadLetters() {}

  /**
   * The record for the dead-letter topic: key and value unchanged, with headers that say why.
   *
   * @param topic where the record was, with its partition and offset
   * @param error why it cannot be read
   */
  public static Record<byte[], byte[]> of(
      Record<byte[], byte[]> record, String topic, int partition, long offset, Exception error) {
    Headers headers = new RecordHeaders(record.headers());
    add(headers, EXCEPTION, error.getClass().getName());
    add(headers, MESSAGE, error.getMessage());
    add(headers, TOPIC, topic);
    add(headers, PARTITION, Integer.toString(partition));
    add(headers, OFFSET, Long.toString(offset));
    return record.withHeaders(headers);
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value == null ? null : value.getBytes(StandardCharsets.UTF_8));
  }
}
