package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.LogEvent;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.models.TopicFollower;
import io.clipstream.streams.live.LiveVersions;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.StatusRecords;
import io.clipstream.streams.live.rollout.Wanted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes whose very first version never gets through its load. */
@Timeout(900)
class LoadDeathsIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final String MODEL = "deadly";

  @TempDir Path directory;
  private final Map<String, ModelStatus> statuses = new HashMap<>();
  private List<String> before = List.of();
  private Process process;

  @AfterEach
  void kill() throws InterruptedException {
    if (process != null) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void shouldNotBeKilledByTheSameVersionForEver() throws Exception {
    try (Cluster cluster = new Cluster(directory.resolve("kafka"))) {
      ModelLogConfig config = config(cluster);
      try (Admin admin = config.admin()) {
        new ModelTopicSetup(admin, config.topics()).create();
      }
      LiveVersions.publishHanging(config, directory, MODEL, "2");
      LiveVersions.publish(config, directory, MODEL, "1");
      order(config, "2");
      try (TopicFollower<ModelStatus> follower =
          new TopicFollower<>(
              config,
              config.topics().status(),
              ModelStatus.class,
              StatusRecords::fault,
              this::read)) {
        follower.readToEnd(Duration.ofSeconds(30));
        // An end in good order while it loads is no death, and no crash either.
        start(cluster);
        await(follower, LoadDeathsIT::warms);
        process.destroy();
        assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();

        for (int death = 1; death <= 2; death++) {
          start(cluster);
          await(follower, LoadDeathsIT::warms);
          process.destroyForcibly().waitFor();
        }

        start(cluster);
        ModelStatus refused = await(follower, s -> s.getState() == ModelState.FAILED);
        assertThat(refused.getDetail())
            .contains("the process died 2 times while it loaded this artifact");
        order(config, "1");
        await(follower, s -> s.getServing() != null && s.getServing().getVersion().equals("1"));
        process.destroy();
        assertThat(process.waitFor(180, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
      }
    }
  }

  private static boolean warms(ModelStatus status) {
    return status.getState() == ModelState.WARMING;
  }

  private void read(LogEvent<ModelStatus> event) {
    if (event instanceof LogEvent.Put<ModelStatus> put) {
      statuses.put(put.key(), put.value());
    }
  }

  /** What the process says of itself, once it says so; earlier ones are not looked at. */
  private ModelStatus await(TopicFollower<ModelStatus> follower, Predicate<ModelStatus> wanted)
      throws IOException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      for (ModelStatus status : statuses.values()) {
        if (status.getInstance().equals(newest()) && wanted.test(status)) {
          return status;
        }
      }
      assertThat(System.nanoTime()).as("%s", tail()).isLessThan(end);
      assertThat(process.isAlive()).as("%s", tail()).isTrue();
      follower.poll(Duration.ofMillis(50));
    }
  }

  /** The instance that this process is: no other one was heard before it started. */
  private String newest() {
    return statuses.values().stream()
        .map(ModelStatus::getInstance)
        .filter(instance -> !before.contains(instance))
        .findFirst()
        .orElse("");
  }

  private void start(Cluster cluster) throws IOException {
    before = statuses.values().stream().map(ModelStatus::getInstance).toList();
    Path settings = directory.resolve("run.properties");
    Files.writeString(
        settings,
        """
        application.id=deadly
        kafka.bootstrap.servers=%s
        serde.schema.registry.url=%s
        kafka.state.dir=%s/state
        model.source=kafka
        model.name=%s
        model.devices=cpu
        model.cache=%s/models
        rollout.lease=4s
        batch.max-clips=2
        pipeline.work-directory=%s/work
        """
            .formatted(
                cluster.bootstrapServers(),
                cluster.registry.url(),
                directory,
                MODEL,
                directory,
                directory));
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.clipstream.streams.cli.Clipstream",
                "run",
                "-c",
                settings.toString())
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(directory.resolve("instance.log").toFile()));
    builder.environment().put("OMP_NUM_THREADS", "1");
    process = builder.start();
  }

  private String tail() throws IOException {
    Path log = directory.resolve("instance.log");
    List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
  }

  private static void order(ModelLogConfig config, String version) {
    new RolloutLog(config, "a test")
        .change(
            MODEL,
            before -> before == null ? Wanted.first(MODEL, version) : before.activate(version));
  }

  private static ModelLogConfig config(Cluster cluster) {
    return new ModelLogConfig(
        ModelTopics.defaults(),
        Map.of("bootstrap.servers", cluster.bootstrapServers()),
        Cluster.serdeClass(),
        Map.of("schema.registry.url", cluster.registry.url()));
  }
}
