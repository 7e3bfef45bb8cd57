package io.clipstream.trainer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (https://arxiv.org/abs/1711.05101) over the parameters of one
 * block, with gradients clipped by their global norm and a running mean of the weights. DJL's own
 * optimiser decays every parameter and cannot save its state. Training thread only.
 */
final class AdamW implements AutoCloseable {
  private static final float BETA1 = 0.9f;
  private static final float EPSILON = 1e-8f;

  /** Before a parameter's name: the key of its values in a state. */
  private static final String WEIGHT = "weight ";

  /** One parameter and what is remembered of its gradients. */
  private record Slot(
      String name, NDArray weight, NDArray mean, NDArray variance, NDArray average, float decay) {}

  private final List<Slot> slots = new ArrayList<>();
  private final NDManager manager;
  private final float beta2;
  private final double clipNorm;
  private final double averaging;
  private int steps;

  /**
   * Starts with no memory.
   *
   * @param decay per step and learning rate; matrices only: no biases, norms or position tables
   * @param clipNorm gradients are scaled down to this global norm
   * @param averaging share of the running mean of the weights that a step keeps; 0 for none
   */
  AdamW(
      Iterable<Pair<String, Parameter>> parameters,
      NDManager parent,
      double decay,
      double beta2,
      double clipNorm,
      double averaging) {
    this.manager = parent.newSubManager();
    this.beta2 = (float) beta2;
    this.clipNorm = clipNorm;
    this.averaging = averaging;
    for (Pair<String, Parameter> parameter : parameters) {
      NDArray weight = parameter.getValue().getArray();
      boolean matrix =
          weight.getShape().dimension() >= 2
              && !parameter.getKey().endsWith("relative_position_bias_table");
      NDArray average = manager.zeros(weight.getShape());
      weight.copyTo(average);
      slots.add(
          new Slot(
              parameter.getKey(),
              weight,
              manager.zeros(weight.getShape()),
              manager.zeros(weight.getShape()),
              average,
              matrix ? (float) decay : 0));
    }
  }

  /**
   * Takes one step down the gradients of the last backward pass and clears them.
   *
   * @return the global norm of the gradients before clipping
   */
  double step(double learningRate) {
    try (NDManager scope = manager.newSubManager()) {
      NDList gradients = new NDList();
      NDList squares = new NDList();
      for (Slot slot : slots) {
        NDArray gradient = slot.weight.getGradient();
        gradient.attach(scope);
        gradients.add(gradient);
        squares.add(gradient.square().sum());
      }
      for (NDArray square : squares) {
        square.attach(scope);
      }
      double norm = Math.sqrt(ai.djl.ndarray.NDArrays.stack(squares).sum().getFloat());
      float rescale = (float) Math.min(1, clipNorm / (norm + 1e-6));
      steps++;
      double correction = Math.sqrt(1 - Math.pow(beta2, steps)) / (1 - Math.pow(BETA1, steps));
      double keep = Math.min(averaging, (1.0 + steps) / (10 + steps));
      for (int i = 0; i < slots.size(); i++) {
        Slot slot = slots.get(i);
        slot.weight
            .getNDArrayInternal()
            .adamUpdate(
                new NDList(slot.weight, gradients.get(i), slot.mean, slot.variance),
                new NDList(slot.weight),
                (float) learningRate,
                (float) (learningRate * correction),
                slot.decay,
                rescale,
                -1,
                BETA1,
                beta2,
                EPSILON,
                true,
                true);
        if (averaging > 0) {
          try (NDArray now = slot.weight.duplicate()) {
            now.muli(1 - keep);
            slot.average.muli(keep).addi(now);
          }
        }
      }
      return norm;
    }
  }

  /** The weights to evaluate and keep: their running mean, or as they are without averaging. */
  Map<String, float[]> weights() {
    Map<String, float[]> weights = new LinkedHashMap<>();
    for (Slot slot : slots) {
      weights.put(slot.name, (averaging > 0 ? slot.average : slot.weight).toFloatArray());
    }
    return weights;
  }

  /** Everything that {@link #restore} needs. */
  Map<String, float[]> state() {
    Map<String, float[]> state = new LinkedHashMap<>();
    for (Slot slot : slots) {
      state.put(WEIGHT + slot.name, slot.weight.toFloatArray());
      state.put("mean " + slot.name, slot.mean.toFloatArray());
      state.put("variance " + slot.name, slot.variance.toFloatArray());
      state.put("average " + slot.name, slot.average.toFloatArray());
    }
    return state;
  }

  /** The weights in a {@link #state} as training left them, not their running mean. */
  static Map<String, float[]> weights(Map<String, float[]> state) {
    Map<String, float[]> weights = new LinkedHashMap<>();
    state.forEach(
        (key, values) -> {
          if (key.startsWith(WEIGHT)) {
            weights.put(key.substring(WEIGHT.length()), values);
          }
        });
    return weights;
  }

  /** Goes on from a state that was saved after {@code steps} steps. */
  void restore(Map<String, float[]> state, int stepsTaken) {
    this.steps = stepsTaken;
    for (Slot slot : slots) {
      copy(state.get(WEIGHT + slot.name), slot.weight);
      copy(state.get("mean " + slot.name), slot.mean);
      copy(state.get("variance " + slot.name), slot.variance);
      copy(state.get("average " + slot.name), slot.average);
    }
  }

  private void copy(float[] from, NDArray to) {
    try (NDArray values = manager.create(from, to.getShape())) {
      values.copyTo(to);
    }
  }

  /** Frees the memory of gradients; the weights are the block's. */
  @Override
  public void close() {
    manager.close();
  }
}
