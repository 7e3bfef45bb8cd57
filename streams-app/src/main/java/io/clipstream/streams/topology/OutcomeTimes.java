package io.clipstream.streams.topology;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.streams.processor.api.Record;

/**
 * Time stamps of outcomes and dead letters: what is wanted, as far as their topics take it. Brokers
 * refuse a record whose time is longer ago than its topic says, and with it the whole transaction,
 * again and again. All threads.
 */
public final class OutcomeTimes {
  /** For the way to the broker, and clocks that differ. */
  private static final long SPARE_MILLIS = Duration.ofMinutes(5).toMillis();

  private final OutcomeTimestamp wanted;

  /** By topic, in milliseconds. */
  private final Map<String, Long> greatestAges = new ConcurrentHashMap<>();

  private volatile boolean refused;

  /** No topic has a limit, as far as is known yet. */
  public OutcomeTimes(OutcomeTimestamp wanted) {
    this.wanted = wanted;
  }

  /**
   * Tells of a topic's limit.
   *
   * @param greatestAge that it takes, in milliseconds: its {@code message.timestamp.before.max.ms}
   */
  public void limit(String topic, long greatestAge) {
    greatestAges.put(topic, greatestAge - Math.min(greatestAge / 2, SPARE_MILLIS));
  }

  /**
   * A topic refused a time stamp in spite of what is known: from now on all get the time of now.
   *
   * @return false if they had that before
   */
  public boolean refused() {
    boolean before = refused;
    refused = true;
    return wanted != OutcomeTimestamp.NOW && !before;
  }

  /** In milliseconds since 1970. */
  long of(String topic, Record<byte[], byte[]> reference, long now) {
    boolean taken = now - reference.timestamp() <= greatestAges.getOrDefault(topic, Long.MAX_VALUE);
    return wanted == OutcomeTimestamp.NOW || refused || !taken ? now : reference.timestamp();
  }
}
