package io.clipstream.streams.live.watch;

import io.clipstream.streams.live.rollout.Input;
import io.clipstream.streams.live.rollout.Roles;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Watches the versions that are on trial on this instance, over the videos that it labels itself. A
 * canary is compared with the active version, video by video at the same time. A version that was
 * activated is compared, for its first {@value #TRIAL_VIDEOS} videos, with what the version that a
 * way back leads to did last. One thread.
 */
public final class VersionWatch {
  private static final int TRIAL_VIDEOS = 1_000;
  private static final int HISTORY = 4_000;
  private static final int HISTORIES = 4;

  private final WatchLimits limits;
  private final Function<String, List<String>> labels;
  private final Map<String, ArrayDeque<Seen>> histories = new LinkedHashMap<>(8, 0.75f, true);
  private String active;
  private Trial activated;
  private Trial canary;

  /** One version against another. */
  private static final class Trial {
    final String base;
    final String version;
    final TrialWatch watch;
    int videos;
    boolean raised;

    Trial(String base, String version, TrialWatch watch) {
      this.base = base;
      this.version = version;
      this.watch = watch;
    }

    void add(Seen seen) {
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
        watch.labelled(arm, seen.label(), seen.millis());
      }
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
      canary = nowCanary == null ? null : trial(active, nowCanary);
    }
  }

  /** A trial whose base is known already; null where nothing is known of it. */
  private Trial begun(String base, String version) {
    ArrayDeque<Seen> history = histories.get(base);
    if (history == null || base.equals(version)) {
      return null;
    }
    Trial trial = trial(base, version);
    history.forEach(trial::add);
    return trial;
  }

  private Trial trial(String base, String version) {
    List<String> classes = labels.apply(version);
    boolean same = classes.equals(labels.apply(base));
    return new Trial(base, version, new TrialWatch(limits, same ? classes.size() : 0));
  }

  /** A video has its outcome. Gives an alarm where the version on trial passes a limit by it. */
  public Optional<Input.Alarm> add(Seen seen) {
    remember(seen);
    if (canary != null) {
      canary.add(seen);
    }
    if (activated != null) {
      activated.add(seen);
    }
    Optional<Input.Alarm> alarm = alarm(activated).or(() -> alarm(canary));
    if (activated != null && activated.videos >= TRIAL_VIDEOS && alarm.isEmpty()) {
      activated = null;
    }
    return alarm;
  }

  private static Optional<Input.Alarm> alarm(Trial trial) {
    return trial == null ? Optional.empty() : trial.alarm();
  }

  private void remember(Seen seen) {
    ArrayDeque<Seen> history =
        histories.computeIfAbsent(seen.version(), version -> new ArrayDeque<>());
    history.add(seen);
    if (history.size() > HISTORY) {
      history.remove();
    }
    if (histories.size() > HISTORIES) {
      histories.remove(histories.keySet().iterator().next());
    }
  }

  /** Something else is wanted: an alarm that was raised before may have come to nothing. */
  public void rearm() {
    if (activated != null) {
      activated.raised = false;
    }
    if (canary != null) {
      canary.raised = false;
    }
  }
}
