package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.util.cuda.CudaUtils;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.DirectMemory;
import io.clipstream.model.infer.PageLock;
import io.clipstream.model.kernels.KernelForm;
import io.clipstream.model.kernels.KernelsUnavailableException;
import io.clipstream.trainer.data.Batches;
import io.clipstream.trainer.data.Shown;
import io.clipstream.trainer.recipe.Recipe;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Steps of training Swin3D-T on random pixels, 32 frames of 224x224: clips a second and the memory
 * of the first device, for each number of devices.
 *
 * <pre>TrainingBenchmark FOLDER DEVICES CLIPS STEPS [KEY=VALUE...]</pre>
 *
 * where DEVICES is such as {@code 1,2,4}, CLIPS are those of a device in a step, and keys are of
 * recipes. With {@code write} as DEVICES it writes {@code learning.pt}, and where there are kernels
 * for it {@code kernels.pt}, and stops.
 */
public final class TrainingBenchmark {
  static final int WARM_UP = 6;
  private static final int LABELS = 400;

  private TrainingBenchmark() {}

  /** The only one of its kind. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    int clips = Integer.parseInt(arguments[2]);
    int steps = Integer.parseInt(arguments[3]);
    Map<String, String> keys =
        Arrays.stream(arguments)
            .skip(4)
            .map(pair -> pair.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    if (arguments[1].equals("write")) {
      Recipe recipe = recipe(folder, clips, keys);
      Path learning = folder.resolve("learning.pt");
      Learner.write(learning, recipe, recipe.firstWeights());
      try (InputStream in = KernelForm.openLearning(ModelArtifact.open(learning), Device.gpu())) {
        Files.copy(in, folder.resolve("kernels.pt"), StandardCopyOption.REPLACE_EXISTING);
      } catch (KernelsUnavailableException e) {
        System.out.println("without kernels.pt: " + e.getMessage());
      }
      return;
    }
    double first = 0;
    for (String number : arguments[1].split(",", -1)) {
      int devices = Integer.parseInt(number);
      double rate = measure(folder, devices, clips, steps, keys);
      first = first == 0 ? rate : first;
      System.out.printf("%d devices: %.2f times the first%n", devices, rate / first);
    }
  }

  static double measure(Path folder, int replicas, int clips, int steps, Map<String, String> keys)
      throws Exception {
    boolean gpu = Engine.getEngine("PyTorch").getGpuCount() > 0;
    List<Device> devices =
        IntStream.range(0, replicas).mapToObj(i -> gpu ? Device.gpu(i) : Device.cpu()).toList();
    int size = replicas * clips;
    Recipe recipe = recipe(folder, size, keys);
    Path initial = folder.resolve("learning.pt");
    Learner.write(initial, recipe, recipe.firstWeights());
    ByteBuffer pixels = DirectMemory.allocate(size * recipe.clip().clipBytes());
    byte[] bytes = new byte[pixels.capacity()];
    new Random(1).nextBytes(bytes);
    pixels.put(bytes).flip();
    boolean locked = gpu && PageLock.lock(pixels);
    int[] classes = new Random(2).ints(size, 0, LABELS).toArray();
    Batches.Batch batch =
        new Batches.Batch(pixels, Shown.plain(classes), IntStream.range(0, size).toArray());
    int[] counts = new int[LABELS];
    Arrays.fill(counts, 1);
    Tally tally = new Tally(LABELS);
    double[] seconds = new double[steps];
    try (Learner learner =
        new Learner(initial, recipe, counts, clip -> Path.of("clip" + clip), devices)) {
      for (int step = -WARM_UP; step < steps; step++) {
        long start = System.nanoTime();
        learner.step(batch, Math.max(0, step), 1e-5, tally);
        if (step >= 0) {
          seconds[step] = (System.nanoTime() - start) / 1e9;
        }
      }
      double mean = Arrays.stream(seconds).average().orElseThrow();
      Arrays.sort(seconds);
      System.out.printf(
          "%d devices, %d clips each, %s: %.1f clips/s; step %.1f ms (median %.1f, slowest %.1f), loss"
              + " %.5f, %s%n",
          replicas,
          clips,
          keys,
          size / mean,
          1000 * mean,
          1000 * seconds[steps / 2],
          1000 * seconds[steps - 1],
          tally.loss(),
          gpu
              ? "memory in use %.2f GiB"
                  .formatted(
                      CudaUtils.getGpuMemory(devices.get(0)).getCommitted() / (double) (1 << 30))
              : "CPU");
      return size / mean;
    } finally {
      if (locked) {
        PageLock.unlock(pixels);
      }
      DirectMemory.free(pixels);
    }
  }

  static Recipe recipe(Path folder, int batch, Map<String, String> more) throws Exception {
    Map<String, String> keys = new TreeMap<>();
    keys.put("model.name", "benchmark");
    keys.put("model.version", "1");
    keys.put(
        "labels",
        IntStream.range(0, LABELS).mapToObj(i -> "class" + i).collect(Collectors.joining(",")));
    keys.put("data.list", "none.csv");
    keys.put("clip.frames", "32");
    keys.put("clip.stride", "2");
    keys.put("clip.short-side", "224");
    keys.put("clip.crop", "224");
    keys.put("clip.mean", "0.485,0.456,0.406");
    keys.put("clip.std", "0.229,0.224,0.225");
    keys.put("network.embed-dim", "96");
    keys.put("network.depths", "2,2,6,2");
    keys.put("network.heads", "3,6,12,24");
    keys.put("network.window", "8,7,7");
    keys.put("network.patch", "2,4,4");
    keys.put("network.mlp-ratio", "4");
    keys.put("network.stochastic-depth", "0.1");
    keys.put("train.epochs", "1");
    keys.put("train.batch-size", String.valueOf(batch));
    keys.put("train.learning-rate", "1e-5");
    keys.put("train.final-learning-rate", "1e-5");
    keys.put("train.warmup-epochs", "0");
    keys.put("train.weight-decay", "0.05");
    keys.put("train.beta2", "0.999");
    keys.put("train.label-smoothing", "0");
    keys.put("train.max-grad-norm", "1e9");
    keys.put("train.ema-decay", "0");
    keys.put("train.initialisation", "torchvision");
    keys.put("train.seed", "1");
    keys.putAll(more);
    StringBuilder text = new StringBuilder();
    keys.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
    return Recipe.read(
        Files.writeString(folder.resolve("benchmark.properties"), text.toString()), Map.of());
  }
}
