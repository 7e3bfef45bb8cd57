package io.clipstream.streams.live.rollout;

import io.clipstream.streams.live.rollout.World.Entry;
import io.clipstream.streams.live.rollout.World.Slot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What is the same about states of the whole that differ in the names of instances or in offsets
 * alone: of the names nothing depends, of the offsets of claims their order only.
 */
final class Canon {
  /** A fingerprint of 128 bits, taken for the state. */
  record Key(long high, long low) {}

  private final Machines machines;
  private final Interner shapes = new Interner();
  private final List<int[]> machineShapes = new ArrayList<>();
  private final List<int[]> orders;

  Canon(Machines machines, int slots) {
    this.machines = machines;
    orders = new ArrayList<>();
    permute(new int[slots], 0, 0);
  }

  private void permute(int[] order, int at, int used) {
    if (at == order.length) {
      orders.add(order.clone());
      return;
    }
    for (int i = 0; i < order.length; i++) {
      if ((used & 1 << i) == 0) {
        order[at] = i;
        permute(order, at + 1, used | 1 << i);
      }
    }
  }

  Key key(World world) {
    long[] places = places(world);
    int[] least = null;
    int[][] signatures = new int[world.slots.length][];
    for (int i = 0; i < signatures.length; i++) {
      signatures[i] = signature(world.slots[i], places);
    }
    for (int[] names : orders) {
      if (!ascending(signatures, names)) {
        continue;
      }
      int[] code = encode(world, names, places);
      if (least == null || Arrays.compare(code, least) < 0) {
        least = code;
      }
    }
    long high = 0x9E3779B97F4A7C15L;
    long low = 0xC2B2AE3D27D4EB4FL;
    for (int value : least) {
      high = mix(high ^ value);
      low = mix(low + value * 0x165667B19E3779F9L);
    }
    return new Key(high, low);
  }

  /** What of a slot does not depend on names, so that slots that differ in it need no exchange. */
  private int[] signature(Slot slot, long[] places) {
    int[] shape = slot.machine == null ? new int[] {-1, -1} : machineShape(slot.machine);
    return new int[] {
      slot.starts | slot.link.code << 4 | (slot.zombie ? 1 << 7 : 0) | slot.wantedRead << 8,
      slot.logRead,
      shape[0],
      slot.machine == null ? -1 : rank(shape[1], places)
    };
  }

  private static boolean ascending(int[][] signatures, int[] names) {
    for (int i = 0; i < names.length; i++) {
      for (int j = 0; j < names.length; j++) {
        if (names[i] < names[j] && Arrays.compare(signatures[i], signatures[j]) > 0) {
          return false;
        }
      }
    }
    return true;
  }

  private static long mix(long x) {
    long y = (x ^ x >>> 32) * 0xD6E8FEB86659FD93L;
    y = (y ^ y >>> 29) * 0xBF58476D1CE4E5B9L;
    return y ^ y >>> 32;
  }

  /** The places in the queue that anybody knows of, in order. */
  private long[] places(World world) {
    TreeSet<Long> places = new TreeSet<>();
    for (Slot slot : world.slots) {
      if (slot.machine != null) {
        int[] shape = machineShape(slot.machine);
        for (int i = 1; i < shape.length; i += 3) { // the turn, then each peer's place
          places.add((long) shape[i]);
        }
      }
    }
    for (Entry entry : world.log) {
      places.add(place(entry));
    }
    for (Entry entry : world.last.values()) {
      places.add(place(entry));
    }
    return places.stream().mapToLong(Long::longValue).toArray();
  }

  private static long place(Entry entry) {
    Report report = entry.report();
    return report.ticket() > 0 && report.turn() == Report.NONE ? entry.offset() : report.turn();
  }

  private int[] encode(World world, int[] names, long[] places) {
    int slots = world.slots.length;
    int[] code = new int[400];
    int at = 0;
    for (Wanted wanted : world.wanted) {
      code[at++] = shapes.id(wanted);
    }
    code[at++] = -2;
    code[at++] = shapes.id(world.choices);
    for (Entry entry : world.log) {
      at = entry(code, at, entry, names, places);
    }
    code[at++] = -2;
    int[] left = new int[world.last.size()];
    int entries = 0;
    int[] scratch = new int[3];
    for (Entry entry : world.last.values()) {
      entry(scratch, 0, entry, names, places);
      left[entries++] = shapes.id(List.of(scratch[0], scratch[1], scratch[2]));
    }
    Arrays.sort(left);
    for (int each : left) {
      code[at++] = each;
    }
    code[at++] = -2;
    for (int position = 0; position < slots; position++) {
      for (int i = 0; i < slots; i++) {
        if (names[i] == position) {
          at = slot(code, at, world.slots[i], names, places);
        }
      }
    }
    code[at++] = world.orders | world.crashes << 4 | world.failures << 8 | world.alarms << 12;
    code[at++] = world.freezes | world.cuts << 4;
    return Arrays.copyOf(code, at);
  }

  private int entry(int[] code, int from, Entry entry, int[] names, long[] places) {
    int at = from;
    Report report = entry.report();
    code[at++] = name(entry.instance(), names);
    code[at++] = shapes.id(without(report));
    code[at++] = rank(place(entry), places) << 1 | (report.turn() == Report.NONE ? 0 : 1);
    return at;
  }

  private int slot(int[] code, int from, Slot slot, int[] names, long[] places) {
    int at = from;
    code[at++] = slot.starts | slot.link.code << 4 | (slot.zombie ? 1 << 7 : 0);
    code[at++] = slot.wantedRead | slot.logRead << 8;
    code[at++] = slot.unsent == null ? -1 : shapes.id(slot.unsent);
    code[at++] = slot.replies.isEmpty() ? -1 : shapes.id(slot.replies);
    if (slot.machine == null) {
      code[at++] = -1;
      return at;
    }
    int[] shape = machineShape(slot.machine);
    code[at++] = shape[0];
    code[at++] = rank(shape[1], places);
    int peers = at;
    for (int i = 2; i < shape.length; i += 3) {
      int name = shape[i];
      int known = shape[i + 1];
      int place = rank(shape[i + 2], places);
      // Insertion sort by the new name, three numbers each.
      int to = at;
      int renamed = names[name >> 4] << 4 | (name & 15);
      while (to > peers && code[to - 3] > renamed) {
        System.arraycopy(code, to - 3, code, to, 3);
        to -= 3;
      }
      code[to] = renamed;
      code[to + 1] = known;
      code[to + 2] = place;
      at += 3;
    }
    code[at++] = -2;
    return at;
  }

  /**
   * Number of what decides but for peers and turn; the turn; then name, shape and place of each.
   */
  private int[] machineShape(int id) {
    while (machineShapes.size() <= id) {
      machineShapes.add(null);
    }
    int[] shape = machineShapes.get(id);
    if (shape == null) {
      InstanceRollout machine = machines.get(id);
      List<Object> rest = new ArrayList<>(machine.state());
      rest.add(without(machine.report()));
      Map<String, Peer> living = machine.peers().living();
      Map<String, Peer> died = machine.peers().remembered();
      shape = new int[2 + 3 * (living.size() + died.size())];
      shape[0] = shapes.id(rest);
      shape[1] = (int) machine.report().turn();
      int at = 2;
      for (Map.Entry<String, Peer> peer : living.entrySet()) {
        boolean queued = peer.getValue() instanceof Peer.Queued;
        shape[at++] = number(peer.getKey());
        shape[at++] = shapes.id(queued ? Peer.Queued.class : peer.getValue());
        shape[at++] = peer.getValue() instanceof Peer.Queued q ? (int) q.place() : -1;
      }
      for (Map.Entry<String, Peer> peer : died.entrySet()) {
        shape[at++] = number(peer.getKey());
        shape[at++] = shapes.id(List.of("gone", peer.getValue()));
        shape[at++] = -1;
      }
      machineShapes.set(id, shape);
    }
    return shape;
  }

  private static Report without(Report report) {
    return new Report(
        report.phase(),
        report.serving(),
        report.candidate(),
        report.rollout(),
        report.ticket(),
        report.turn() == Report.NONE ? Report.NONE : 0,
        report.detail());
  }

  private static int number(String name) {
    return (name.charAt(0) - 'a') << 4 | (name.charAt(1) - '0');
  }

  private static int name(String name, int[] names) {
    int number = number(name);
    return names[number >> 4] << 4 | (number & 15);
  }

  private static int rank(long place, long[] places) {
    return Arrays.binarySearch(places, place);
  }
}
