package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.List;

/**
 * One instance's part in the rollouts of one model: a deterministic state machine without clock,
 * threads or Kafka. {@code ops/rollout-protocol.md} describes the protocol; {@code
 * RolloutModelTest} checks this class in all interleavings. One thread.
 */
public final class InstanceRollout {
  private final String self;
  private final RolloutPolicy policy;
  private final Peers peers;
  private final Versions versions;
  private final Work work;
  private final Answers answers;

  private Wanted wanted;
  private boolean listened;
  private List<Output> out = new ArrayList<>();

  /**
   * @param self id of this process, unlike that of any other, earlier ones of this host included
   */
  public InstanceRollout(String self, RolloutPolicy policy) {
    this.self = self;
    this.policy = policy;
    peers = new Peers();
    versions = new Versions(policy.roomForTwo());
    work = new Work();
    answers = new Answers(policy.deathsToStop());
  }

  /** A copy, for those who explore what may happen. */
  InstanceRollout(InstanceRollout other) {
    self = other.self;
    policy = other.policy;
    peers = new Peers(other.peers);
    versions = new Versions(other.versions);
    work = new Work(other.work);
    answers = new Answers(other.answers);
    wanted = other.wanted;
    listened = other.listened;
  }

  /** What the instance tells the others. */
  public Report report() {
    return work.report(versions.serving());
  }

  /** The versions in use. */
  public Roles roles() {
    return versions.roles();
  }

  /** The newest wanted state that was read; null before the first. */
  public Wanted wanted() {
    return wanted;
  }

  /** Takes up one input and says what is to be done, in this order. */
  public List<Output> on(Input input) {
    out = new ArrayList<>();
    if (work.phase() == Phase.STOPPED || saysNothing(input)) {
      return out;
    }
    Report before = report();
    take(input);
    Report seen;
    do {
      seen = report();
      decide();
    } while (!report().equals(seen));
    if (!report().equals(before)) {
      Claim claim = work.claim();
      if (claim.pending() && claim.ticket() == before.ticket()) {
        claim.take();
      }
      out.add(0, new Output.Publish(report()));
    }
    return out;
  }

  /** To decide looks at all peers: with each beat of each of them that would be too often. */
  private boolean saysNothing(Input input) {
    return input instanceof Input.ReportRead read
        && !read.instance().equals(self)
        && peers.knows(read.instance(), read.report(), read.offset());
  }

  private void take(Input input) {
    if (input instanceof Input.WantedRead read) {
      wanted = read.wanted();
      peers.rollout(wanted.rollout());
      answers.wanted(wanted);
    } else if (input instanceof Input.ReportRead read) {
      if (read.instance().equals(self)) {
        work.claim().readBack(read.report(), read.offset());
      } else {
        peers.heard(read.instance(), read.report(), read.offset());
      }
    } else if (input instanceof Input.PeerGone gone) {
      peers.gone(gone.instance(), wanted == null ? 0 : wanted.rollout());
    } else if (input instanceof Input.LeaseLost) {
      work.loseTurn(out);
    } else if (input instanceof Input.Listened) {
      listened = true;
    } else if (input instanceof Input.StatusReset) {
      peers.clear();
      listened = false;
      work.loseTurn(out);
    } else if (input instanceof Input.WantedLost) {
      if (wanted != null) {
        out.add(new Output.Restore(wanted));
      }
    } else if (input instanceof Input.KeepOver) {
      versions.keepOver();
    } else if (input instanceof Input.Leave) {
      work.leave();
    } else {
      takeStep(input);
    }
  }

  private void takeStep(Input input) {
    Phase phase = work.phase();
    boolean prepared = input instanceof Input.Prepared && phase == Phase.PREPARING;
    boolean loaded = input instanceof Input.Loaded && phase == Phase.CHANGING;
    boolean failed = input instanceof Input.StepFailed && work.underWay();
    if ((prepared || loaded || failed) && work.givenUp()) {
      if (loaded) {
        out.add(new Output.Drop(work.version()));
      }
      work.idle();
    } else if (prepared) {
      prepared();
    } else if (loaded) {
      use();
    } else if (failed) {
      work.fail(((Input.StepFailed) input).reason());
    } else if ((input instanceof Input.SoakOver && phase == Phase.SOAKING)
        || (input instanceof Input.RetryDue && mayRetry())) {
      work.idle();
    } else if (input instanceof Input.Alarm alarm && wanted != null) {
      alarm(alarm.version(), alarm.reason());
    }
  }

  private void alarm(String version, String reason) {
    boolean canary = version.equals(wanted.canary());
    if (!roles().use(version) || (!canary && !version.equals(wanted.active()))) {
      return;
    }
    if (work.underWay()) { // which has the report: the answer alone has to do
      answers.alarm(wanted, version, reason, out);
    } else {
      work.alarm(canary ? Role.CANARY : Role.ACTIVE, version, wanted.rollout(), reason);
    }
  }

  /**
   * Whether the candidate is tried again after a pause: where nothing serves yet, and where the
   * other instances have settled on it.
   */
  boolean mayRetry() {
    return work.phase() == Phase.FAILED
        && (versions.serving() == null || work.version().equals(wanted.settled()));
  }

  private void decide() {
    if (wanted == null || work.phase() == Phase.STOPPED) {
      return;
    }
    versions.endTrials(wanted, out);
    endWhatIsNotWanted();
    boolean drained = !policy.roomForTwo() && work.phase() == Phase.CHANGING;
    if (wanted.urgent() && !drained && versions.backAtOnce(wanted, out)) {
      work.leaveQueue();
    }
    if (work.phase() == Phase.IDLE) {
      begin();
    }
    if (work.phase() == Phase.WAITING && mayGo()) {
      change();
    }
    answers.give(wanted, peers, report(), out);
    versions.unload(wanted, out);
  }

  private void endWhatIsNotWanted() {
    if (work.phase() == Phase.IDLE) {
      return;
    }
    if (work.failed()) {
      if (work.rollout() != wanted.rollout()) {
        work.idle();
      }
    } else if (stillWanted()) {
      work.goOnIn(wanted.rollout(), wanted.chosenBy(work.role(), work.version()));
    } else if (work.underWay()) {
      work.giveUp(out);
    } else {
      work.idle();
    }
  }

  private boolean stillWanted() {
    if (work.role() == Role.ACTIVE && versions.serving() == null && !wanted.urgent()) {
      return true; // any version that was wanted is better than none
    }
    return work.version().equals(versions.wanted(work.role(), wanted));
  }

  private void begin() {
    Role role = versions.lacking(wanted).orElse(null);
    if (role == null) {
      return;
    }
    String version = versions.wanted(role, wanted);
    long chosenBy = wanted.chosenBy(role, version).orElseThrow();
    work.prepare(role, version, wanted.rollout(), chosenBy);
    if (versions.loaded(version)) {
      prepared();
    } else {
      out.add(new Output.Prepare(version));
    }
  }

  private void prepared() {
    if (versions.serving() == null) {
      change();
    } else {
      work.await();
    }
  }

  private boolean mayGo() {
    return listened
        && !work.claim().pending()
        && peers.before(work.claim().turn()) < policy.maxUnavailable()
        && answers.failures(wanted, peers, report()).isEmpty();
  }

  private void change() {
    work.change();
    if (versions.loaded(work.version())) {
      use();
    } else {
      out.add(new Output.Load(work.version()));
    }
  }

  private void use() {
    boolean soak = work.role() == Role.ACTIVE && versions.serving() != null && !wanted.urgent();
    versions.use(work.role(), work.version(), work.chosenBy(), wanted.share(), out);
    if (soak) {
      work.soak();
      out.add(new Output.StartSoak(work.version()));
    } else {
      work.idle();
    }
  }

  /** Whether the task under way is to be thrown away. */
  boolean givenUp() {
    return work.givenUp();
  }

  String self() {
    return self;
  }

  Peers peers() {
    return peers;
  }

  /** All that decides but for peers and report. */
  List<Object> state() {
    List<Object> state = new ArrayList<>(work.state());
    state.addAll(versions.state());
    state.add(listened);
    state.add(wanted);
    state.add(answers.last());
    return state;
  }
}
