package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.topology.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A transaction that is open when the only broker is killed, with Kafka's own clients alone, and
 * what {@code check} says of it. Kafka 4.3.1 forgets to end it (KAFKA-20734); with a version that
 * does not, this test fails, and what the documents say of it can go.
 */
@Tag("nightly")
class HangingTransactionIT {
  private static final String GROUP = "clipstream";
  private static final String ID = "clipstream-killed";

  /** Time enough to kill the broker, and no more. */
  private static final int TRANSACTION_MILLIS = 10_000;

  /** The moment in which Kafka forgets it may pass on a busy machine. */
  private static final int ATTEMPTS = 5;

  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final TopicPartition INPUT = new TopicPartition("videos.incoming", 0);
  private static final TopicPartition OUTPUT = new TopicPartition("videos.labeled", 0);

  @TempDir private Path directory;

  @Test
  @Timeout(900)
  void shouldNameWhatTheOnlyBrokerForgotToEndWhenItWasKilledAndTheWayOut() throws Exception {
    try (BrokerProcess broker =
            new BrokerProcess(
                directory.resolve("kafka"),
                directory.resolve("broker.log"),
                "-Xmx512m",
                ServerProcess.QUICK_START);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      EmbeddedKafka.createTopics(
          broker.bootstrapServers(),
          Topics.defaults().all().stream()
              .map(name -> new NewTopic(name, Optional.of(1), Optional.empty()))
              .toList());
      assertThat(transactions(broker)).containsExactly(CheckLine.ok("transactions", "none hangs"));

      int aborted = -1;
      List<CheckLine> lines;
      do {
        aborted++;
        leaveOpen(broker);
        broker.kill();
        Thread.sleep(TRANSACTION_MILLIS); // Until its time is over.
        broker.startAgain();
        await().atMost(LIMIT).until(() -> state(admin) == TransactionState.COMPLETE_ABORT);
        lines = transactions(broker);
      } while (lines.get(0).state() == CheckLine.State.OK && aborted < ATTEMPTS);
      long before = 2L * aborted; // A record and the mark of each that was ended as it should be.
      assertThat(lines)
          .hasSize(2)
          .allMatch(line -> line.state() == CheckLine.State.FAILED)
          .anyMatch(line -> line.part().startsWith("transaction on __consumer_offsets-"))
          .anyMatch(
              line ->
                  line.part().equals("transaction on " + OUTPUT)
                      && line.detail()
                          .endsWith(
                              "kafka-transactions.sh --bootstrap-server "
                                  + broker.bootstrapServers()
                                  + " abort --topic videos.labeled --partition 0 --start-offset "
                                  + before));
      assertThat(isCommittedOffsetKnown(admin)).isFalse();

      for (CheckLine line : lines) {
        abort(admin, line.part().substring("transaction on ".length()));
      }
      assertThat(transactions(broker)).containsExactly(CheckLine.ok("transactions", "none hangs"));
      assertThat(isCommittedOffsetKnown(admin)).isTrue();
    }
  }

  /** As an instance that is killed does. */
  private static void leaveOpen(BrokerProcess broker) {
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "transactional.id",
                ID,
                "transaction.timeout.ms",
                Integer.toString(TRANSACTION_MILLIS)),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers(), "group.id", GROUP),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      var unused = producer.send(new ProducerRecord<>(OUTPUT.topic(), new byte[] {1}));
      producer.sendOffsetsToTransaction(
          Map.of(INPUT, new OffsetAndMetadata(1)), consumer.groupMetadata());
      producer.flush();
    } finally {
      producer.close(Duration.ZERO);
    }
  }

  private static List<CheckLine> transactions(BrokerProcess broker) throws Exception {
    Map<String, String> given = Map.of("kafka.bootstrap.servers", broker.bootstrapServers());
    List<CheckLine> lines = new ArrayList<>();
    new KafkaCheck(
            ConnectionSettings.read(SettingsSources.load(Map.of(), null, Map.of(), given)),
            Optional.empty(),
            lines::add)
        .run();
    return lines.stream().filter(line -> line.part().startsWith("transaction")).toList();
  }

  private static TransactionState state(Admin admin) throws Exception {
    return admin.describeTransactions(List.of(ID)).description(ID).get().state();
  }

  /** As a consumer asks that must not read what is not yet committed. */
  private static boolean isCommittedOffsetKnown(Admin admin) throws Exception {
    return admin
        .listConsumerGroupOffsets(
            Map.of(GROUP, new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(INPUT))),
            new ListConsumerGroupOffsetsOptions().requireStable(true))
        .partitionsToOffsetAndMetadata(GROUP)
        .get()
        .containsKey(INPUT);
  }

  /** As {@code kafka-transactions.sh abort} does. */
  private static void abort(Admin admin, String name) throws Exception {
    int dash = name.lastIndexOf('-');
    TopicPartition partition =
        new TopicPartition(name.substring(0, dash), Integer.parseInt(name.substring(dash + 1)));
    for (ProducerState producer :
        admin.describeProducers(List.of(partition)).all().get().get(partition).activeProducers()) {
      if (producer.currentTransactionStartOffset().isPresent()) {
        admin
            .abortTransaction(
                new AbortTransactionSpec(
                    partition,
                    producer.producerId(),
                    (short) producer.producerEpoch(),
                    producer.coordinatorEpoch().orElse(0)))
            .all()
            .get();
      }
    }
  }
}
