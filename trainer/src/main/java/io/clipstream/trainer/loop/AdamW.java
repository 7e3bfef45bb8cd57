package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Adam with decoupled weight decay (https://arxiv.org/abs/1711.05101) over the parameters of one
 * block, with gradients clipped by their global norm and a running mean of the weights: one call
 * for all of them. DJL's own optimiser decays every parameter and cannot save its state. Training
 * thread only.
 */
final class AdamW implements AutoCloseable {
  private static final double BETA1 = 0.9;
  private static final double EPSILON = 1e-8;

  /** Before a parameter's name: the key of its values in a state. */
  private static final String WEIGHT = "weight ";

  /**
   * What a step depends on besides its learning rate.
   *
   * @param weightDecay of matrices, times the learning rate
   * @param beta2 share of the squared gradients' running mean that a step keeps
   * @param maxGradNorm gradients are scaled down to this global norm
   * @param emaDecay share of the weights' running mean that a step keeps, less in the first steps;
   *     0 for no mean
   */
  record Options(double weightDecay, double beta2, double maxGradNorm, double emaDecay) {}

  /** One parameter and what is remembered of its gradients. */
  private record Slot(
      String name,
      NDArray weight,
      NDArray mean,
      NDArray variance,
      NDArray average,
      double decay,
      double rate) {
    /**
     * What stands in a list of the source.
     *
     * @param scope that owns it if it is the gradient
     */
    NDArray of(String list, NDManager scope) {
      return switch (list) {
        case "weights" -> weight;
        case "gradients" -> {
          NDArray gradient = weight.getGradient();
          gradient.attach(scope);
          yield gradient;
        }
        case "means" -> mean;
        case "variances" -> variance;
        case "averages" -> average;
        default -> throw new IllegalArgumentException(list);
      };
    }
  }

  private final NDManager manager;
  private final Options options;
  private final List<Slot> slots = new ArrayList<>();

  /** The slots of each rate and decay. */
  private final List<List<Slot>> groups;

  private final TorchFunction function;
  private int steps;

  /** As the other, with one learning rate for all. */
  AdamW(Iterable<Pair<String, Parameter>> parameters, NDManager parent, Options options) {
    this(parameters, parent, options, name -> 1);
  }

  /**
   * Starts with no memory.
   *
   * @param options whose weight decay is of matrices only: no biases, norms or position tables
   * @param rates what the learning rate of a parameter is multiplied by; at 0 it stays as it is
   */
  AdamW(
      Iterable<Pair<String, Parameter>> parameters,
      NDManager parent,
      Options options,
      ToDoubleFunction<String> rates) {
    this.manager = parent.newSubManager();
    this.options = options;
    for (Pair<String, Parameter> parameter : parameters) {
      NDArray weight = parameter.getValue().getArray();
      boolean matrix = decays(parameter.getKey(), weight.getShape().dimension());
      slots.add(
          new Slot(
              parameter.getKey(),
              weight,
              manager.zeros(weight.getShape()),
              manager.zeros(weight.getShape()),
              manager.create(weight.toFloatArray(), weight.getShape()),
              matrix ? options.weightDecay : 0,
              rates.applyAsDouble(parameter.getKey())));
    }
    this.groups =
        List.copyOf(
            slots.stream()
                .collect(
                    Collectors.groupingBy(
                        slot -> List.of(slot.rate, slot.decay),
                        LinkedHashMap::new,
                        Collectors.toList()))
                .values());
    List<AdamWSource.Group> common =
        groups.stream()
            .map(g -> new AdamWSource.Group(g.size(), g.get(0).rate, g.get(0).decay))
            .toList();
    this.function = new TorchFunction(AdamWSource.of(common, BETA1, EPSILON), parent.getDevice());
  }

  /**
   * Whether weights are decayed.
   *
   * @param name torchvision's
   * @param axes of the parameter
   */
  static boolean decays(String name, int axes) {
    return axes >= 2 && !name.endsWith("relative_position_bias_table");
  }

  /**
   * Takes one step down the gradients of the last backward pass and clears them. If they are not
   * finite, no step is taken.
   *
   * @return the global norm of the gradients before clipping
   */
  double step(double learningRate) {
    try (NDManager scope = manager.newSubManager();
        NDManager host = manager.newSubManager(Device.cpu())) {
      NDList arguments = new NDList(host.create(numbers(learningRate)));
      for (int g = 0; g < groups.size(); g++) {
        for (String list : AdamWSource.LISTS) {
          for (Slot slot : groups.get(g)) {
            TorchFunction.add(arguments, list + g, slot.of(list, scope));
          }
        }
      }
      double norm = function.run(arguments).getFloat();
      if (Double.isFinite(norm)) {
        steps++;
      }
      return norm;
    }
  }

  /**
   * The gradients of the last backward passes, in the parameters' order.
   *
   * @param scope that owns the arrays, not their memory
   */
  NDList gradients(NDManager scope) {
    NDList gradients = new NDList(slots.size());
    slots.forEach(slot -> gradients.add(slot.of("gradients", scope)));
    return gradients;
  }

  /** What the script takes first. */
  private double[] numbers(double learningRate) {
    int step = steps + 1;
    double keep = Math.min(options.emaDecay, (1.0 + step) / (10 + step));
    return new double[] {
      learningRate, step, options.beta2, options.maxGradNorm, keep, options.emaDecay > 0 ? 1 : 0
    };
  }

  /** The weights to evaluate and keep: their running mean, or as they are without one. */
  Map<String, float[]> weights() {
    Map<String, float[]> weights = new LinkedHashMap<>();
    for (Slot slot : slots) {
      weights.put(slot.name, (options.emaDecay > 0 ? slot.average : slot.weight).toFloatArray());
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
    try (ParameterCopy into = new ParameterCopy(manager.getDevice())) {
      for (Slot slot : slots) {
        into.copy(state.get(WEIGHT + slot.name), slot.weight);
        into.copy(state.get("mean " + slot.name), slot.mean);
        into.copy(state.get("variance " + slot.name), slot.variance);
        into.copy(state.get("average " + slot.name), slot.average);
      }
    }
  }

  /** Frees the memory of gradients; the weights are the block's. */
  @Override
  public void close() {
    function.close();
    manager.close();
  }
}
