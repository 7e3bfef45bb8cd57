package io.clipstream.streams.live.rollout;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Breadth-first search through all states of a {@link RolloutModel}. */
final class Exploration {
  private final RolloutModel model;
  private final Canon canon;
  private final Interner interner = new Interner();
  private final StateTable table = new StateTable();
  private final ArrayDeque<int[]> ahead = new ArrayDeque<>();
  private int[] parents = new int[1 << 16];

  // Transitions that need no fault, by state: the targets of state n lie before ends[n].
  private int[] targets = new int[1 << 18];
  private int[] ends = new int[1 << 16];
  private int edges;
  private int transitions;

  Exploration(RolloutModel model) {
    this.model = model;
    canon = new Canon(model.machines, model.setting.instances());
  }

  int states() {
    return table.size();
  }

  int transitions() {
    return transitions;
  }

  /**
   * Looks at everything.
   *
   * @param limit states at most
   * @throws RolloutModel.Broken with the way to the state where a promise is broken
   */
  void run(int limit) {
    number(model.start(), -1);
    for (int state = 0; !ahead.isEmpty(); state++) {
      if (table.size() > limit) {
        throw new IllegalStateException("more than " + limit + " states");
      }
      expand(state, World.decode(ahead.remove(), model.setting.instances(), interner));
      ends = room(ends, state + 1);
      ends[state] = edges;
    }
    checkThatItEnds();
  }

  private void expand(int state, World world) {
    try {
      model.check(world);
      boolean goesOn = false;
      for (RolloutModel.Next next : model.next(world)) {
        int target = number(next.world(), state);
        transitions++;
        if (!next.fault()) {
          goesOn = true;
          targets = room(targets, edges + 1);
          targets[edges++] = target;
        }
      }
      if (!goesOn && !model.atRest(world)) {
        throw new RolloutModel.Broken("nothing goes on, and it is not at rest");
      }
    } catch (RolloutModel.Broken e) {
      throw new RolloutModel.Broken(e.getMessage() + way(state));
    }
  }

  /** Without further faults no state comes back, so that every run ends, and ends at rest. */
  private void checkThatItEnds() {
    int[] incoming = new int[table.size()];
    for (int i = 0; i < edges; i++) {
      incoming[targets[i]]++;
    }
    int[] order = new int[table.size()];
    int found = 0;
    for (int state = 0; state < incoming.length; state++) {
      if (incoming[state] == 0) {
        order[found++] = state;
      }
    }
    for (int at = 0; at < found; at++) {
      int state = order[at];
      for (int i = state == 0 ? 0 : ends[state - 1]; i < ends[state]; i++) {
        if (--incoming[targets[i]] == 0) {
          order[found++] = targets[i];
        }
      }
    }
    for (int state = 0; found < incoming.length && state < incoming.length; state++) {
      if (incoming[state] > 0) {
        throw new RolloutModel.Broken("it goes round in circles" + way(state));
      }
    }
  }

  private int number(World world, int parent) {
    int known = table.size();
    int number = table.number(canon.key(world));
    if (number == known) {
      parents = room(parents, number + 1);
      parents[number] = parent;
      ahead.add(world.encode(interner));
    }
    return number;
  }

  private static int[] room(int[] array, int size) {
    return size <= array.length ? array : Arrays.copyOf(array, array.length * 2);
  }

  /** A shortest way to a state, one step a line, and what everybody is then. */
  private String way(int state) {
    List<Integer> path = new ArrayList<>();
    for (int at = state; at > 0; at = parents[at]) {
      path.add(0, at);
    }
    StringBuilder text = new StringBuilder();
    World world = model.start();
    for (int step : path) {
      for (RolloutModel.Next next : model.next(world)) {
        if (number(next.world(), -1) == step) {
          text.append("\n  ").append(next.what());
          world = next.world();
          break;
        }
      }
    }
    for (World.Slot slot : world.slots) {
      text.append("\n = ").append(slot.link).append(' ');
      text.append(slot.machine == null ? "dead" : model.machines.get(slot.machine).report());
    }
    return text.append("\n = ").append(world.newest()).toString();
  }
}
