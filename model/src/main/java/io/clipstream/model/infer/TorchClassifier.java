package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.IntStream;

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
 * <p>Pixels are copied once on the host, into buffers that are used again; for a GPU those are
 * page-locked, from which its copy engine reads several times faster. There are two: while a GPU is
 * at work, other threads fill one with the next batch. (The copy to the device itself cannot
 * overlap computation, since DJL has one stream.) Arrays of a call are freed before it returns.
 */
public final class TorchClassifier implements Classifier {
  /** Runs of a shape until TorchScript has profiled and optimised it, and one to see it fast. */
  private static final int WARM_RUNS = 3;

  /** Of a clip, each copied by one thread. */
  private static final int PARTS = 4;

  private final ModelArtifact artifact;
  private final Device device;
  private final int[] batchSizes;
  private final Model model;
  private final Block network;
  private final List<ByteBuffer> buffers;
  private final List<ByteBuffer> pageLocked;

  /** Of the buffer that the next batch is copied into. */
  private int filling;

  /** The batch whose pixels that buffer holds already, or an empty list. */
  private List<Clip> copied = List.of();

  private TorchClassifier(
      ModelArtifact artifact,
      Device device,
      int[] batchSizes,
      Model model,
      List<ByteBuffer> buffers) {
    this.artifact = artifact;
    this.device = device;
    this.batchSizes = batchSizes;
    this.model = model;
    this.network = model.getBlock();
    this.buffers = buffers;
    this.pageLocked = device.isGpu() ? buffers.stream().filter(PageLock::lock).toList() : List.of();
  }

  /**
   * Loads a model onto a device and warms every batch size.
   *
   * @param batchSizes ascending, each at least 1; the last is {@link #maxBatch()}
   * @throws IOException if the model cannot be loaded or does not keep the contract; the message is
   *     one line
   * @throws OutOfDeviceMemoryException if the largest batch does not fit
   */
  public static TorchClassifier load(
      ModelArtifact artifact, Device device, List<Integer> batchSizes) throws IOException {
    return load(artifact, device, batchSizes, WARM_RUNS);
  }

  /** As {@link #load}, but no batch size is warmed: for a single call. */
  static TorchClassifier loadCold(ModelArtifact artifact, Device device, List<Integer> batchSizes)
      throws IOException {
    return load(artifact, device, batchSizes, 0);
  }

  private static TorchClassifier load(
      ModelArtifact artifact, Device device, List<Integer> batchSizes, int warmRuns)
      throws IOException {
    int[] sizes = ascending(batchSizes);
    ClipSpec clip = artifact.manifest().clip();
    long bytes = (long) clip.clipBytes() * sizes[sizes.length - 1];
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a batch of "
              + sizes[sizes.length - 1]
              + " clips has "
              + bytes
              + " bytes, expected less than 2 GiB");
    }
    List<ByteBuffer> buffers =
        List.of(ByteBuffer.allocateDirect((int) bytes), ByteBuffer.allocateDirect((int) bytes));
    Model model = Model.newInstance(artifact.manifest().id(), device, "PyTorch");
    try {
      model.load(artifact.path().toAbsolutePath(), null, Map.of("mapLocation", "true"));
    } catch (MalformedModelException | IOException | EngineException e) {
      model.close();
      throw new IOException(artifact.path() + ": PyTorch cannot load it: " + firstLine(e), e);
    }
    TorchClassifier classifier = new TorchClassifier(artifact, device, sizes, model, buffers);
    try {
      classifier.warm(warmRuns);
      return classifier;
    } catch (EngineException e) {
      classifier.close();
      throw new IOException(artifact.path() + ": the network fails: " + firstLine(e), e);
    } catch (IllegalStateException e) {
      classifier.close();
      throw new IOException(artifact.path() + ": " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      classifier.close();
      throw e;
    }
  }

  private static int[] ascending(List<Integer> batchSizes) {
    int[] sizes = batchSizes.stream().mapToInt(Integer::intValue).toArray();
    int previous = 0;
    for (int size : sizes) {
      if (size <= previous) {
        throw new IllegalArgumentException(
            "batch sizes are " + batchSizes + ", expected ascending ones from 1");
      }
      previous = size;
    }
    if (sizes.length == 0) {
      throw new IllegalArgumentException("there are no batch sizes, expected at least one");
    }
    return sizes;
  }

  private void warm(int runs) {
    for (int size : batchSizes) {
      for (int run = 0; run < runs; run++) {
        logits(buffers.get(0), size);
      }
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

  @Override
  public int maxBatch() {
    return batchSizes[batchSizes.length - 1];
  }

  @Override
  public float[][] classify(List<Clip> clips) {
    return classify(clips, List::of);
  }

  @Override
  public float[][] classify(List<Clip> clips, Supplier<List<Clip>> next) {
    Optional<String> problem = problem(clips);
    if (problem.isPresent()) {
      throw new IllegalArgumentException(problem.get());
    }
    if (!clips.equals(copied)) {
      copy(clips);
    }
    copied = List.of();
    ByteBuffer pixels = buffers.get(filling);
    filling = 1 - filling;
    // Rows of padding keep the pixels of earlier batches: their results are not read.
    CompletableFuture<Void> ahead = copyAhead(next);
    float[] logits;
    try {
      logits = logits(pixels, padded(clips.size()));
    } finally {
      ahead.join();
    }
    int classes = manifest().labels().size();
    float[][] probabilities = new float[clips.size()][];
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] = softmax(logits, i * classes, classes);
    }
    return probabilities;
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

  /** Has the next batch copied by other threads: this one is to launch the GPU's work. */
  private CompletableFuture<Void> copyAhead(Supplier<List<Clip>> next) {
    List<Clip> clips = next.get();
    if (problem(clips).isPresent()) { // none; or of a kind that the call that brings them tells
      return CompletableFuture.completedFuture(null);
    }
    copied = clips;
    return CompletableFuture.runAsync(() -> copy(clips));
  }

  private void copy(List<Clip> clips) {
    ByteBuffer buffer = buffers.get(filling);
    int clipBytes = manifest().clip().clipBytes();
    if (!device.isGpu()) {
      for (int i = 0; i < clips.size(); i++) {
        buffer.put(i * clipBytes, clips.get(i).pixels(), 0, clipBytes);
      }
      return;
    }
    // One core copies slower than a GPU computes.
    int partBytes = (clipBytes + PARTS - 1) / PARTS;
    IntStream.range(0, clips.size() * PARTS)
        .parallel()
        .forEach(
            i -> {
              int from = Math.min(clipBytes, i % PARTS * partBytes);
              int bytes = Math.min(partBytes, clipBytes - from);
              int clip = i / PARTS;
              buffer.put(clip * clipBytes + from, clips.get(clip).pixels(), from, bytes);
            });
  }

  /**
   * Logits of one clip, before the softmax.
   *
   * @param pixels RGB uint8 {@code [T, H, W, 3]}, all that remains
   */
  float[] logits(ByteBuffer pixels) {
    ByteBuffer buffer = buffers.get(filling);
    copied = List.of();
    buffer.clear().put(pixels.duplicate());
    return Arrays.copyOf(logits(buffer, batchSizes[0]), manifest().labels().size());
  }

  private int padded(int count) {
    int at = Arrays.binarySearch(batchSizes, count);
    return batchSizes[at >= 0 ? at : -at - 1];
  }

  /**
   * Runs the network on the first {@code batch} clips of a buffer.
   *
   * @return logits [batch, K]
   */
  private float[] logits(ByteBuffer buffer, int batch) {
    ClipSpec clip = manifest().clip();
    Shape shape = new Shape(batch, clip.frames(), clip.crop().height(), clip.crop().width(), 3);
    ByteBuffer input = buffer.slice(0, batch * clip.clipBytes());
    try (NDManager call = model.getNDManager().newSubManager()) {
      // On the CPU this is a view of the buffer, elsewhere a copy of it.
      NDArray pixels = call.create(input, shape, DataType.UINT8);
      NDList outputs = network.forward(new ParameterStore(call, false), new NDList(pixels), false);
      Shape expected = new Shape(batch, manifest().labels().size());
      if (outputs.size() != 1
          || !outputs.get(0).getShape().equals(expected)
          || outputs.get(0).getDataType() != DataType.FLOAT32) {
        throw new IllegalStateException(
            manifest().id()
                + " gives "
                + outputs.stream().map(o -> o.getDataType() + " " + o.getShape()).toList()
                + ", expected [float32 "
                + expected
                + "], a logit for each label");
      }
      return outputs.get(0).toFloatArray(); // waits
    } catch (EngineException e) {
      if (outOfMemory(e)) {
        if (device.isGpu()) {
          JniUtils.emptyCudaCache();
        }
        throw new OutOfDeviceMemoryException(
            "a batch of " + batch + " clips does not fit into the memory of " + device, e);
      }
      throw e;
    }
  }

  private static boolean outOfMemory(EngineException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("out of memory") // CUDA's allocator
        || message.contains("can't allocate memory") // the CPU's
        || message.contains("CUDNN_STATUS_ALLOC_FAILED")
        || message.contains("CUBLAS_STATUS_ALLOC_FAILED");
  }

  private float[] softmax(float[] logits, int from, int classes) {
    double max = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < classes; k++) {
      max = Math.max(max, logits[from + k]); // NaN if any is
    }
    double sum = 0;
    for (int k = 0; k < classes; k++) {
      sum += Math.exp(logits[from + k] - max);
    }
    if (!Double.isFinite(max) || !Double.isFinite(sum)) {
      throw new IllegalStateException(
          manifest().id() + " gives a logit that is not a finite number");
    }
    float[] probabilities = new float[classes];
    for (int k = 0; k < classes; k++) {
      probabilities[k] = (float) (Math.exp(logits[from + k] - max) / sum);
    }
    return probabilities;
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).strip().lines().findFirst().orElse("");
  }

  @Override
  public void close() {
    model.close();
    pageLocked.forEach(PageLock::unlock);
  }
}
