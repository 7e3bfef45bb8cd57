package io.clipstream.streams.live.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.streams.live.rollout.Input;
import io.clipstream.streams.live.rollout.Roles;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VersionWatchTest {
  private static final List<String> LABELS = List.of("red", "green", "blue");
  private static final Map<String, List<String>> MODELS =
      Map.of("1", LABELS, "2", LABELS, "other", List.of("cat", "dog", "cow"));
  private static final Roles FIRST = new Roles(new Roles.Chosen("1", 1), null, 0, null);
  private static final Roles SECOND = new Roles(new Roles.Chosen("2", 2), null, 0, null);
  private static final Roles CANARY =
      new Roles(new Roles.Chosen("1", 1), new Roles.Chosen("2", 2), 0.2, null);

  private final VersionWatch watch =
      new VersionWatch(new WatchLimits(0.01, 0.02, 1.5, 0.3), MODELS::get);

  @Test
  void shouldCompareAVersionThatWasActivatedWithWhatTheOneBeforeDidLast() {
    watch.use(FIRST, Optional.empty());
    assertThat(labelled("1", 0, 300)).isEmpty();
    watch.use(SECOND, Optional.of("1"));

    Input.Alarm alarm = failed("2", 50).orElseThrow();

    assertThat(alarm.version()).isEqualTo("2");
    assertThat(alarm.reason()).contains("videos fail, before it was 0.00 %");
  }

  @Test
  void shouldCompareACanaryWithTheActiveVersion() {
    watch.use(FIRST, Optional.empty());
    watch.use(CANARY, Optional.empty());
    for (int i = 0; i < 100; i++) {
      assertThat(labelled("1", 0, 4)).isEmpty();
      Optional<Input.Alarm> alarm = labelled("2", 1, 1);
      if (alarm.isPresent()) {
        assertThat(alarm.get().version()).isEqualTo("2");
        assertThat(alarm.get().reason()).contains("the best labels of");
        return;
      }
    }
    throw new AssertionError("no alarm");
  }

  @Test
  void shouldNotWatchWhatAWayBackLedTo() {
    watch.use(FIRST, Optional.empty());
    labelled("1", 0, 300);
    watch.use(SECOND, Optional.of("1"));
    labelled("2", 1, 300);
    watch.use(FIRST, Optional.empty());

    assertThat(labelled("1", 0, 500)).isEmpty();
  }

  @Test
  void shouldRaiseAnAlarmOnceUntilSomethingElseIsWanted() {
    watch.use(FIRST, Optional.empty());
    labelled("1", 0, 300);
    watch.use(SECOND, Optional.of("1"));
    assertThat(failed("2", 50)).isPresent();
    assertThat(failed("2", 50)).isEmpty();

    watch.rearm();

    assertThat(failed("2", 1)).isPresent();
  }

  @Test
  void shouldEndTheTrialOfAnActiveVersionAfterAThousandVideos() {
    watch.use(FIRST, Optional.empty());
    labelled("1", 0, 300);
    watch.use(SECOND, Optional.of("1"));
    assertThat(labelled("2", 0, 1_000)).isEmpty();

    assertThat(failed("2", 200)).isEmpty();
  }

  @Test
  void shouldNotCompareLabelsOfVersionsWithOtherClasses() {
    watch.use(FIRST, Optional.empty());
    labelled("1", 0, 300);
    watch.use(new Roles(new Roles.Chosen("other", 2), null, 0, null), Optional.of("1"));

    assertThat(labelled("other", 2, 300)).isEmpty();
  }

  @Test
  void shouldHaveNothingToSayWithoutVideosOfTheVersionBefore() {
    watch.use(SECOND, Optional.of("1"));

    assertThat(failed("2", 300)).isEmpty();
  }

  @Test
  void shouldCompareForwardPassesOfAsManyClipsOnTheSameDevice() {
    watch.use(FIRST, Optional.empty());
    for (int second = 0; second < 30; second++) {
      assertThat(passed("1", "cpu", 1, second, 10)).isEmpty();
      assertThat(passed("1", "cpu", 8, second, 40)).isEmpty();
    }
    watch.use(SECOND, Optional.of("1"));
    for (int second = 30; second < 330; second++) {
      assertThat(passed("2", "gpu0", 1, second, 100)).isEmpty();
      assertThat(passed("2", "cpu", 2, second, 100)).isEmpty();
      assertThat(passed("2", "cpu", 8, second, 59)).isEmpty();
    }
  }

  @Test
  void shouldTakeBackAVersionThatIsSlowForAMinute() {
    watch.use(FIRST, Optional.empty());
    for (int second = 0; second < 30; second++) {
      passed("1", "cpu", 1, second, 10);
    }
    watch.use(SECOND, Optional.of("1"));
    int second = 30;
    Optional<Input.Alarm> alarm = Optional.empty();
    while (alarm.isEmpty() && second < 330) {
      alarm = passed("2", "cpu", 1, second++, 21);
    }

    assertThat(alarm.orElseThrow().reason())
        .isEqualTo(
            "version 2: forward passes take 2.10 times as long as before (median of 11 spans of 5"
                + " s), at most 1.50");
    assertThat(second - 30).isBetween(65, 70);
  }

  @Test
  void shouldSayOnceWhatCameOfComparingForwardPasses() {
    watch.use(FIRST, Optional.empty());
    for (int second = 0; second < 30; second++) {
      passed("1", "cpu", 1, second, 10);
    }
    watch.use(SECOND, Optional.of("1"));
    for (int second = 30; second < 320; second++) {
      passed("2", "cpu", 1, second, 12);
      assertThat(watch.speeds()).isEmpty();
    }
    for (int second = 320; second < 360; second++) {
      passed("2", "cpu", 1, second, 12);
    }

    assertThat(watch.speeds())
        .containsExactly(
            "version 2: forward passes take 1.20 times as long as before (median of 60 spans of 5"
                + " s), at most 1.50");
    assertThat(watch.speeds()).isEmpty();
  }

  @Test
  void shouldForgetAnAlarmOnceTheTrialIsOver() {
    watch.use(FIRST, Optional.empty());
    labelled("1", 0, 300);
    for (int second = 0; second < 30; second++) {
      passed("1", "cpu", 1, second, 10);
    }
    watch.use(SECOND, Optional.of("1"));
    assertThat(failed("2", 50)).isPresent();
    labelled("2", 0, 1_000);
    for (int second = 30; second < 360; second++) {
      passed("2", "cpu", 1, second, 10);
    }
    assertThat(watch.speeds()).hasSize(1);
    labelled("2", 0, 1);

    watch.rearm();

    assertThat(labelled("2", 0, 10)).isEmpty();
  }

  @Test
  void shouldSayThatTooFewForwardPassesCouldBeCompared() {
    watch.use(FIRST, Optional.empty());
    for (int second = 0; second < 30; second++) {
      passed("1", "cpu", 1, second, 10);
    }
    watch.use(SECOND, Optional.of("1"));
    for (int second = 30; second <= 1_830; second += 600) {
      assertThat(watch.speeds()).isEmpty();
      passed("2", "cpu", 1, second, 100);
    }

    assertThat(watch.speeds())
        .containsExactly(
            "version 2: its speed was not judged: within 30 min only 2 spans of 5 s, of 60, had"
                + " forward passes like some of the version before, on the same device and of as"
                + " many clips");
  }

  private Optional<Input.Alarm> passed(
      String version, String device, int clips, int second, double millis) {
    return watch.add(new Pass(version, device, clips, second, millis));
  }

  private Optional<Input.Alarm> labelled(String version, int label, int videos) {
    return add(new Seen(version, label), videos);
  }

  private Optional<Input.Alarm> failed(String version, int videos) {
    return add(Seen.failed(version), videos);
  }

  /** The first alarm. */
  private Optional<Input.Alarm> add(Seen seen, int videos) {
    Optional<Input.Alarm> first = Optional.empty();
    for (int i = 0; i < videos; i++) {
      Optional<Input.Alarm> alarm = watch.add(seen);
      first = first.or(() -> alarm);
    }
    return first;
  }
}
