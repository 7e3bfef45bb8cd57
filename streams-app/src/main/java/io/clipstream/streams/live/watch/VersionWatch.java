package io.clipstream.streams.live.watch;

import io.clipstream.streams.live.rollout.Input;
import io.clipstream.streams.live.rollout.Roles;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Watches the versions that are on trial on this instance, over the videos that it labels itself. A
 * canary is compared with the active version, video by video at the same time. A version that was
 * activated is compared, for its first {@value #TRIAL_VIDEOS} videos, with what the version that a
 * way back leads to did last. How long forward passes are compared says {@link SpeedEvidence}. One
 * thread.
 */
public final class VersionWatch {
  private static final int TRIAL_VIDEOS = 1_000;
  private static final int HISTORY = 4_000;
  private static final int HISTORIES = 4;
  private static final int PASSES = 3_000;

  private final WatchLimits limits;
  private final Function<String, List<String>> labels;
  private final Map<String, History> histories = new LinkedHashMap<>(8, 0.75f, true);
  private String active;
  private Trial activated;
  private Trial canary;

  /** What a version did last. */
  private static final class History {
    final ArrayDeque<Seen> videos = new ArrayDeque<>();
    final ArrayDeque<Pass> passes = new ArrayDeque<>();
    private final Map<String, Long> lastSeconds = new HashMap<>();

    void add(Seen seen) {
      videos.add(seen);
      if (videos.size() > HISTORY) {
        videos.remove();
      }
    }

    /** Of as many clips on a device one a second counts. */
    boolean add(Pass pass) {
      Long last = lastSeconds.put(pass.device() + "/" + pass.clips(), pass.second());
      if (last != null && last == pass.second()) {
        return false;
      }
      passes.add(pass);
      if (passes.size() > PASSES) {
        passes.remove();
      }
      return true;
    }
  }

  /** One version against another. */
  private static final class Trial {
    final String base;
    final String version;
    final TrialWatch watch;
    final int atMost;
    int videos;
    boolean raised;
    boolean told;

    /**
     * @param atMost videos of the version that count
     */
    Trial(String base, String version, TrialWatch watch, int atMost) {
      this.base = base;
      this.version = version;
      this.watch = watch;
      this.atMost = atMost;
    }

    void add(Seen seen) {
      if (videos == atMost) {
        return;
      }
      if (seen.version().equals(version)) {
        videos++;
        add(Arm.TRIAL, seen);
      } else if (seen.version().equals(base)) {
        add(Arm.BASE, seen);
      }
    }

    private void add(Arm arm, Seen seen) {
      if (seen.label() == Seen.FAILED) {
        watch.failed(arm);
      } else {
        watch.labelled(arm, seen.label());
      }
    }

    void add(Pass pass) {
      if (pass.version().equals(version)) {
        watch.passed(Arm.TRIAL, pass);
      } else if (pass.version().equals(base)) {
        watch.passed(Arm.BASE, pass);
      }
    }

    boolean isOver() {
      return videos >= atMost && told;
    }

    /** What came of comparing forward passes, once it is known. */
    Optional<String> speed() {
      if (told || !watch.isSpeedKnown()) {
        return Optional.empty();
      }
      told = true;
      return Optional.of("version " + version + ": " + watch.speed());
    }

    Optional<Input.Alarm> alarm() {
      Optional<String> reason = raised ? Optional.empty() : watch.alarm();
      raised |= reason.isPresent();
      return reason.map(text -> new Input.Alarm(version, "version " + version + ": " + text));
    }
  }

  /**
   * @param labels of a version, in the order of its classes; empty: not known
   */
  public VersionWatch(WatchLimits limits, Function<String, List<String>> labels) {
    this.limits = limits;
    this.labels = labels;
  }

  /**
   * These versions label from now on.
   *
   * @param back the version that a way back from the active one leads to; empty: the active one is
   *     not on trial
   */
  public void use(Roles roles, Optional<String> back) {
    String nowActive = roles.active().version();
    String nowCanary = roles.canary() == null ? null : roles.canary().version();
    if (!nowActive.equals(active)) {
      activated = back.map(base -> begun(base, nowActive)).orElse(null);
      canary = null;
      active = nowActive;
    }
    if (!Objects.equals(nowCanary, canary == null ? null : canary.version)) {
      canary = nowCanary == null ? null : trial(active, nowCanary, Integer.MAX_VALUE);
    }
  }

  /** A trial whose base is known already; null where nothing is known of it. */
  private Trial begun(String base, String version) {
    History history = histories.get(base);
    if (history == null || base.equals(version)) {
      return null;
    }
    Trial trial = trial(base, version, TRIAL_VIDEOS);
    history.videos.forEach(trial::add);
    return trial;
  }

  private Trial trial(String base, String version, int atMost) {
    List<String> classes = labels.apply(version);
    boolean same = classes.equals(labels.apply(base));
    TrialWatch watch = new TrialWatch(limits, same ? classes.size() : 0);
    Trial trial = new Trial(base, version, watch, atMost);
    history(base).passes.forEach(trial::add);
    return trial;
  }

  /** A video has its outcome. Gives an alarm where the version on trial passes a limit by it. */
  public Optional<Input.Alarm> add(Seen seen) {
    history(seen.version()).add(seen);
    trials().forEach(trial -> trial.add(seen));
    return alarm();
  }

  /** A forward pass ended. Gives an alarm where the version on trial passes a limit by it. */
  public Optional<Input.Alarm> add(Pass pass) {
    if (!history(pass.version()).add(pass)) {
      return Optional.empty();
    }
    trials().forEach(trial -> trial.add(pass));
    return alarm();
  }

  /** What came of comparing forward passes, a line for each version, once. */
  public List<String> speeds() {
    return trials().flatMap(trial -> trial.speed().stream()).toList();
  }

  private Stream<Trial> trials() {
    return Stream.of(activated, canary).filter(Objects::nonNull);
  }

  private Optional<Input.Alarm> alarm() {
    Optional<Input.Alarm> alarm = alarm(activated).or(() -> alarm(canary));
    if (activated != null && activated.isOver() && alarm.isEmpty()) {
      activated = null; // What was found then is no reason weeks later.
    }
    return alarm;
  }

  private static Optional<Input.Alarm> alarm(Trial trial) {
    return trial == null ? Optional.empty() : trial.alarm();
  }

  private History history(String version) {
    History history = histories.computeIfAbsent(version, any -> new History());
    if (histories.size() > HISTORIES) {
      histories.remove(histories.keySet().iterator().next());
    }
    return history;
  }

  /** Something else is wanted: an alarm that was raised before may have come to nothing. */
  public void rearm() {
    trials().forEach(trial -> trial.raised = false);
  }
}
