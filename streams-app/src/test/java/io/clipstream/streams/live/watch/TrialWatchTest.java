package io.clipstream.streams.live.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/**
 * How often {@link TrialWatch} and {@link Evidence} raise a false alarm, and how fast they notice
 * what is wrong, by simulation with fixed seeds. What was measured is printed.
 */
class TrialWatchTest {
  private static final int CLASSES = 400;
  private static final WatchLimits LIMITS = new WatchLimits(0.01, 0.01, 1.2, 0.1);

  /** A version: how often it fails, how its labels are distributed. */
  private record Version(double errors, IntFunction<Integer> labels) {}

  private static final Version GOOD = new Version(0.02, label -> label);

  @Test
  void shouldNotRejectEqualVersionsMoreOftenThanAllowed() {
    double alpha = 0.05;
    measure("errors of 2 %, half on trial", alpha, 1_000, 2, 1, 0.5, true, 0.02);
    measure("errors of 2 %, 5 % on trial", alpha, 1_000, 2, 1, 0.05, true, 0.02);
    measure("errors of 30 %, 5 % on trial", alpha, 1_000, 2, 1, 0.05, true, 0.3);
    measure("400 labels, 5 % on trial", alpha, 300, CLASSES, 5, 0.05, false, 0);
    measure("400 labels, half on trial", alpha, 300, CLASSES, 5, 0.5, false, 0);
  }

  private static void measure(
      String what,
      double alpha,
      int runs,
      int categories,
      int block,
      double share,
      boolean oneSided,
      double first) {
    Random random = new Random(7);
    int rejected = 0;
    for (int run = 0; run < runs; run++) {
      Evidence evidence = new Evidence(categories, block, 10, oneSided);
      boolean crossed = false;
      for (int trial = 0; trial < 1_000 && !crossed; ) {
        Arm arm = random.nextDouble() < share ? Arm.TRIAL : Arm.BASE;
        evidence.add(arm, categories == 2 ? (random.nextDouble() < first ? 0 : 1) : label(random));
        trial += arm == Arm.TRIAL ? 1 : 0;
        crossed = evidence.value() >= 1 / alpha;
      }
      rejected += crossed ? 1 : 0;
    }
    double rate = (double) rejected / runs;
    System.out.printf("%s: %.3f false alarms at %.2f%n", what, rate, alpha);
    // Three standard deviations of the measurement above what is promised.
    assertThat(rate).as(what).isLessThan(alpha + 3 * Math.sqrt(alpha * (1 - alpha) / runs));
  }

  @Test
  void shouldNotRaiseAlarmsAboutVersionsThatAreNoDifferent() {
    int alarms = 0;
    for (int run = 0; run < 200; run++) {
      alarms += videosToAlarm(GOOD, GOOD, 0.2, 1_000, new Random(run)) > 0 ? 1 : 0;
    }
    System.out.printf("no difference: %d alarms in 200 trials of 1,000 videos%n", alarms);
    assertThat(alarms).isLessThanOrEqualTo(6);
  }

  @Test
  void shouldNoticeFailingVideos() {
    assertThat(median("2 % to 10 % failing", new Version(0.10, label -> label))).isBetween(1, 400);
    assertThat(median("2 % to 50 % failing", new Version(0.50, label -> label))).isBetween(1, 40);
    assertThat(median("all failing", new Version(1, label -> label))).isBetween(1, 15);
  }

  @Test
  void shouldNoticeOtherLabels() {
    assertThat(median("one label for all", new Version(0.02, label -> 17))).isBetween(1, 100);
    assertThat(median("labels off by one", new Version(0.02, label -> (label + 1) % CLASSES)))
        .isBetween(1, 1_200);
    assertThat(median("the best three confused", new Version(0.02, label -> label < 3 ? 3 : label)))
        .isBetween(1, 400);
  }

  @Test
  void shouldSayWhatIsWrong() {
    TrialWatch watch = new TrialWatch(LIMITS, CLASSES);
    for (int i = 0; i < 300; i++) {
      watch.labelled(Arm.BASE, i % CLASSES);
      assertThat(watch.alarm()).isEmpty();
    }
    for (int i = 0; i < 20; i++) {
      watch.failed(Arm.TRIAL);
    }
    assertThat(watch.alarm().orElseThrow())
        .isEqualTo("100.00 % of 20 videos fail, before it was 0.00 %");
  }

  @Test
  void shouldLetPassWhatIsWithinTheLimit() {
    WatchLimits wide = new WatchLimits(0.01, 0.2, 1.2, 0.9);
    TrialWatch watch = new TrialWatch(wide, CLASSES);
    Random random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      boolean trial = random.nextBoolean();
      observe(watch, trial ? Arm.TRIAL : Arm.BASE, trial ? new Version(0.1, l -> l) : GOOD, random);
    }
    assertThat(watch.alarm()).isEmpty();
  }

  /** The median over runs of how many videos on trial, a fifth of all, it takes. */
  private static int median(String what, Version trial) {
    int runs = 41;
    int[] videos = new int[runs];
    for (int run = 0; run < runs; run++) {
      int seen = videosToAlarm(GOOD, trial, 0.2, 2_000, new Random(run));
      videos[run] = seen == 0 ? Integer.MAX_VALUE : seen;
    }
    java.util.Arrays.sort(videos);
    System.out.printf(
        "%s: noticed after %d videos on trial (median), %d (nine of ten)%n",
        what, videos[runs / 2], videos[runs * 9 / 10]);
    return videos[runs / 2];
  }

  /** How many videos on trial were seen at the alarm; 0 without one. */
  private static int videosToAlarm(
      Version base, Version trial, double share, int atMost, Random random) {
    TrialWatch watch = new TrialWatch(LIMITS, CLASSES);
    // The version before has served for a while.
    for (int i = 0; i < 1_000; i++) {
      observe(watch, Arm.BASE, base, random);
    }
    for (int seen = 0; seen < atMost; ) {
      if (random.nextDouble() < share) {
        seen++;
        observe(watch, Arm.TRIAL, trial, random);
        if (watch.alarm().isPresent()) {
          return seen;
        }
      } else {
        observe(watch, Arm.BASE, base, random);
      }
    }
    return 0;
  }

  private static void observe(TrialWatch watch, Arm arm, Version version, Random random) {
    if (random.nextDouble() < version.errors) {
      watch.failed(arm);
    } else {
      watch.labelled(arm, version.labels.apply(label(random)));
    }
  }

  /** Few common labels and many rare ones: label k has a share like 1 / (k + 1). */
  private static int label(Random random) {
    return (int) Math.min(CLASSES - 1, Math.pow(CLASSES + 1, random.nextDouble()) - 1);
  }
}
