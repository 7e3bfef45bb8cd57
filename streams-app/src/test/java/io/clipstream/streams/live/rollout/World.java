package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A state of the whole: what the two topics hold beyond what everybody has read, and each slot, a
 * place where one process after the other runs.
 */
final class World {
  /** What stands between a process and Kafka. */
  enum Link {
    UP(0),
    /** The process stands still; it will learn first that its lease is lost. */
    FROZEN(1),
    /** It runs, reads nothing and is not heard. */
    CUT(2),
    /** And has noticed. */
    CUT_AND_LEASE_LOST(3);

    final int code;

    Link(int code) {
      this.code = code;
    }
  }

  /** A record of {@code models.status}. */
  record Entry(String instance, Report report, long offset) {}

  /** Which versions a rollout began with. */
  record Choice(String active, String canary, String shadow) {
    static Choice of(Wanted wanted) {
      return new Choice(wanted.active(), wanted.canary(), wanted.shadow());
    }

    String version(Role role) {
      return switch (role) {
        case ACTIVE -> active;
        case CANARY -> canary;
        case SHADOW -> shadow;
      };
    }
  }

  /** One place for a process. */
  static final class Slot {
    /** The process, null: dead. */
    Integer machine;

    int starts;
    Link link = Link.UP;
    int wantedRead;
    int logRead;
    Report unsent;
    boolean zombie;
    List<Answer> replies = List.of();

    Slot copy() {
      Slot copy = new Slot();
      copy.machine = machine;
      copy.starts = starts;
      copy.link = link;
      copy.wantedRead = wantedRead;
      copy.logRead = logRead;
      copy.unsent = unsent;
      copy.zombie = zombie;
      copy.replies = replies;
      return copy;
    }

    boolean up() {
      return machine != null && link == Link.UP;
    }

    boolean runs() {
      return machine != null && link != Link.FROZEN;
    }
  }

  List<Wanted> wanted = new ArrayList<>();

  /** Of each rollout from the first on. */
  List<Choice> choices = List.of();

  List<Entry> log = new ArrayList<>();
  Map<String, Entry> last = new TreeMap<>();
  Slot[] slots;
  int orders;
  int crashes;
  int failures;
  int alarms;
  int freezes;
  int cuts;

  World copy() {
    World copy = new World();
    copy.wanted = new ArrayList<>(wanted);
    copy.choices = choices;
    copy.log = new ArrayList<>(log);
    copy.last = new TreeMap<>(last);
    copy.slots = new Slot[slots.length];
    for (int i = 0; i < slots.length; i++) {
      copy.slots[i] = slots[i].copy();
    }
    copy.orders = orders;
    copy.crashes = crashes;
    copy.failures = failures;
    copy.alarms = alarms;
    copy.freezes = freezes;
    copy.cuts = cuts;
    return copy;
  }

  Wanted newest() {
    return wanted.get(wanted.size() - 1);
  }

  /** Somebody writes what is wanted. */
  void write(Wanted next) {
    wanted.add(next);
    if (next.rollout() > choices.size()) {
      List<Choice> more = new ArrayList<>(choices);
      more.add(Choice.of(next));
      choices = List.copyOf(more);
    }
  }

  /** Whether the rollout, and none before it, made the version what it is. */
  boolean chose(long rollout, Role role, String version) {
    int at = (int) rollout - 1;
    return at >= 0
        && at < choices.size()
        && version.equals(choices.get(at).version(role))
        && (at == 0 || !version.equals(choices.get(at - 1).version(role)));
  }

  /** Forgets what everybody has read. */
  void trim() {
    int wantedRead = wanted.size() - 1;
    int logRead = log.size();
    for (Slot slot : slots) {
      if (slot.machine != null) {
        wantedRead = Math.min(wantedRead, slot.wantedRead);
        logRead = Math.min(logRead, slot.logRead);
      }
    }
    wanted = wanted.subList(wantedRead, wanted.size());
    log = log.subList(logRead, log.size());
    boolean noMoreStarts = crashes == 0;
    for (Slot slot : slots) {
      if (slot.machine != null) {
        slot.wantedRead -= wantedRead;
        slot.logRead -= logRead;
      } else {
        noMoreStarts = false;
        slot.wantedRead = 0;
        slot.logRead = 0;
      }
    }
    if (noMoreStarts) {
      last.clear();
    }
  }

  int[] encode(Interner interner) {
    int[] code = new int[4 + wanted.size() + log.size() + last.size() + slots.length * 4 + 2];
    int at = 0;
    code[at++] = wanted.size();
    for (Wanted each : wanted) {
      code[at++] = interner.id(each);
    }
    code[at++] = interner.id(choices);
    code[at++] = log.size();
    for (Entry each : log) {
      code[at++] = interner.id(each);
    }
    code[at++] = last.size();
    for (Entry each : last.values()) {
      code[at++] = interner.id(each);
    }
    for (Slot slot : slots) {
      code[at++] = slot.machine == null ? -1 : slot.machine;
      code[at++] =
          slot.starts
              | slot.link.code << 4
              | (slot.zombie ? 1 << 7 : 0)
              | slot.wantedRead << 8
              | slot.logRead << 16;
      code[at++] = slot.unsent == null ? -1 : interner.id(slot.unsent);
      code[at++] = slot.replies.isEmpty() ? -1 : interner.id(slot.replies);
    }
    code[at++] = orders | crashes << 4 | failures << 8 | alarms << 12;
    code[at] = freezes | cuts << 4;
    return code;
  }

  static World decode(int[] code, int slotCount, Interner interner) {
    World world = new World();
    int at = 0;
    for (int n = code[at++]; n > 0; n--) {
      world.wanted.add((Wanted) interner.value(code[at++]));
    }
    world.choices = interner.choices(code[at++]);
    for (int n = code[at++]; n > 0; n--) {
      world.log.add((Entry) interner.value(code[at++]));
    }
    for (int n = code[at++]; n > 0; n--) {
      Entry entry = (Entry) interner.value(code[at++]);
      world.last.put(entry.instance(), entry);
    }
    world.slots = new Slot[slotCount];
    for (int i = 0; i < slotCount; i++) {
      Slot slot = new Slot();
      slot.machine = code[at] < 0 ? null : code[at];
      int bits = code[at + 1];
      slot.starts = bits & 15;
      slot.link = Link.values()[bits >> 4 & 7];
      slot.zombie = (bits & 1 << 7) != 0;
      slot.wantedRead = bits >> 8 & 255;
      slot.logRead = bits >> 16;
      slot.unsent = code[at + 2] < 0 ? null : (Report) interner.value(code[at + 2]);
      slot.replies = code[at + 3] < 0 ? List.of() : interner.answers(code[at + 3]);
      at += 4;
      world.slots[i] = slot;
    }
    world.orders = code[at] & 15;
    world.crashes = code[at] >> 4 & 15;
    world.failures = code[at] >> 8 & 15;
    world.alarms = code[at] >> 12;
    world.freezes = code[at + 1] & 15;
    world.cuts = code[at + 1] >> 4;
    return world;
  }
}
