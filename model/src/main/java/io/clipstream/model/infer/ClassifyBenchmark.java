package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;

/**
 * Speed of a model on a device through {@link TorchClassifier}: pixels in host memory in,
 * probabilities out.
 */
public final class ClassifyBenchmark {
  /** Latencies of fewer batches have no percentiles to speak of. */
  private static final int LEAST_BATCHES = 10;

  /**
   * What was measured at one batch size.
   *
   * @param batch clips of each call
   * @param batches calls that were timed
   * @param clipsPerSecond of calls one after the other, the next batches being copied and begun
   *     while the device computes
   * @param median of a call's milliseconds, that copy included: what a caller waits
   * @param p90 the same
   * @param p99 the same
   * @param shareOfCeiling operations a second over those of a large matrix product on this device;
   *     empty if either is not known
   */
  public record Result(
      int batch,
      int batches,
      double clipsPerSecond,
      double median,
      double p90,
      double p99,
      OptionalDouble shareOfCeiling) {}

  /**
   * What was measured of a model.
   *
   * @param form in which its network ran
   * @param results in the order of the batch sizes
   */
  public record Report(NetworkForm form, List<Result> results) {}

  private ClassifyBenchmark() {}

  /**
   * Measures each batch size on this thread.
   *
   * @param batchSizes ascending
   * @param time to spend on each, at least; twice
   * @throws OutOfDeviceMemoryException if the largest does not fit
   * @throws io.clipstream.model.UserError if kernels are wanted and cannot be had
   */
  public static Report measure(
      ModelArtifact artifact,
      Device device,
      List<Integer> batchSizes,
      KernelMode kernels,
      Duration time)
      throws IOException, InterruptedException {
    ModelManifest manifest = artifact.manifest();
    List<Result> results = new ArrayList<>();
    List<Clip> clips = randomClips(manifest.clip(), batchSizes.get(batchSizes.size() - 1));
    try (TorchClassifier classifier = TorchClassifier.load(artifact, device, batchSizes, kernels)) {
      OptionalDouble ceiling = ceiling(device, manifest.precision());
      for (int batch : batchSizes) {
        List<Clip> some = clips.subList(0, batch);
        double[] latencies = latencies(classifier, some, time);
        double perSecond = throughput(classifier, some, time);
        OptionalDouble share = OptionalDouble.empty();
        if (ceiling.isPresent() && flops(manifest).isPresent()) {
          share = OptionalDouble.of(flops(manifest).get() * perSecond / ceiling.getAsDouble());
        }
        results.add(
            new Result(
                batch,
                latencies.length,
                perSecond,
                percentile(latencies, 0.5),
                percentile(latencies, 0.9),
                percentile(latencies, 0.99),
                share));
      }
      return new Report(classifier.form(), results);
    } finally {
      clips.forEach(Clip::close);
    }
  }

  /** To be closed by the caller. */
  static List<Clip> randomClips(ClipSpec spec, int count) throws InterruptedException {
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), (long) count * spec.clipBytes());
    Random random = new Random(1);
    byte[] pixels = new byte[spec.clipBytes()];
    List<Clip> clips = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      random.nextBytes(pixels);
      Clip clip = buffers.take(new TimeRange(0, 1), 0);
      clip.pixels().duplicate().put(pixels);
      clips.add(clip);
    }
    return clips;
  }

  /**
   * The batch size with the most clips a second among those whose 99th percentile keeps a bound.
   *
   * @return empty if none does
   */
  public static Optional<Result> recommended(List<Result> results, Duration bound) {
    double millis = bound.toNanos() / 1e6;
    return results.stream()
        .filter(r -> r.p99() <= millis)
        .max((a, b) -> Double.compare(a.clipsPerSecond(), b.clipsPerSecond()));
  }

  /** Milliseconds of calls, ascending. */
  private static double[] latencies(TorchClassifier classifier, List<Clip> clips, Duration time) {
    List<Double> millis = new ArrayList<>();
    long end = System.nanoTime() + time.toNanos();
    while (millis.size() < LEAST_BATCHES || System.nanoTime() < end) {
      long start = System.nanoTime();
      classifier.classify(clips);
      millis.add((System.nanoTime() - start) / 1e6);
    }
    return millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  private static double throughput(TorchClassifier classifier, List<Clip> clips, Duration time) {
    long start = System.nanoTime();
    long end = start + time.toNanos();
    int batches = 0;
    while (batches < LEAST_BATCHES || System.nanoTime() < end) {
      classifier.classify(clips, () -> List.of(clips, clips));
      batches++;
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return batches * clips.size() / seconds;
  }

  private static Optional<Long> flops(ModelManifest manifest) {
    return Swin3dConfig.FAMILY.equals(manifest.architecture().get("family"))
        ? Optional.of(
            Swin3dConfig.fromMap(manifest.architecture())
                .flops(
                    manifest.clip().frames(),
                    manifest.clip().crop().height(),
                    manifest.clip().crop().width()))
        : Optional.empty();
  }

  /**
   * Operations a second of a large matrix product, the best of a few. DJL knows no bfloat16; GPUs
   * with it have the same rate for float16, which stands for it there. CPUs have not.
   */
  private static OptionalDouble ceiling(Device device, String precision) {
    boolean half = precision.equals("bf16");
    if (half && !device.isGpu()) {
      return OptionalDouble.empty();
    }
    long n = device.isGpu() ? 8192 : 1024;
    double best = Double.POSITIVE_INFINITY;
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      Shape square = new Shape(n, n);
      DataType type = half ? DataType.FLOAT16 : DataType.FLOAT32;
      NDArray a = manager.randomNormal(square).toType(type, false);
      NDArray b = manager.randomNormal(square).toType(type, false);
      for (int run = 0; run < 6; run++) {
        long start = System.nanoTime();
        int products = 10;
        for (int i = 0; i < products; i++) {
          try (NDArray product = a.matMul(b)) {
            if (i == products - 1) {
              product.get(0, 0).toType(DataType.FLOAT32, false).toFloatArray(); // waits
            }
          }
        }
        best = Math.min(best, (System.nanoTime() - start) / 1e9 / products);
      }
    }
    return OptionalDouble.of(2.0 * n * n * n / best);
  }

  private static double percentile(double[] ascending, double share) {
    return ascending[(int) Math.min(ascending.length - 1, Math.ceil(share * ascending.length) - 1)];
  }
}
