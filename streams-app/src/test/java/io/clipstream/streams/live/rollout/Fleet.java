package io.clipstream.streams.live.rollout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/**
 * Many instances, each a {@link TimedRollout}, around the two topics, in virtual time: what they
 * would wait for goes by at once. A record lies in the log {@link #APPEND} after it was sent; each
 * instance reads every {@link #POLL}, at a moment of its own. One thread.
 */
final class Fleet {
  /** Of a record to be acknowledged. */
  private static final long APPEND = millis(20);

  private static final long POLL = millis(500);
  private static final Wanted SETTLED =
      Wanted.first("m", "v1").answered(new Answer(Answer.Kind.SETTLE, 1, "v1", null)).orElseThrow();

  /**
   * How it goes.
   *
   * @param instances of the fleet
   * @param times of the protocol
   * @param maxUnavailable how many change at a time
   * @param load seconds that preparing and loading a version take, at least and at most
   */
  record Setting(int instances, RolloutTimes times, int maxUnavailable, int[] load) {}

  private record Event(long at, long order, Runnable what) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
    }
  }

  /** A record of {@code models.status}; without a report it deletes. */
  private record Status(String instance, Report report, long beat) {}

  /** One place for a process. */
  private final class Slot {
    final int number;
    String name;
    TimedRollout rollout;
    int generation;
    int statusRead;
    int wantedRead;
    long frozenUntil;
    boolean abandoned;

    Slot(int number) {
      this.number = number;
    }

    boolean alive(int of) {
      return rollout != null && generation == of;
    }
  }

  private final Setting setting;
  private final Random random = new Random(20261127);
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final List<Status> status = new ArrayList<>();
  private final List<Wanted> wanted = new ArrayList<>(List.of(SETTLED));
  private final Map<String, Integer> last = new TreeMap<>();
  private final List<Slot> slots = new ArrayList<>();
  private final Set<Slot> changing = new HashSet<>();
  private final Set<String> served = new HashSet<>();
  private final Map<String, IntPredicate> broken = new HashMap<>();
  private long now;
  private long order;
  private int mostChanging;
  private int loads;

  Fleet(Setting setting) {
    this.setting = setting;
    for (int i = 0; i < setting.instances(); i++) {
      Slot slot = new Slot(i);
      slots.add(slot);
      after(random.nextInt((int) (POLL / 1000)) * 1000L, () -> start(slot));
    }
  }

  private static long millis(long count) {
    return Duration.ofMillis(count).toNanos();
  }

  private void after(long nanos, Runnable what) {
    events.add(new Event(now + nanos, order++, what));
  }

  /** Virtual time goes by. */
  void run(Duration time) {
    long end = now + time.toNanos();
    while (!events.isEmpty() && events.peek().at() <= end) {
      Event event = events.poll();
      now = event.at();
      event.what().run();
    }
    now = end;
  }

  /** Runs until everybody serves the version and it is settled, or it takes too long. */
  boolean runUntilAllServe(String version, Duration limit) {
    return runUntil(
        () ->
            newest().active().equals(version)
                && version.equals(newest().settled())
                && slots.stream()
                    .allMatch(
                        slot ->
                            slot.rollout != null
                                && version.equals(slot.rollout.rollout().report().serving())),
        limit);
  }

  /** Runs until something is so, or it takes too long. */
  boolean runUntil(BooleanSupplier condition, Duration limit) {
    long end = now + limit.toNanos();
    while (now < end) {
      run(Duration.ofSeconds(1));
      if (condition.getAsBoolean()) {
        return true;
      }
    }
    return false;
  }

  /** Somebody asks for a version. */
  void activate(String version) {
    append(newest().activate(version));
  }

  /** The version does not load on some of the instances. */
  void breaks(String version, IntPredicate where) {
    broken.put(version, where);
  }

  /** A process dies; another starts in its place a while later. */
  void kill(int number, Duration until) {
    Slot slot = slots.get(number);
    slot.rollout = null;
    slot.generation++;
    changing.remove(slot);
    after(until.toNanos(), () -> start(slot));
  }

  /** A process stands still for a while. */
  void freeze(int number, Duration time) {
    slots.get(number).frozenUntil = now + time.toNanos();
  }

  /** The first instances of those that change just now. */
  List<Integer> changing(int most) {
    return changing.stream().map(slot -> slot.number).sorted().limit(most).toList();
  }

  Wanted newest() {
    return wanted.get(wanted.size() - 1);
  }

  Duration time() {
    return Duration.ofNanos(now);
  }

  /** Records of {@code models.status} up to now. */
  int records() {
    return status.size();
  }

  int mostChanging() {
    return mostChanging;
  }

  /** Loads of a version that were begun, but for each process' first. */
  int loads() {
    return loads;
  }

  long servedEver(String version) {
    return served.stream().filter(one -> one.endsWith("/" + version)).count();
  }

  private void start(Slot slot) {
    slot.name = "%04d-%d".formatted(slot.number, slot.generation);
    slot.rollout =
        new TimedRollout(
            slot.name, new RolloutPolicy(setting.maxUnavailable(), 2, true), setting.times(), now);
    slot.frozenUntil = 0;
    // The topic is compacted: of what was said before, the last of each.
    for (int offset : last.values()) {
      Status one = status.get(offset);
      carryOut(slot, slot.rollout.read(one.instance, one.report, one.beat, offset, now));
    }
    slot.statusRead = status.size();
    slot.wantedRead = wanted.size();
    carryOut(slot, slot.rollout.on(new Input.WantedRead(newest()), now));
    carryOut(slot, slot.rollout.caughtUp(now));
    int generation = slot.generation;
    after(POLL, () -> poll(slot, generation));
  }

  private void poll(Slot slot, int generation) {
    if (!slot.alive(generation)) {
      return;
    }
    if (now < slot.frozenUntil) {
      after(slot.frozenUntil - now, () -> poll(slot, generation));
      return;
    }
    TimedRollout rollout = slot.rollout;
    while (slot.wantedRead < wanted.size()) {
      carryOut(slot, rollout.on(new Input.WantedRead(wanted.get(slot.wantedRead++)), now));
    }
    for (int end = status.size(); slot.statusRead < end; slot.statusRead++) {
      Status one = status.get(slot.statusRead);
      carryOut(
          slot,
          one.report == null
              ? rollout.deleted(one.instance, now)
              : rollout.read(one.instance, one.report, one.beat, slot.statusRead, now));
    }
    carryOut(slot, rollout.tick(now));
    after(POLL, () -> poll(slot, generation));
  }

  private void carryOut(Slot slot, List<Output> outputs) {
    for (Output output : outputs) {
      if (output instanceof Output.Publish publish) {
        Status one = new Status(slot.name, publish.report(), slot.rollout.sent(now));
        after(APPEND, () -> append(one));
      } else if (output instanceof Output.Forget forget) {
        after(APPEND, () -> append(new Status(forget.instance(), null, 0)));
      } else if (output instanceof Output.Reply reply) {
        after(APPEND, () -> newest().answered(reply.answer()).ifPresent(this::append));
      } else if (output instanceof Output.Prepare) {
        step(slot, "prepare", new Input.Prepared());
      } else if (output instanceof Output.Load load) {
        load(slot, load.version());
      } else if (output instanceof Output.Abandon) {
        slot.abandoned = true;
      } else if (output instanceof Output.Use use) {
        served.add(slot.name + "/" + use.roles().version(Role.ACTIVE));
      }
    }
    Phase phase = slot.rollout.rollout().report().phase();
    boolean busy = phase == Phase.CHANGING || phase == Phase.SOAKING;
    if (busy && slot.rollout.rollout().report().serving() != null) {
      changing.add(slot);
      mostChanging = Math.max(mostChanging, changing.size());
    } else {
      changing.remove(slot);
    }
  }

  private void load(Slot slot, String version) {
    if (slot.rollout.rollout().report().serving() != null) {
      loads++;
    }
    boolean fails = broken.getOrDefault(version, number -> false).test(slot.number);
    step(slot, "load", fails ? new Input.StepFailed("it does not load") : new Input.Loaded());
  }

  /** A step takes its time, and ends in one input. */
  private void step(Slot slot, String what, Input end) {
    slot.abandoned = false;
    int least = setting.load()[0];
    int most = setting.load()[1];
    long seconds = least + random.nextInt(most - least + 1);
    long nanos = Duration.ofSeconds(seconds).toNanos() / (what.equals("load") ? 1 : 10);
    int generation = slot.generation;
    after(
        nanos,
        () -> {
          if (slot.alive(generation)) {
            Input input = slot.abandoned ? new Input.StepFailed("abandoned") : end;
            carryOut(slot, slot.rollout.on(input, now));
          }
        });
  }

  private void append(Wanted next) {
    wanted.add(next);
  }

  private void append(Status one) {
    if (one.report == null) {
      last.remove(one.instance);
    } else {
      last.put(one.instance, status.size());
    }
    status.add(one);
  }
}
