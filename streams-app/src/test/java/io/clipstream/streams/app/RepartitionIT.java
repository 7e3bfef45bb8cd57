package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.topology.HeldLabeller;
import io.clipstream.streams.topology.InstantLabeller;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** More partitions for an input of which references are pending. */
@Timeout(180)
class RepartitionIT {
  private static final Duration LIMIT = Duration.ofSeconds(90);

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
  void shouldLoseAndDoubleNothingWhenPartitionsAreAdded() throws Exception {
    HeldLabeller held = new HeldLabeller();
    held.begun = id -> false; // All stay pending at the end.
    LabelApp app = cluster.start("app", held);
    cluster.produce(50);
    cluster.readUntil(LIMIT, () -> held.ids().size() == 50);
    // Ten of them are done: the rest is pending.
    held.works().subList(0, 10).forEach(HeldLabeller.Work::label);
    cluster.readUntil(LIMIT, () -> cluster.seen() == 10);

    addPartitions(8);
    assertThatThrownBy(this::repartition)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("the group app has members: stop every instance first");
    app.close();
    cluster.produce(100); // Nobody has taken these, some of them in the new partitions.

    LabelApp refused = new LabelApp(cluster.settings("app"), new InstantLabeller(5));
    assertThatThrownBy(refused::start)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("topic videos.incoming has 8 partitions")
        .hasMessageContaining("for 4 partitions (app-pending-videos-changelog)")
        .hasMessageContaining("run ./clipstream repartition");
    refused.close();

    assertThat(repartition()).isEqualTo(40);
    assertThat(repartition()).isZero();

    try (LabelApp next = cluster.start("app", new InstantLabeller(5))) {
      cluster.readUntil(LIMIT, () -> cluster.seen() >= 150);
      cluster.assertOneOutcomeEach();
      assertThat(next.exit()).isNotDone();
      assertThat(next.health().pending()).isZero();
    }
  }

  @Test
  void shouldSayAtTheEndWhatToDoWhenPartitionsAreAddedWhileItRuns() throws Exception {
    LabelApp.Settings usual = cluster.settings("app");
    Map<String, Object> kafka = new HashMap<>(usual.kafka());
    kafka.put("metadata.max.age.ms", "1000"); // It looks for new partitions so often.
    LabelApp.Settings settings =
        new LabelApp.Settings(
            usual.topics(),
            kafka,
            usual.serdeClass(),
            usual.serde(),
            usual.pending(),
            usual.drainLimit(),
            usual.timestamps());
    try (LabelApp app = new LabelApp(settings, new InstantLabeller(5))) {
      app.start();
      cluster.produce(50);
      cluster.readUntil(LIMIT, () -> cluster.seen() == 50);
      addPartitions(8);
      cluster.readUntil(LIMIT, () -> app.exit().isDone());
      assertThat(app.exit().get().orElseThrow())
          .isInstanceOf(UserError.class)
          .hasMessageContaining("run ./clipstream repartition");
    }
  }

  private void addPartitions(int count) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers()))) {
      admin
          .createPartitions(Map.of(Cluster.TOPICS.incoming(), NewPartitions.increaseTo(count)))
          .all()
          .get(60, TimeUnit.SECONDS);
    }
  }

  private int repartition() throws Exception {
    KafkaConnection kafka =
        new KafkaConnection(
            ConnectionSettings.read(
                SettingsSources.load(
                    Map.of(),
                    null,
                    Map.of(),
                    Map.of("kafka.bootstrap.servers", cluster.bootstrapServers()))));
    try (Admin admin = kafka.admin();
        var consumer = kafka.committedRecords();
        var producer = kafka.transactions("app-repartition")) {
      return new Repartition(admin, "app", Cluster.TOPICS.incoming(), consumer, producer).run();
    }
  }
}
