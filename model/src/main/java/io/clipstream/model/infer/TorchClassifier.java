package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import io.clipstream.model.Count;
import io.clipstream.model.DeviceName;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.kernels.KernelMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Serves any TorchScript model that keeps the contract: {@code forward(uint8 [N, T, H, W, 3] RGB)
 * -> float32 [N, K] logits}, with a manifest that names T, H, W and the K labels.
 *
 * <p>TorchScript optimises anew for every input shape on every thread, which takes from 0.1 s to
 * seconds. So batches have a few fixed sizes; each is run at load, on the thread that loads and
 * then serves, and a batch is padded to the next size.
 *
 * <p>One thread: the one that loaded it. On the CPU, PyTorch computes on threads of its own, which
 * all classifiers of the process share; their number is that of the cores, or what the environment
 * variable {@code OMP_NUM_THREADS} says. Where other work shares the cores, start the JVM with
 * {@code OMP_WAIT_POLICY=PASSIVE}: those threads spin by default while they wait for each other.
 *
 * <p>On GPUs, Swin3D's serving form in bfloat16 runs with clipstream's own kernels where it can;
 * {@link #form} tells. A GPU is given the next batch while it is at work on one, and the pixels of
 * the one after that are copied meanwhile, so that it waits for nothing. Arrays of a batch are
 * freed before its call returns.
 */
public final class TorchClassifier implements Classifier {
  /** Runs of a shape until TorchScript has profiled and optimised it, and one to see it fast. */
  private static final int WARM_RUNS = 3;

  /** Batches that are prepared: one begun, one copied. */
  private static final int AHEAD = 2;

  private final ModelArtifact artifact;
  private final Device device;
  private final BatchSizes sizes;
  private final BatchBuffers buffers;
  private final TorchNetwork network;

  /** Prepared, in the order of the calls. */
  private final List<BatchAhead> ahead = new ArrayList<>();

  private TorchClassifier(
      ModelArtifact artifact,
      Device device,
      BatchSizes sizes,
      BatchBuffers buffers,
      TorchNetwork network) {
    this.artifact = artifact;
    this.device = device;
    this.sizes = sizes;
    this.buffers = buffers;
    this.network = network;
  }

  /**
   * Loads a model onto a device, with GPU kernels where they can be had, and warms every batch
   * size.
   *
   * @param batchSizes ascending, each at least 1; the last is {@link #maxBatch()}
   * @throws IOException if the model cannot be loaded or does not keep the contract; the message is
   *     one line
   * @throws OutOfDeviceMemoryException if the largest batch does not fit
   */
  public static TorchClassifier load(
      ModelArtifact artifact, Device device, List<Integer> batchSizes) throws IOException {
    return load(artifact, device, batchSizes, KernelMode.AUTO);
  }

  /**
   * As {@link #load(ModelArtifact, Device, List)}.
   *
   * @throws io.clipstream.model.UserError if kernels are {@link KernelMode#ON} and cannot be had
   */
  public static TorchClassifier load(
      ModelArtifact artifact, Device device, List<Integer> batchSizes, KernelMode kernels)
      throws IOException {
    return load(artifact, device, batchSizes, kernels, WarmUp.AT_ONCE);
  }

  /**
   * As the other.
   *
   * @param warmUp told of each pass, and may make a pause after it
   */
  public static TorchClassifier load(
      ModelArtifact artifact,
      Device device,
      List<Integer> batchSizes,
      KernelMode kernels,
      WarmUp warmUp)
      throws IOException {
    return load(artifact, device, batchSizes, kernels, warmUp, WARM_RUNS);
  }

  /** As {@link #load}, but no batch size is warmed: for a single call. */
  static TorchClassifier loadCold(ModelArtifact artifact, Device device, List<Integer> batchSizes)
      throws IOException {
    return load(artifact, device, batchSizes, KernelMode.AUTO, WarmUp.AT_ONCE, 0);
  }

  private static TorchClassifier load(
      ModelArtifact artifact,
      Device device,
      List<Integer> batchSizes,
      KernelMode kernels,
      WarmUp warmUp,
      int warmRuns)
      throws IOException {
    BatchSizes sizes = new BatchSizes(batchSizes);
    BatchBuffers buffers = buffers(artifact, sizes, device);
    try {
      TorchNetwork network =
          TorchNetwork.load(
              artifact,
              device,
              kernels,
              loaded -> {
                warmUp.begins();
                for (int size : sizes.ascending()) {
                  for (int run = 0; run < warmRuns; run++) {
                    pass(loaded, buffers.any(size), warmUp);
                  }
                }
              });
      return new TorchClassifier(artifact, device, sizes, buffers, network);
    } catch (IOException | RuntimeException | Error e) {
      buffers.close();
      throw e;
    }
  }

  /** A pass of the warm-up, and the pause after it. */
  private static void pass(TorchNetwork network, NDArray pixels, WarmUp warmUp) {
    try {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      long start = System.nanoTime();
      float[] unused = network.logits(pixels);
      warmUp.passed(System.nanoTime() - start);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("its load was interrupted", e);
    }
  }

  private static BatchBuffers buffers(ModelArtifact artifact, BatchSizes sizes, Device device) {
    try {
      return new BatchBuffers(artifact.manifest().clip(), sizes, device);
    } catch (EngineException e) {
      throw OutOfDeviceMemoryException.explain(e, sizes.largest(), device);
    }
  }

  @Override
  public ModelManifest manifest() {
    return artifact.manifest();
  }

  /** Where the model runs. */
  public Device device() {
    return device;
  }

  /** In which form the network runs there. */
  public NetworkForm form() {
    return network.form();
  }

  @Override
  public int maxBatch() {
    return sizes.largest();
  }

  @Override
  public float[][] classify(List<Clip> clips) {
    return classify(clips, List::of);
  }

  @Override
  public float[][] classify(List<Clip> clips, Supplier<List<List<Clip>>> next) {
    Optional<String> problem = problem(clips);
    if (problem.isPresent()) {
      throw new IllegalArgumentException(problem.get());
    }
    RunWatch watch =
        RunWatch.begin(
            "A batch of "
                + Count.of(clips.size(), "clip")
                + " of "
                + manifest().id()
                + " on "
                + DeviceName.of(device));
    try (BatchAhead current = taken(clips)) {
      if (network.overlaps()) {
        prepare(next.get());
      }
      TorchNetwork.Run run = current.run(network);
      if (!ahead.isEmpty()) {
        ahead.get(0).begin(network); // and the device goes on without a pause
      }
      float[] logits = run.logits();
      int classes = manifest().labels().size();
      float[][] probabilities = new float[clips.size()][];
      for (int i = 0; i < probabilities.length; i++) {
        probabilities[i] = Softmax.of(logits, i * classes, classes, manifest().id());
      }
      return probabilities;
    } finally {
      watch.close();
    }
  }

  /** The batch to compute, its pixels on the device: the one that was prepared, or else now. */
  private BatchAhead taken(List<Clip> clips) {
    if (!ahead.isEmpty() && ahead.get(0).clips().equals(clips)) {
      return ahead.remove(0);
    }
    discard();
    NDArray input = buffers.take(clips, sizes.atLeast(clips.size()));
    return new BatchAhead(clips, CompletableFuture.completedFuture(input));
  }

  /** Has the next batches copied by other threads, one after the other. */
  private void prepare(List<List<Clip>> batches) {
    for (int i = 0; i < Math.min(AHEAD, batches.size()); i++) {
      List<Clip> clips = batches.get(i);
      if (i == ahead.size()) {
        if (problem(clips).isPresent()) { // which the call that brings them tells
          return;
        }
        ahead.add(copying(clips));
      } else if (!ahead.get(i).clips().equals(clips)) {
        discard(); // and no other now: its buffer would be the one that the device is at work on
        return;
      }
    }
  }

  private BatchAhead copying(List<Clip> clips) {
    int size = sizes.atLeast(clips.size());
    CompletableFuture<?> before =
        ahead.isEmpty()
            ? CompletableFuture.completedFuture(null)
            : ahead.get(ahead.size() - 1).copied();
    return new BatchAhead(clips, before.thenApplyAsync(done -> buffers.take(clips, size)));
  }

  private void discard() {
    ahead.forEach(BatchAhead::close);
    ahead.clear();
  }

  private Optional<String> problem(List<Clip> clips) {
    int count = clips.size();
    if (count < 1 || count > maxBatch()) {
      return Optional.of("the batch has " + count + " clips, expected 1 to " + maxBatch());
    }
    int clipBytes = manifest().clip().clipBytes();
    for (Clip clip : clips) {
      int bytes = clip.pixels().remaining();
      if (bytes != clipBytes) {
        return Optional.of("a clip has " + bytes + " bytes, expected " + clipBytes);
      }
    }
    return Optional.empty();
  }

  /**
   * Logits of one clip, before the softmax.
   *
   * @param pixels RGB uint8 {@code [T, H, W, 3]}, all that remains
   */
  float[] logits(ByteBuffer pixels) {
    discard();
    float[] logits = network.logits(buffers.take(pixels, sizes.smallest()));
    return Arrays.copyOf(logits, manifest().labels().size());
  }

  @Override
  public void close() {
    discard();
    network.close();
    buffers.close();
  }
}
