package io.clipstream.streams.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Collection;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Says when the brokers do not answer any more: to a consumer, a broker that is gone looks like one
 * that has no news. The consumer's thread.
 */
final class BrokerWatch {
  private static final Duration QUIET = Duration.ofSeconds(3);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Consumer<?, ?> consumer;
  private final String brokers;
  private final PrintWriter err;
  private final long quietNanos;
  private long heardAt = System.nanoTime();
  private boolean gone;

  /**
   * @param brokers as the user knows them
   * @param err takes a line when they are gone and one when they are back
   */
  BrokerWatch(KafkaConsumer<?, ?> consumer, String brokers, PrintWriter err) {
    this(consumer, brokers, err, QUIET);
  }

  /**
   * As the other.
   *
   * @param quiet how long nothing may come before the brokers are asked
   */
  BrokerWatch(Consumer<?, ?> consumer, String brokers, PrintWriter err, Duration quiet) {
    this.consumer = consumer;
    this.brokers = brokers;
    this.err = err;
    this.quietNanos = quiet.toNanos();
  }

  /**
   * After each poll.
   *
   * @param records that it brought
   */
  void polled(int records) {
    if (records > 0) {
      heard();
    } else if (System.nanoTime() - heardAt > quietNanos) {
      ask();
    }
  }

  private void ask() {
    Collection<TopicPartition> assigned = consumer.assignment();
    try {
      consumer.endOffsets(assigned, PATIENCE);
      heard();
    } catch (TimeoutException e) {
      heardAt = System.nanoTime();
      if (!gone) {
        gone = true;
        say("no answer from the brokers at " + brokers + "; waiting for them, Ctrl-C ends");
      }
    }
  }

  private void heard() {
    heardAt = System.nanoTime();
    if (gone) {
      gone = false;
      say("the brokers at " + brokers + " answer again");
    }
  }

  private void say(String line) {
    err.println("clipstream: " + line);
    err.flush();
  }
}
