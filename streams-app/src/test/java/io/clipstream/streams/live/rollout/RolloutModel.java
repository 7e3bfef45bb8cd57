package io.clipstream.streams.live.rollout;

import io.clipstream.model.UserError;
import io.clipstream.streams.live.rollout.World.Entry;
import io.clipstream.streams.live.rollout.World.Link;
import io.clipstream.streams.live.rollout.World.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * What may happen to instances that follow the two topics: everything, in every order. The
 * instances are {@link InstanceRollout}s themselves. A record is in the log as soon as it is
 * published, and each instance reads at its own pace. What it would not notice is read at once,
 * which hides nothing.
 */
final class RolloutModel {
  /** Ways to break the protocol, to see that it is noticed. */
  enum Fault {
    /** An instance believes in its claim before it has read the log up to it. */
    CLAIM_NOT_READ_BACK,
    /** Others are declared dead while they live and are heard. */
    HASTY_LEASES,
    /** The dead are never declared dead. */
    ENDLESS_LEASES,
    /** A process that stood still goes on as if nothing had happened. */
    LEASE_LOST_UNNOTICED,
    /** An instance that fails says nothing. */
    SILENT_FAILURE,
    /** Answers are written on whatever is wanted. */
    ANSWERS_NOT_COMPARED
  }

  /**
   * @param fault whether something went wrong or was asked for, rather than going on by itself
   */
  record Next(List<Object> what, boolean fault, World world) {}

  /** Broken promises. */
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;

    Broken(String what) {
      super(what);
    }
  }

  private static final String BROKEN = "does not load";

  final Setting setting;
  private final boolean roomForTwo;
  final Machines machines = new Machines();
  private final List<Next> next = new ArrayList<>();
  private World from;

  RolloutModel(Setting setting) {
    this(setting, true);
  }

  /**
   * @param roomForTwo whether every instance holds two versions at a time
   */
  RolloutModel(Setting setting, boolean roomForTwo) {
    this.setting = setting;
    this.roomForTwo = roomForTwo;
  }

  /** Every instance serves version 1, which is settled. */
  World start() {
    World world = new World();
    world.write(
        Wanted.first("m", "v1")
            .answered(new Answer(Answer.Kind.SETTLE, 1, "v1", null))
            .orElseThrow());
    world.slots = new Slot[setting.instances()];
    world.orders = setting.orders().size();
    world.crashes = setting.crashes();
    world.failures = setting.failures();
    world.alarms = setting.alarms();
    world.freezes = setting.freezes();
    world.cuts = setting.cuts();
    for (int i = 0; i < setting.instances(); i++) {
      world.slots[i] = new Slot();
      launch(world, i);
      apply(world, i, new Input.Prepared());
      apply(world, i, new Input.Loaded());
    }
    for (int i = 0; i < setting.instances(); i++) {
      while (world.slots[i].logRead < world.log.size()) {
        readLog(world, i);
      }
    }
    return settle(world);
  }

  List<Next> next(World world) {
    next.clear();
    from = world;
    for (int i = 0; i < world.slots.length; i++) {
      Slot slot = world.slots[i];
      if (slot.machine == null) {
        if (slot.starts <= setting.crashes()) {
          add("starts", true, i, RolloutModel.this::launch);
        }
        continue;
      }
      InstanceRollout machine = machines.get(slot.machine);
      if (slot.up()) {
        reads(i, slot);
        peersGo(i, machine);
        links(i);
      } else {
        offline(i, slot);
      }
      if (slot.runs()) {
        steps(i, machine);
      }
      if (world.crashes > 0) {
        add("crashes", true, i, RolloutModel::crash);
      }
    }
    if (world.orders > 0) {
      World ordered = world.copy();
      order(ordered);
      next.add(new Next(List.of("order"), true, settle(ordered)));
    }
    next.removeIf(this::lags);
    return List.copyOf(next);
  }

  /** Whether somebody who runs falls behind too far by this, which is not reading itself. */
  private boolean lags(Next step) {
    if (step.what().get(step.what().size() - 1) instanceof Entry) {
      return false;
    }
    for (int i = 0; i < from.slots.length; i++) {
      Slot slot = step.world().slots[i];
      int lag = step.world().log.size() - slot.logRead;
      int before = from.log.size() - from.slots[i].logRead;
      boolean further = before > 0 && lag > before && lag > setting.lag();
      if (further && slot.up() && from.slots[i].up()) {
        return true;
      }
    }
    return false;
  }

  private interface Change {
    void to(World world, int slot);
  }

  private void add(Object what, boolean fault, int slot, Change change) {
    World world = from.copy();
    change.to(world, slot);
    next.add(new Next(List.of((char) ('a' + slot), what), fault, settle(world)));
  }

  private void input(boolean fault, int slot, Input input) {
    add(input, fault, slot, (world, i) -> apply(world, i, input));
  }

  private void reads(int i, Slot slot) {
    if (slot.logRead < from.log.size()) {
      Entry entry = from.log.get(slot.logRead);
      add(entry, false, i, this::readLog);
    }
    if (slot.wantedRead + 1 < from.wanted.size()) {
      add(
          from.wanted.get(slot.wantedRead + 1),
          false,
          i,
          (world, j) -> {
            Wanted wanted = world.wanted.get(++world.slots[j].wantedRead);
            apply(world, j, new Input.WantedRead(wanted));
          });
    }
    for (Answer answer : slot.replies) {
      add(answer, false, i, (world, j) -> reply(world, world.slots[j], answer));
    }
  }

  private void readLog(World world, int i) {
    Slot slot = world.slots[i];
    Entry entry = world.log.get(slot.logRead++);
    apply(world, i, new Input.ReportRead(entry.instance(), entry.report(), entry.offset()));
  }

  private void reply(World world, Slot slot, Answer answer) {
    Wanted newest = world.newest();
    Answer compared =
        setting.fault() == Fault.ANSWERS_NOT_COMPARED
            ? new Answer(answer.kind(), newest.rollout(), newest.active(), answer.reason())
            : answer;
    newest.answered(compared).ifPresent(world::write);
    String serving = machines.get(slot.machine).report().serving();
    if (answer.kind() == Answer.Kind.SETTLE
        && !world.newest().equals(newest)
        && !newest.active().equals(serving)) {
      throw new Broken(newest.active() + " is settled by an instance that serves " + serving);
    }
    List<Answer> left = new ArrayList<>(slot.replies);
    left.remove(answer);
    slot.replies = List.copyOf(left);
  }

  private void peersGo(int i, InstanceRollout machine) {
    if (setting.fault() == Fault.ENDLESS_LEASES) {
      return;
    }
    for (String peer : machine.peers().living().keySet()) {
      boolean unread =
          from.log.subList(from.slots[i].logRead, from.log.size()).stream()
              .anyMatch(entry -> entry.instance().equals(peer));
      Slot slot = from.slots[peer.charAt(0) - 'a'];
      boolean dead = slot.machine == null || !peer.equals(name(slot, peer.charAt(0) - 'a'));
      boolean silent = dead || slot.link == Link.FROZEN || slot.link == Link.CUT_AND_LEASE_LOST;
      if (!unread && (silent || setting.fault() == Fault.HASTY_LEASES)) {
        input(!dead, i, new Input.PeerGone(peer));
      }
    }
  }

  private void links(int i) {
    if (from.freezes > 0) {
      add(
          "freezes",
          true,
          i,
          (world, j) -> {
            world.freezes--;
            world.slots[j].link = Link.FROZEN;
            world.slots[j].zombie = true;
          });
    }
    if (from.cuts > 0) {
      add(
          "is cut off",
          true,
          i,
          (world, j) -> {
            world.cuts--;
            world.slots[j].link = Link.CUT;
          });
    }
  }

  private void offline(int i, Slot slot) {
    if (slot.link == Link.FROZEN) {
      if (slot.zombie) {
        add(
            "a late heartbeat",
            true,
            i,
            (world, j) -> {
              world.slots[j].zombie = false;
              heartbeat(world, j);
            });
      }
      add("wakes", false, i, (world, j) -> wake(world, j));
      return;
    }
    if (slot.link == Link.CUT) {
      add(
          "loses its lease",
          false,
          i,
          (world, j) -> {
            world.slots[j].link = Link.CUT_AND_LEASE_LOST;
            apply(world, j, new Input.LeaseLost());
          });
    }
    add(
        "connects",
        false,
        i,
        (world, j) -> {
          Slot connected = world.slots[j];
          connected.link = Link.UP;
          if (connected.unsent != null) {
            Report report = connected.unsent;
            connected.unsent = null;
            publish(world, j, report);
          }
        });
  }

  private void wake(World world, int i) {
    world.slots[i].link = Link.UP;
    world.slots[i].zombie = false;
    if (setting.fault() != Fault.LEASE_LOST_UNNOTICED) {
      apply(world, i, new Input.LeaseLost());
    }
    heartbeat(world, i);
  }

  /** Not while a claim is under way: its record would be another claim. */
  private void heartbeat(World world, int i) {
    Report report = machines.get(world.slots[i].machine).report();
    if (report.ticket() == 0 || report.turn() != Report.NONE) {
      publish(world, i, report);
    }
  }

  private void steps(int i, InstanceRollout machine) {
    Report report = machine.report();
    switch (report.phase()) {
      case PREPARING, CHANGING -> {
        boolean preparing = report.phase() == Phase.PREPARING;
        input(false, i, preparing ? new Input.Prepared() : new Input.Loaded());
        if (machine.givenUp()) {
          input(false, i, new Input.StepFailed("abandoned"));
        } else if (from.failures > 0) {
          add(
              "fails",
              true,
              i,
              (world, j) -> {
                world.failures--;
                apply(world, j, new Input.StepFailed(preparing ? "not fetched" : BROKEN));
              });
        }
      }
      case SOAKING -> input(false, i, new Input.SoakOver());
      case FAILED -> {
        if (machine.mayRetry()) {
          input(false, i, new Input.RetryDue());
        }
      }
      default -> {}
    }
    if (from.alarms > 0 && machine.wanted() != null) {
      for (String version : new TreeSet<>(List.of("v2", "v3"))) {
        if (machine.roles().use(version)) {
          add(
              "an alarm",
              true,
              i,
              (world, j) -> {
                world.alarms--;
                apply(world, j, new Input.Alarm(version, "bad"));
              });
        }
      }
    }
  }

  private void order(World world) {
    UnaryOperator<Wanted> order = setting.orders().get(setting.orders().size() - world.orders);
    world.orders--;
    try {
      Wanted wanted = order.apply(world.newest());
      if (!wanted.equals(world.newest())) {
        world.write(wanted);
      }
    } catch (UserError e) {
      return; // refused, nothing is written
    }
  }

  private static void crash(World world, int i) {
    world.crashes--;
    Slot slot = world.slots[i];
    slot.machine = null;
    slot.link = Link.UP;
    slot.unsent = null;
    slot.zombie = false;
    slot.replies = List.of();
  }

  /** A process starts: it reads the topics from the beginning, the last record of each key. */
  private void launch(World world, int i) {
    Slot slot = world.slots[i];
    slot.starts++;
    slot.machine =
        machines.id(
            new InstanceRollout(
                name(slot, i), new RolloutPolicy(setting.maxUnavailable(), 2, roomForTwo)));
    slot.logRead = world.log.size();
    slot.wantedRead = world.wanted.size() - 1;
    for (Entry entry : List.copyOf(world.last.values())) {
      apply(world, i, new Input.ReportRead(entry.instance(), entry.report(), entry.offset()));
    }
    apply(world, i, new Input.Listened());
    apply(world, i, new Input.WantedRead(world.newest()));
  }

  private static String name(Slot slot, int i) {
    return (char) ('a' + i) + Integer.toString(slot.starts);
  }

  private void apply(World world, int i, Input input) {
    Slot slot = world.slots[i];
    InstanceRollout before = machines.get(slot.machine);
    Machines.Step step = machines.step(slot.machine, input);
    slot.machine = step.machine();
    InstanceRollout after = machines.get(slot.machine);
    for (Output output : step.outputs()) {
      if (output instanceof Output.Publish publish) {
        boolean failed = after.report().phase() == Phase.FAILED;
        if (slot.link != Link.UP) {
          slot.unsent = publish.report();
        } else if (!failed || setting.fault() != Fault.SILENT_FAILURE) {
          publish(world, i, publish.report());
        }
      } else if (output instanceof Output.Reply reply) {
        if (setting.fault() != Fault.SILENT_FAILURE) {
          List<Answer> replies = new ArrayList<>(slot.replies);
          replies.add(reply.answer());
          slot.replies = List.copyOf(replies);
        }
      } else if (output instanceof Output.Load) {
        checkLoad(world, after);
      } else if (output instanceof Output.Drop drop && after.roles().use(drop.version())) {
        throw new Broken(drop.version() + " is dropped while it is in use");
      } else if (output instanceof Output.Use use && !roomForTwo) {
        checkUse(before, input, use.roles());
      }
    }
    boolean prepares = after.report().phase() == Phase.PREPARING;
    if (prepares && !setting.downloads() && slot.link != Link.FROZEN) {
      apply(world, i, new Input.Prepared());
    }
    if (before.report().serving() != null && after.report().serving() == null) {
      throw new Broken("an instance is left without a version");
    }
  }

  /** While another one is loaded, the version that was let go for it is not there. */
  private static void checkUse(InstanceRollout before, Input input, Roles roles) {
    boolean loads = before.report().phase() == Phase.CHANGING;
    boolean ended = input instanceof Input.Loaded || input instanceof Input.StepFailed;
    if (loads && !ended && !Objects.equals(roles.active(), before.roles().active())) {
      throw new Broken(roles.active() + " is taken into use during a load");
    }
  }

  private void publish(World world, int i, Report report) {
    boolean claims = report.ticket() > 0 && report.turn() == Report.NONE;
    long offset = claims ? 1 + lastPlace(world) : 0;
    Entry entry = new Entry(name(world.slots[i], i), report, offset);
    world.log.add(entry);
    world.last.put(entry.instance(), entry);
    if (claims && setting.fault() == Fault.CLAIM_NOT_READ_BACK) {
      apply(world, i, new Input.ReportRead(entry.instance(), report, offset));
    }
  }

  /** The last place in the queue that anybody knows of: only the order of offsets matters. */
  private long lastPlace(World world) {
    long place = 0;
    for (Slot slot : world.slots) {
      if (slot.machine != null) {
        InstanceRollout machine = machines.get(slot.machine);
        place = Math.max(place, machine.report().turn());
        for (Peer peer : machine.peers().living().values()) {
          place = Math.max(place, place(peer));
        }
      }
    }
    for (Entry entry : world.log) {
      place = Math.max(place, place(Peer.of(entry.report(), entry.offset())));
    }
    for (Entry entry : world.last.values()) {
      place = Math.max(place, place(Peer.of(entry.report(), entry.offset())));
    }
    return place;
  }

  private static long place(Peer peer) {
    return peer instanceof Peer.Queued queued ? queued.place() : 0;
  }

  /** An instance that fails in its turn stops the rollout: with one turn nobody else begins. */
  private void checkLoad(World world, InstanceRollout machine) {
    Report report = machine.report();
    if (report.ticket() == 0 || setting.maxUnavailable() > 1 || machine.wanted().urgent()) {
      return;
    }
    for (Slot slot : world.slots) {
      if (slot.machine != null && slot.link == Link.UP) {
        Report other = machines.get(slot.machine).report();
        if (other.phase() == Phase.FAILED
            && BROKEN.equals(other.detail())
            && other.serving() != null
            && other.rollout() == report.rollout()
            && report.candidate().equals(other.candidate())) {
          throw new Broken("an instance changes although another one failed");
        }
      }
    }
  }

  /** Reads what nobody would notice, and forgets what everybody has read. */
  private World settle(World world) {
    for (Slot slot : world.slots) {
      while (slot.up() && slot.logRead < world.log.size()) {
        Entry entry = world.log.get(slot.logRead);
        Machines.Step step =
            machines.step(
                slot.machine,
                new Input.ReportRead(entry.instance(), entry.report(), entry.offset()));
        if (step.machine() != slot.machine || !step.outputs().isEmpty()) {
          break;
        }
        slot.logRead++;
      }
    }
    world.trim();
    return world;
  }

  /** What holds in every state. */
  void check(World world) {
    int changing = 0;
    for (Slot slot : world.slots) {
      if (slot.machine == null) {
        continue;
      }
      InstanceRollout machine = machines.get(slot.machine);
      Report report = machine.report();
      boolean busy = report.phase() == Phase.CHANGING || report.phase() == Phase.SOAKING;
      if (slot.runs() && busy && report.ticket() > 0) {
        changing++;
      }
      if (report.serving() != null && !everWanted(world, report.serving())) {
        throw new Broken(report.serving() + " serves and was never wanted");
      }
      checkLabels(world, machine.roles());
    }
    if (changing > setting.maxUnavailable()) {
      throw new Broken(changing + " instances change at a time");
    }
  }

  /** Labels name the rollout that chose their version. */
  private static void checkLabels(World world, Roles roles) {
    for (Role role : Role.values()) {
      Roles.Chosen chosen = roles.of(role);
      if (chosen != null && !world.chose(chosen.rollout(), role, chosen.version())) {
        throw new Broken(role + " " + chosen + " was not chosen by that rollout");
      }
    }
  }

  /** Version n + 1 is asked for by the n-th order or a later one. */
  private boolean everWanted(World world, String version) {
    int number = Integer.parseInt(version.substring(1));
    return number <= 1 + setting.orders().size() - world.orders;
  }

  /**
   * Whether all is done: nothing is under way, nothing unread, and everybody where he should be.
   */
  boolean atRest(World world) {
    Wanted wanted = world.newest();
    boolean anyone = false;
    for (Slot slot : world.slots) {
      if (slot.machine == null) {
        continue;
      }
      anyone = true;
      InstanceRollout machine = machines.get(slot.machine);
      Report report = machine.report();
      boolean failed = report.phase() == Phase.FAILED || report.phase() == Phase.ALARMED;
      boolean read =
          slot.link == Link.UP
              && slot.logRead == world.log.size()
              && slot.wantedRead == world.wanted.size() - 1
              && slot.replies.isEmpty();
      boolean right =
          report.phase() == Phase.IDLE && wanted.target(report.serving()).equals(report.serving());
      if (!read || report.serving() == null || !(right || (failed && wanted.stopped()))) {
        return false;
      }
    }
    return !anyone || wanted.stopped() || wanted.active().equals(wanted.settled());
  }
}
