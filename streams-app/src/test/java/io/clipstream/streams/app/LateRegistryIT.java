package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.streams.topology.InstantLabeller;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The application, with a registry that has not read yet what it knows. */
@Timeout(900)
class LateRegistryIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final int INVENTED = 1000;

  @TempDir Path directory;
  private Cluster cluster;

  @BeforeEach
  void start() {
    cluster = new Cluster(directory);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void shouldLabelReferencesWhoseSchemaTheRegistryKnowsLater() throws Exception {
    cluster.produce(100);
    try (LateRegistry late = new LateRegistry(cluster.registry.url(), Integer.MAX_VALUE);
        LabelApp app = new LabelApp(settings(late), new InstantLabeller(20))) {
      app.start();
      cluster.readUntil(LIMIT, () -> late.asked() >= 3);
      assertThat(cluster.seen()).isZero();
      late.know();

      cluster.readUntil(
          LIMIT, () -> cluster.seen() + cluster.deadLetters.size() >= cluster.produced());
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(cluster.deadLetters).isEmpty();
      assertThat(app.exit()).isNotDone();
    }
  }

  /** As with settings for production, where others register the schemas. */
  @Test
  void shouldWaitWithOutcomesWhoseSchemaTheRegistryKnowsLater() throws Exception {
    cluster.produce(20);
    try (LabelApp app = cluster.start("registers", new InstantLabeller(20))) {
      cluster.readUntil(LIMIT, () -> cluster.seen() >= cluster.produced());
    }
    LabelApp.Settings plain = Cluster.settings("registers", cluster.bootstrapServers(), "");
    try (LateRegistry late = new LateRegistry(cluster.registry.url(), Integer.MAX_VALUE);
        LabelApp app =
            new LabelApp(
                new LabelApp.Settings(
                    plain.topics(),
                    plain.kafka(),
                    plain.serdeClass(),
                    Map.of("schema.registry.url", late.url(), "auto.register.schemas", "false"),
                    plain.pending(),
                    plain.drainLimit(),
                    plain.timestamps()),
                new InstantLabeller(20))) {
      late.knowIds();
      app.start();
      cluster.produce(100);
      cluster.readUntil(LIMIT, () -> late.asked() >= 3);
      late.know();

      cluster.readUntil(
          LIMIT, () -> cluster.seen() + cluster.deadLetters.size() >= cluster.produced());
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(cluster.deadLetters).isEmpty();
      assertThat(app.exit()).isNotDone();
    }
  }

  /** If each of them were waited for, that would take hours. */
  @Test
  void shouldWaitOnceForAnyNumberOfInventedIds() throws Exception {
    for (int i = 0; i < INVENTED; i++) {
      byte[] value = ByteBuffer.allocate(9).put((byte) 0).putInt(1_000_000 + i).array();
      cluster.produceRaw(new ProducerRecord<>(Cluster.TOPICS.incoming(), i % 2, null, value));
    }
    cluster.produce(100);
    try (LateRegistry late = new LateRegistry(cluster.registry.url(), 0);
        LabelApp app = new LabelApp(settings(late), new InstantLabeller(20))) {
      app.start();
      cluster.readUntil(LIMIT, () -> cluster.deadLetters.size() == INVENTED);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(app.exit()).isNotDone();

      int asked = late.asked();
      cluster.produceRaw(
          new ProducerRecord<>(
              Cluster.TOPICS.incoming(), 0, null, new byte[] {0, 0, 99, 99, 99, 99}));
      cluster.readUntil(LIMIT, () -> cluster.deadLetters.size() > INVENTED);
      assertThat(late.asked()).isEqualTo(asked + 1);
    }
  }

  private LabelApp.Settings settings(LateRegistry registry) {
    return Cluster.settings("app", cluster.bootstrapServers(), registry.url());
  }
}
