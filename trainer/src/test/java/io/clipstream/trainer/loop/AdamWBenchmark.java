package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.util.Pair;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A step of the optimiser over the parameters of Swin3D-T, against one with DJL's calls for each
 * parameter. Not among the tests of a build: {@code -Dtest=AdamWBenchmark} runs it.
 */
class AdamWBenchmark {
  private static final int STEPS = 7;
  private static final AdamW.Options OPTIONS = new AdamW.Options(0.05, 0.999, 1, 0.998);

  private final List<Pair<String, Parameter>> parameters = new ArrayList<>();
  private final List<NDArray> weights = new ArrayList<>();

  @Test
  void compare() {
    Device device = Engine.getEngine("PyTorch").defaultDevice();
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      Swin3dConfig tiny =
          new Swin3dConfig(
              96,
              List.of(2, 2, 6, 2),
              List.of(3, 6, 12, 24),
              List.of(8, 7, 7),
              List.of(2, 4, 4),
              4,
              0,
              0,
              0,
              true,
              400);
      Swin3d.shapes(tiny).forEach((name, shape) -> add(manager, name, shape));
      double[] one = new double[STEPS];
      double[] many = new double[STEPS];
      try (AdamW optimizer = new AdamW(parameters, manager, OPTIONS)) {
        CallForEach calls = new CallForEach(manager);
        for (int step = 0; step < STEPS; step++) {
          gradients(manager);
          one[step] = millis(() -> optimizer.step(1e-4));
          gradients(manager);
          many[step] = millis(() -> calls.step(1e-4));
        }
      }
      double ratio = median(many) / median(one);
      System.out.printf(
          "AdamW on %s, %d parameters of %d values: one call %.1f ms, calls for each %.1f ms, ratio"
              + " %.2f%n",
          device,
          weights.size(),
          weights.stream().mapToLong(NDArray::size).sum(),
          median(one),
          median(many),
          ratio);
      assertThat(ratio).isGreaterThan(1);
    }
  }

  private void add(NDManager manager, String name, List<Integer> shape) {
    NDArray array = manager.ones(new Shape(shape.stream().mapToLong(i -> i).toArray()));
    array.setRequiresGradient(true);
    Parameter parameter = Parameter.builder().setName(name).setType(Parameter.Type.OTHER).build();
    parameter.setArray(array);
    parameters.add(new Pair<>(name, parameter));
    weights.add(array);
  }

  private void gradients(NDManager manager) {
    try (NDManager scope = manager.newSubManager();
        GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
      NDList sums = new NDList();
      for (NDArray weight : weights) {
        NDArray sum = weight.mul(0.01).sum();
        sum.attach(scope);
        sums.add(sum);
      }
      NDArray all = NDArrays.stack(sums).sum();
      all.attach(scope);
      collector.backward(all);
    }
  }

  private static double millis(Runnable step) {
    long start = System.nanoTime();
    step.run();
    return (System.nanoTime() - start) / 1e6;
  }

  private static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** The same step as training took it before: DJL's calls for each parameter. */
  private final class CallForEach {
    private final NDManager manager;
    private final List<NDArray> means = new ArrayList<>();
    private final List<NDArray> variances = new ArrayList<>();
    private final List<NDArray> averages = new ArrayList<>();

    CallForEach(NDManager manager) {
      this.manager = manager;
      for (NDArray weight : weights) {
        means.add(manager.zeros(weight.getShape()));
        variances.add(manager.zeros(weight.getShape()));
        averages.add(manager.ones(weight.getShape()));
      }
    }

    void step(double rate) {
      try (NDManager scope = manager.newSubManager()) {
        NDList gradients = new NDList();
        NDList squares = new NDList();
        for (NDArray weight : weights) {
          NDArray gradient = weight.getGradient();
          gradient.attach(scope);
          gradients.add(gradient);
          NDArray square = gradient.square().sum();
          square.attach(scope);
          squares.add(square);
        }
        double norm = Math.sqrt(NDArrays.stack(squares).sum().getFloat());
        float rescale = (float) Math.min(1, OPTIONS.maxGradNorm() / (norm + 1e-6));
        for (int i = 0; i < weights.size(); i++) {
          NDArray weight = weights.get(i);
          weight
              .getNDArrayInternal()
              .adamUpdate(
                  new NDList(weight, gradients.get(i), means.get(i), variances.get(i)),
                  new NDList(weight),
                  (float) rate,
                  (float) rate,
                  weight.getShape().dimension() > 1 ? 0.05f : 0,
                  rescale,
                  -1,
                  0.9f,
                  0.999f,
                  1e-8f,
                  true,
                  true);
          try (NDArray now = weight.duplicate()) {
            now.muli(0.002);
            averages.get(i).muli(0.998).addi(now);
          }
        }
      }
    }
  }
}
