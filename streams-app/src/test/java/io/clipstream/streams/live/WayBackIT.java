package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.model.clip.VideoEncoder;
import io.clipstream.schemas.ModelState;
import io.clipstream.streams.live.rollout.RolloutPolicy;
import io.clipstream.streams.live.rollout.RolloutTimes;
import io.clipstream.streams.live.rollout.Wanted;
import io.clipstream.streams.live.watch.WatchLimits;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A version that is worse than the one before goes back by itself; videos and broker are real. */
@Timeout(900)
class WayBackIT {
  /** Always the first label, by far. */
  private static final String GOOD = ExpressionModels.MEAN + ranked("-1.");

  private static final String AS_GOOD = ExpressionModels.MEAN + ranked("-1.1");

  /** Always the last label. */
  private static final String SHIFTED = ExpressionModels.MEAN + ranked("5.");

  /** Not a number for bright pictures, which no check before it serves has. */
  private static final String FAILING =
      "torch.sqrt(torch.mean(torch.to(clips, 6), [1, 2, 3]) * -1. + 200.)";

  /** Three labels after some work, a millisecond or some. */
  private static final List<String> QUICK = ExpressionModels.looping("clips", 200);

  private static final List<String> SLOW = ExpressionModels.looping("clips", 1_200);

  private static final double ANY_SPEED = 1_000;
  private static final double SLOW_FACTOR = 1.5;

  @TempDir static Path shared;
  private static ModelCluster cluster;
  private static Path video;

  @TempDir Path directory;

  @BeforeAll
  static void start() throws Exception {
    cluster = new ModelCluster(shared.resolve("kafka"));
    cluster.createTopics();
    video = brightVideo(shared.resolve("bright.mp4"));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void shouldTurnBackFromAVersionThatFailsOnVideos() throws Exception {
    LiveLog log = log("failing", FAILING);
    try (LiveInstance instance = instance(log, ANY_SPEED);
        SteadyOutcomes steady = new SteadyOutcomes(instance, Duration.ZERO)) {
      log.awaitSettled("1");
      steady.awaitMore(50);

      log.activate("2");

      assertTurnedBack(log, steady, "2", "videos fail, before it was 0.00 %");
      assertThat(steady.versions()).contains("rejected");
    }
  }

  @Test
  void shouldTurnBackFromAVersionThatLabelsOtherwise() throws Exception {
    LiveLog log = log("shifted", SHIFTED);
    try (LiveInstance instance = instance(log, ANY_SPEED);
        SteadyOutcomes steady = new SteadyOutcomes(instance, Duration.ZERO)) {
      log.awaitSettled("1");
      steady.awaitMore(100);

      log.activate("2");

      assertTurnedBack(log, steady, "2", "distributed otherwise: distance 1.00, at most 0.30");
      assertThat(steady.versions()).contains("2").doesNotContain("rejected");
    }
  }

  @Test
  void shouldEndTheTrialOfACanaryThatFailsOnVideos() throws Exception {
    LiveLog log = log("trial", FAILING);
    try (LiveInstance instance = instance(log, ANY_SPEED);
        SteadyOutcomes steady = new SteadyOutcomes(instance, Duration.ZERO)) {
      log.awaitSettled("1");

      log.change(wanted -> wanted.canary("2", 0.3));
      await().atMost(LiveLog.LIMIT).until(() -> steady.versions().contains("rejected"));
      LiveLog.waiting().until(() -> log.wanted().canary() == null);
      await().atMost(LiveLog.LIMIT).until(() -> instance.generations.roles().canary() == null);

      assertThat(log.wanted().active()).isEqualTo("1");
      assertThat(log.wanted().reason()).contains("videos fail, before it was 0.00 %");
      assertAlarmed(log, "2", "videos fail");
      assertServesTheFirst(steady);
    }
  }

  @Test
  void shouldTurnBackFromAVersionThatIsSlow() throws Exception {
    LiveLog log = new LiveLog(cluster, "slow", directory);
    log.publish("1", QUICK);
    log.publish("3", SLOW); // Clips of as many frames.
    log.activate("1");
    try (LiveInstance instance = instance(log, SLOW_FACTOR);
        SteadyOutcomes steady = new SteadyOutcomes(instance)) {
      log.awaitSettled("1");
      await().atMost(LiveLog.LIMIT).until(() -> spans(steady, "1") >= 6);

      log.activate("3");

      assertTurnedBack(log, steady, "3", "forward passes take");
      assertThat(steady.versions()).contains("3").doesNotContain("rejected");
    }
  }

  @Test
  @Tag("nightly") // Spans are of seconds, and it takes many of them to say that nothing was found.
  void shouldKeepAVersionThatIsAsFast() throws Exception {
    LiveLog log = new LiveLog(cluster, "fast", directory);
    log.publish("1", QUICK);
    log.publish("3", QUICK);
    log.activate("1");
    try (LiveInstance instance = instance(log, SLOW_FACTOR);
        SteadyOutcomes steady = new SteadyOutcomes(instance)) {
      log.awaitSettled("1");
      await().atMost(LiveLog.LIMIT).until(() -> spans(steady, "1") >= 6);

      log.change(wanted -> wanted.canary("3", 0.5));
      // A slow one is taken back after fourteen, warming included.
      await().atMost(LiveLog.LIMIT).until(() -> spans(steady, "3") >= 18);

      assertThat(log.wanted().canary()).isEqualTo("3");
      assertThat(log.statuses()).noneMatch(status -> status.getState() == ModelState.ALARMED);
    }
  }

  /** Spans of the comparison in which a version labelled. */
  private static long spans(SteadyOutcomes steady, String version) {
    return steady.outcomes.stream()
        .filter(Outcome.Labelled.class::isInstance)
        .map(outcome -> ((Outcome.Labelled) outcome).labels())
        .filter(labels -> labels.getModel().getVersion().equals(version))
        .map(labels -> labels.getLabelledAt().getEpochSecond() / 5)
        .distinct()
        .count();
  }

  @Test
  void shouldKeepAVersionThatIsAsGood() throws Exception {
    LiveLog log = log("good", AS_GOOD);
    try (LiveInstance instance = instance(log, ANY_SPEED);
        SteadyOutcomes steady = new SteadyOutcomes(instance, Duration.ZERO)) {
      log.awaitSettled("1");
      steady.awaitMore(100);
      log.change(wanted -> wanted.canary("2", 0.3));
      await().atMost(LiveLog.LIMIT).until(() -> steady.versions().contains("2"));
      steady.awaitMore(200);
      assertThat(log.wanted().canary()).isEqualTo("2");

      log.change(Wanted::promote);
      await().atMost(LiveLog.LIMIT).until(() -> "2".equals(instance.version()));
      steady.awaitMore(300);

      assertThat(log.wanted().active()).isEqualTo("2");
      assertThat(log.wanted().reason()).isNull();
      assertThat(log.statuses()).noneMatch(status -> status.getState() == ModelState.ALARMED);
    }
  }

  private static void assertTurnedBack(
      LiveLog log, SteadyOutcomes steady, String version, String reason) throws Exception {
    LiveLog.waiting().until(() -> log.wanted().urgent());
    assertThat(log.wanted().active()).isEqualTo("1");
    assertThat(log.wanted().settled()).isEqualTo("1");
    assertThat(log.wanted().reason()).contains(reason);
    assertAlarmed(log, version, reason);
    LiveLog.waiting().until(() -> "1".equals(log.newestStatus().getServing().getVersion()));
    assertServesTheFirst(steady);
  }

  private static void assertAlarmed(LiveLog log, String version, String reason) {
    assertThat(log.statuses())
        .anySatisfy(
            status -> {
              assertThat(status.getState()).isEqualTo(ModelState.ALARMED);
              assertThat(status.getCandidateVersion()).isEqualTo(version);
              assertThat(status.getDetail()).contains(reason);
            });
  }

  private static void assertServesTheFirst(SteadyOutcomes steady) throws Exception {
    steady.awaitMore(1); // may have been under way
    int from = steady.outcomes.size();
    steady.awaitMore(20);
    List<String> versions = steady.versions();
    assertThat(versions.subList(from, versions.size())).containsOnly("1");
  }

  /** A good first version is active, the second one is published. */
  private LiveLog log(String model, String second) throws Exception {
    LiveLog log = new LiveLog(cluster, model, directory);
    log.publish("1", GOOD);
    log.publish("2", second);
    log.activate("1");
    return log;
  }

  private LiveInstance instance(LiveLog log, double slowFactor) throws Exception {
    Duration lease = LiveInstance.LEASE;
    LiveOptions options = LiveInstance.options(directory.resolve("cache"), List.of());
    return new LiveInstance(
            "only-" + log.model,
            log.model,
            cluster.config(),
            directory,
            new LiveOptions(
                options.cache(),
                options.cacheBytes(),
                List.of(),
                false,
                new RolloutPolicy(1, 2, true),
                new RolloutTimes(
                    lease.dividedBy(10),
                    lease,
                    Duration.ofMinutes(2),
                    Duration.ofMinutes(5),
                    lease,
                    Duration.ofMinutes(5)),
                new WatchLimits(0.01, 0.02, slowFactor, 0.3),
                options.startPatience(),
                options.limits(),
                options.loadDeaths()),
            video)
        .awaitServing();
  }

  private static String ranked(String step) {
    return " + torch.to(torch.arange(3), 6) * " + step;
  }

  private static Path brightVideo(Path file) throws IOException {
    ByteBuffer white = ByteBuffer.allocateDirect(96 * 64 * 3);
    while (white.hasRemaining()) {
      white.put((byte) 255);
    }
    try (VideoEncoder encoder =
        new VideoEncoder(file, VideoEncoder.Settings.of("mpeg4", 96, 64, 25))) {
      for (int i = 0; i < 20; i++) {
        encoder.add(white.rewind());
      }
    }
    return file;
  }
}
