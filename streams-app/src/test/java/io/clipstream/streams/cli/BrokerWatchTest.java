package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On Kafka's own stand-in for a consumer, whose brokers answer or do not. */
class BrokerWatchTest {
  private static final TopicPartition PARTITION = new TopicPartition("videos.labeled", 0);
  private static final String GONE =
      "clipstream: no answer from the brokers at b:1; waiting for them, Ctrl-C ends\n";
  private static final String BACK = "clipstream: the brokers at b:1 answer again\n";

  private final MockConsumer<String, String> consumer = new MockConsumer<>("latest");
  private final StringWriter err = new StringWriter();
  private final BrokerWatch watch = watch(Duration.ofNanos(-1));

  @BeforeEach
  void assign() {
    consumer.assign(List.of(PARTITION));
    consumer.updateEndOffsets(Map.of(PARTITION, 5L));
  }

  private BrokerWatch watch(Duration quiet) {
    return new BrokerWatch(consumer, "b:1", new PrintWriter(err), quiet);
  }

  @Test
  void shouldSayOnceThatTheBrokersAreGoneAndOnceThatTheyAreBack() {
    watch.polled(0);
    assertThat(err.toString()).isEmpty();

    consumer.setOffsetsException(new TimeoutException("no node"));
    watch.polled(0);
    consumer.setOffsetsException(new TimeoutException("no node"));
    watch.polled(0);
    assertThat(err.toString()).isEqualTo(GONE);

    consumer.setOffsetsException(null);
    watch.polled(0);
    watch.polled(0);
    assertThat(err.toString()).isEqualTo(GONE + BACK);
  }

  @Test
  void shouldTakeRecordsForAnAnswer() {
    consumer.setOffsetsException(new TimeoutException("no node"));
    watch.polled(0);

    watch.polled(1);

    assertThat(err.toString()).isEqualTo(GONE + BACK);
  }

  @Test
  void shouldNotAskWhileNothingHasBeenHeardForShort() {
    consumer.setOffsetsException(new TimeoutException("no node"));

    watch(Duration.ofDays(1)).polled(0);

    assertThat(err.toString()).isEmpty();
  }
}
