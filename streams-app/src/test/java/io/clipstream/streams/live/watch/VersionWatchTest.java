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
      new VersionWatch(new WatchLimits(0.01, 0.02, 0.05, 1.5, 0.1, 0.3), MODELS::get);

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

  private Optional<Input.Alarm> labelled(String version, int label, int videos) {
    return add(new Seen(version, label, 10), videos);
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
