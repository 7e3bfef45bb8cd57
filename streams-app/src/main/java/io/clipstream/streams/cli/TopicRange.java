package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import io.clipstream.streams.app.KafkaConnection;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;

/**
 * A part of a topic as a person writes it: {@code TOPIC}, or {@code TOPIC@FROM..TO} with an offset,
 * the same in every partition, or a time such as {@code 2026-11-26T10:00:00Z} for either. What is
 * left out is where the topic begins or ends; {@code TO} is not part of it.
 *
 * @param from null: where the topic begins
 * @param to null: where it ends now
 */
record TopicRange(String topic, Place from, Place to) {
  private static final String EXPECTED =
      "TOPIC or TOPIC@FROM..TO with offsets, or times such as 2026-11-26T10:00:00Z";

  /**
   * Where a range begins or ends.
   *
   * @param offset counts if {@code time} is null
   */
  record Place(long offset, Instant time) {}

  /**
   * @throws UserError if it is written otherwise
   */
  static TopicRange of(String text) {
    int at = text.indexOf('@');
    if (at < 0) {
      return new TopicRange(text, null, null);
    }
    String[] ends = text.substring(at + 1).split("\\.\\.", -1);
    if (ends.length != 2 || at == 0) {
      throw wrong(text, null);
    }
    return new TopicRange(text.substring(0, at), place(text, ends[0]), place(text, ends[1]))
        .inOrder("range is '" + text + "'");
  }

  /**
   * The part between the values of two options.
   *
   * @param from of {@code --from}, null if it was not given
   * @param to of {@code --to}, null if it was not given
   * @throws UserError if one is written otherwise
   */
  static TopicRange between(String topic, String from, String to) {
    return new TopicRange(topic, option("--from", from), option("--to", to))
        .inOrder("--from is " + from + " and --to " + to);
  }

  private static Place option(String name, String text) {
    try {
      return text == null ? null : place(text, text);
    } catch (UserError e) {
      throw new UserError(
          name + " is '" + text + "', expected an offset or a time such as 2026-11-26T10:00:00Z",
          e);
    }
  }

  private TopicRange inOrder(String given) {
    boolean wrong =
        from != null
            && to != null
            && (from.time() == null) == (to.time() == null)
            && (from.time() == null ? from.offset() > to.offset() : from.time().isAfter(to.time()));
    if (wrong) {
      throw new UserError(given + ", expected an end that is not before the beginning");
    }
    return this;
  }

  private static Place place(String range, String text) {
    if (text.isEmpty()) {
      return null;
    }
    try {
      return text.matches("\\d{1,18}")
          ? new Place(Long.parseLong(text), null)
          : new Place(0, Instant.parse(text));
    } catch (DateTimeParseException e) {
      throw wrong(range, e);
    }
  }

  private static UserError wrong(String text, Throwable cause) {
    return new UserError("range is '" + text + "', expected " + EXPECTED, cause);
  }

  /**
   * Sets a consumer to the beginning of the range in the partitions that it has.
   *
   * @return the first offset after the range, by partition
   */
  Map<TopicPartition, Long> seek(Consumer<?, ?> consumer, KafkaConnection kafka)
      throws InterruptedException {
    Collection<TopicPartition> partitions = consumer.assignment();
    Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions);
    Map<TopicPartition, Long> last = kafka.ends(partitions);
    Map<TopicPartition, Long> begins = offsets(consumer, from, first, first, last);
    begins.forEach((partition, offset) -> consumer.seek(partition, offset.longValue()));
    return offsets(consumer, to, last, first, last);
  }

  /** Of a place, between the first offsets and the last. */
  private static Map<TopicPartition, Long> offsets(
      Consumer<?, ?> consumer,
      Place place,
      Map<TopicPartition, Long> otherwise,
      Map<TopicPartition, Long> first,
      Map<TopicPartition, Long> last) {
    if (place == null) {
      return otherwise;
    }
    Map<TopicPartition, Long> wanted = new HashMap<>();
    if (place.time() == null) {
      last.keySet().forEach(partition -> wanted.put(partition, place.offset()));
    } else {
      Map<TopicPartition, OffsetAndTimestamp> found =
          consumer.offsetsForTimes(
              last.keySet().stream()
                  .collect(
                      Collectors.toMap(
                          Function.identity(), partition -> place.time().toEpochMilli())));
      last.forEach(
          (partition, end) -> {
            OffsetAndTimestamp later = found.get(partition); // Null: all is older.
            wanted.put(partition, later == null ? end : Long.valueOf(later.offset()));
          });
    }
    wanted.replaceAll(
        (partition, offset) ->
            Math.max(first.get(partition), Math.min(last.get(partition), offset)));
    return wanted;
  }
}
