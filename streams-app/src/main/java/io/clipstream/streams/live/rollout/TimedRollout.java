package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.List;

/**
 * An {@link InstanceRollout} with its timers: heartbeats, leases, soak, keep and retry. Time is an
 * argument: nanoseconds of this machine's monotonic clock. What has run out is taken up before
 * every input, so that a process that stood still first learns that it has lost its turn. One
 * thread, which calls {@link #tick} several times in each heartbeat.
 */
public final class TimedRollout {
  private static final long NEVER = Long.MAX_VALUE;

  private final String self;
  private final RolloutTimes times;
  private final InstanceRollout rollout;
  private final Leases leases;

  private long beat;
  private long lastSent;
  private long listenedAt = NEVER;
  private long soakOver = NEVER;
  private long keepOver = NEVER;
  private long retry = NEVER;
  private boolean announce;

  /**
   * @param self id of this process, unlike that of any other, earlier ones of this host included
   */
  public TimedRollout(String self, RolloutPolicy policy, RolloutTimes times, long now) {
    this.self = self;
    this.times = times;
    rollout = new InstanceRollout(self, policy);
    leases = new Leases(times.lease().toNanos(), times.forget().toNanos(), now);
    lastSent = now;
  }

  public InstanceRollout rollout() {
    return rollout;
  }

  /**
   * {@code models.status} was read to the end that it had at start, or after a reset. Until a lease
   * after this no turn is taken.
   */
  public List<Output> caughtUp(long now) {
    listenedAt = now + times.lease().toNanos();
    announce = true;
    return tick(now);
  }

  /** A record of {@code models.status} was read. */
  public List<Output> read(String instance, Report report, long beatRead, long offset, long now) {
    List<Output> outputs = due(now);
    if (instance.equals(self)) {
      leases.readBack(beatRead, now);
    } else if (report.phase() == Phase.STOPPED) {
      leases.left(instance);
    } else {
      leases.heard(instance, now);
    }
    apply(new Input.ReportRead(instance, report, offset), now, outputs);
    return outputs;
  }

  /** The deletion of a record of {@code models.status} was read. */
  public List<Output> deleted(String instance, long now) {
    List<Output> outputs = due(now);
    if (instance.equals(self)) {
      announce = true;
      apply(new Input.LeaseLost(), now, outputs);
    } else {
      leases.left(instance);
      apply(new Input.PeerGone(instance), now, outputs);
    }
    heartbeat(now, outputs);
    return outputs;
  }

  /** Every other input. */
  public List<Output> on(Input input, long now) {
    List<Output> outputs = due(now);
    if (input instanceof Input.StatusReset) {
      leases.clear();
      listenedAt = NEVER;
      announce = true;
    }
    apply(input, now, outputs);
    return outputs;
  }

  /** Time goes by. */
  public List<Output> tick(long now) {
    List<Output> outputs = due(now);
    for (String instance : leases.forgotten(self, now)) {
      outputs.add(new Output.Forget(instance));
    }
    heartbeat(now, outputs);
    return outputs;
  }

  /**
   * To be called as an {@link Output.Publish} is handed to the producer.
   *
   * @return the beat that the record carries
   */
  public long sent(long now) {
    lastSent = now;
    leases.sent(++beat, now);
    return beat;
  }

  private void heartbeat(long now, List<Output> outputs) {
    boolean published = outputs.stream().anyMatch(Output.Publish.class::isInstance);
    if (pending() && !published && now - lastSent > times.lease().toNanos() / 2) {
      apply(new Input.LeaseLost(), now, outputs); // the claim was lost on its way: another one
      return;
    }
    // A claim that was not read back yet would move to the queue's end with every further record.
    boolean beats = !pending() && now - lastSent >= times.heartbeat().toNanos();
    if ((announce || beats) && !published && rollout.report().phase() != Phase.STOPPED) {
      outputs.add(new Output.Publish(rollout.report()));
    }
    announce = false;
  }

  private boolean pending() {
    return rollout.report().ticket() > 0 && rollout.report().turn() == Report.NONE;
  }

  /** What has run out by now. */
  private List<Output> due(long now) {
    List<Output> outputs = new ArrayList<>();
    if (leases.ownRunsOut(now)) {
      apply(new Input.LeaseLost(), now, outputs);
    }
    for (String instance : leases.runOut(now)) {
      apply(new Input.PeerGone(instance), now, outputs);
    }
    if (now >= listenedAt && !leases.ownLost()) {
      listenedAt = NEVER;
      apply(new Input.Listened(), now, outputs);
    }
    if (now >= soakOver) {
      soakOver = NEVER;
      apply(new Input.SoakOver(), now, outputs);
    }
    if (now >= keepOver) {
      keepOver = NEVER;
      apply(new Input.KeepOver(), now, outputs);
    }
    if (now >= retry) {
      retry = NEVER;
      apply(new Input.RetryDue(), now, outputs);
    }
    return outputs;
  }

  private void apply(Input input, long now, List<Output> outputs) {
    String before = rollout.roles().version(Role.ACTIVE);
    List<Output> caused = rollout.on(input);
    outputs.addAll(caused);
    Report report = rollout.report();
    if (caused.stream().anyMatch(Output.StartSoak.class::isInstance)) {
      soakOver = now + times.soak().toNanos();
    } else if (report.phase() != Phase.SOAKING) {
      soakOver = NEVER;
    }
    if (before != null && !before.equals(report.serving())) {
      keepOver = now + times.keepPrevious().toNanos();
    }
    if (!rollout.mayRetry()) {
      retry = NEVER;
    } else if (retry == NEVER) {
      retry = now + times.retry().toNanos();
    }
  }
}
