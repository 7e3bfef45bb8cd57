package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The states of {@link InstanceRollout} that were met, and where each input leads. */
final class Machines {
  /**
   * @param machine number of the state that the input leads to
   */
  record Step(int machine, List<Output> outputs) {}

  private final Map<List<Object>, Integer> ids = new HashMap<>();
  private final List<InstanceRollout> machines = new ArrayList<>();

  /** By the number of the input, for each state. */
  private final List<Map<Integer, Step>> steps = new ArrayList<>();

  private final Interner inputs = new Interner();

  InstanceRollout get(int id) {
    return machines.get(id);
  }

  int id(InstanceRollout machine) {
    List<Object> all = new ArrayList<>(machine.state());
    all.add(machine.self());
    all.add(machine.report());
    all.addAll(machine.peers().state());
    Integer id = ids.putIfAbsent(all, machines.size());
    if (id != null) {
      return id;
    }
    machines.add(machine);
    steps.add(new HashMap<>());
    return machines.size() - 1;
  }

  Step step(int machine, Input input) {
    int id = inputs.id(input);
    Step step = steps.get(machine).get(id);
    if (step == null) {
      InstanceRollout next = new InstanceRollout(machines.get(machine));
      List<Output> outputs = List.copyOf(next.on(input));
      step = new Step(id(next), outputs);
      steps.get(machine).put(id, step);
    }
    return step;
  }

  int size() {
    return machines.size();
  }
}
