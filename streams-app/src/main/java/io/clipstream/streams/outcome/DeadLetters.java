package io.clipstream.streams.outcome;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Records that cannot be read, for the dead-letter topic: key, value, time and headers as they
 * came, and more headers that say why. Those have the names of Kafka Streams' own dead-letter
 * records (KIP-1034), so that tools for these work; values are UTF-8. What is too large for the
 * topic goes there without its value.
 */
public final class DeadLetters {
  public static final String EXCEPTION = "__streams.errors.exception";
  public static final String MESSAGE = "__streams.errors.message";
  public static final String TOPIC = "__streams.errors.topic";
  public static final String PARTITION = "__streams.errors.partition";
  public static final String OFFSET = "__streams.errors.offset";

  /** Size of a record that is left out here; see {@link #of}. */
  public static final String OMITTED_BYTES = "clipstream.omitted.bytes";

  /** A message is one line for people. */
  private static final int MAX_MESSAGE = 2000;

  /** A longer key than this is left out with the value. */
  private static final int MAX_STUB_KEY_BYTES = 64 * 1024;

  private DeadLetters() {}

  /**
   * The record for the dead-letter topic: key and value unchanged, with headers that say why.
   *
   * <p>If that would be larger than {@code maxBytes}, no producer or broker would take it. Then the
   * value, the record's own headers and a key of more than 64 KiB are left out, and {@link
   * #OMITTED_BYTES} says how large the record is, which stays at its offset for as long as its
   * topic keeps it.
   *
   * @param topic where the record was, with its partition and offset
   * @param error why it cannot be read
   * @param maxBytes largest dead letter, as {@link RecordSize#of} counts it
   */
  public static Record<byte[], byte[]> of(
      Record<byte[], byte[]> record,
      String topic,
      int partition,
      long offset,
      Exception error,
      int maxBytes) {
    Headers why = new RecordHeaders();
    add(why, EXCEPTION, error.getClass().getName());
    add(why, MESSAGE, message(error));
    add(why, TOPIC, topic);
    add(why, PARTITION, Integer.toString(partition));
    add(why, OFFSET, Long.toString(offset));

    Headers all = new RecordHeaders(record.headers());
    why.forEach(all::add);
    Record<byte[], byte[]> whole = record.withHeaders(all);
    if (RecordSize.of(whole) <= maxBytes) {
      return whole;
    }
    add(why, OMITTED_BYTES, Long.toString(RecordSize.of(record)));
    byte[] key = record.key();
    return new Record<>(
        key == null || key.length > MAX_STUB_KEY_BYTES ? null : key, null, record.timestamp(), why);
  }

  private static String message(Exception error) {
    String message = error.getMessage();
    return message == null || message.length() <= MAX_MESSAGE
        ? message
        : message.substring(0, MAX_MESSAGE) + "…";
  }

  private static void add(Headers headers, String name, String value) {
    headers.add(name, value == null ? null : value.getBytes(StandardCharsets.UTF_8));
  }
}
