package io.clipstream.streams.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(900)
class EmbeddedKafkaIT {
  @TempDir Path directory;

  @Test
  void shouldKeepTransactionsOverRestartOnTheSamePort() throws Exception {
    int port;
    try (EmbeddedKafka kafka = new EmbeddedKafka(directory, 0)) {
      port = kafka.port();
      kafka.createTopics(2, "a", "b");
      kafka.createTopics(2, "b", "c");
      try (KafkaProducer<String, String> producer = producer(kafka)) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("a", 0, "key", "kept"));
        producer.commitTransaction();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("a", 0, "key", "aborted")).get();
        producer.abortTransaction();
      }
    }

    try (EmbeddedKafka kafka = new EmbeddedKafka(directory, port);
        KafkaConsumer<String, String> consumer =
            new KafkaConsumer<>(
                Map.of(
                    "bootstrap.servers",
                    kafka.bootstrapServers(),
                    "isolation.level",
                    "read_committed"),
                new StringDeserializer(),
                new StringDeserializer())) {
      TopicPartition partition = new TopicPartition("a", 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));

      var records = consumer.poll(Duration.ofSeconds(30)).records(partition);

      assertThat(records).extracting(record -> record.value()).containsExactly("kept");
      assertThat(consumer.listTopics().keySet()).contains("a", "b", "c");
    }
  }

  @Test
  void shouldSayThatThePortIsTaken() {
    try (EmbeddedKafka kafka = new EmbeddedKafka(directory.resolve("first"), 0)) {
      assertThatThrownBy(() -> new EmbeddedKafka(directory.resolve("second"), kafka.port()))
          .isInstanceOf(KafkaException.class)
          .hasMessageContaining("127.0.0.1:" + kafka.port());
    }
  }

  @Test
  void shouldListenWhereNoOutgoingConnectionStarts() throws Exception {
    Path range = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    assumeThat(range).exists();
    // Not readString: of such a file the kernel gives what the first read asks for, and no more.
    int first = Integer.parseInt(Files.readAllLines(range).get(0).split("\\s+")[0]);

    for (int i = 0; i < 1000; i++) {
      assertThat(EmbeddedKafka.freePort()).isLessThan(first);
    }
  }

  /** With compressors that are later than this Kafka's own. */
  @ParameterizedTest
  @EnumSource
  void shouldGiveBackWhatWasCompressed(CompressionType compression) throws Exception {
    String value = "to be compressed, ".repeat(10_000);
    try (EmbeddedKafka kafka = new EmbeddedKafka(directory, 0)) {
      kafka.createTopics(1, "a");
      try (KafkaProducer<String, String> producer =
          new KafkaProducer<>(
              Map.of(
                  "bootstrap.servers",
                  kafka.bootstrapServers(),
                  "compression.type",
                  compression.name),
              new StringSerializer(),
              new StringSerializer())) {
        producer.send(new ProducerRecord<>("a", value)).get();
      }
      try (KafkaConsumer<String, String> consumer =
          new KafkaConsumer<>(
              Map.of("bootstrap.servers", kafka.bootstrapServers()),
              new StringDeserializer(),
              new StringDeserializer())) {
        TopicPartition partition = new TopicPartition("a", 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        assertThat(consumer.poll(Duration.ofSeconds(30)).records(partition))
            .extracting(record -> record.value())
            .containsExactly(value);
      }
    }
  }

  private static KafkaProducer<String, String> producer(EmbeddedKafka kafka) {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", kafka.bootstrapServers(), "transactional.id", "test"),
        new StringSerializer(),
        new StringSerializer());
  }
}
