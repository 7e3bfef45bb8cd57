package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.cuda.CudaUtils;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.KernelModels;
import io.clipstream.model.swin.SmallModels;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.model.swin.Swin3dServing;
import io.clipstream.model.swin.Swin3dServing.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks with kernels on a GPU, through the classifier. */
@Tag("gpu")
class KernelsGpuTest {
  private static final Device GPU = Device.gpu();

  @TempDir Path folder;

  @ParameterizedTest(name = "Swin3D-{0}, {1} frames of {2}, window {3}")
  @CsvSource({
    "t, 32, 224, 8-7-7",
    "t, 16, 224, 8-7-7",
    "t, 32, 256, 8-7-7", // padded
    "t, 32, 224x320, 8-7-7",
    "t, 13, 150x187, 8-7-7", // neither whole patches nor windows
    "t, 4, 112, 8-7-7", // below the window
    "t, 32, 224, 16-7-7",
    "s, 16, 224, 8-7-7",
    "b, 32, 224, 8-7-7",
    "b, 13, 150x187, 16-7-7",
    "l, 32, 224x320, 8-7-7",
  })
  void shouldGiveWhatTheNetworkGives(String arch, int frames, String crop, String window)
      throws Exception {
    Swin3dConfig config = config(arch, window);
    Map<String, Weights> weights = KernelModels.weights(config);
    ModelManifest manifest = KernelModels.manifest(frames, crop, config.classes());
    ModelArtifact exact = write(config, weights, manifest, Precision.FP32);
    ModelArtifact rounded = write(config, weights, manifest, Precision.BF16);

    FutureTask<List<List<float[]>>> runs =
        new FutureTask<>(
            () ->
                List.of(
                    logits(exact, KernelMode.OFF),
                    logits(rounded, KernelMode.OFF),
                    logits(rounded, KernelMode.ON)));
    new NetworkThread(runs, "networks").start();
    List<float[]> expected = runs.get().get(0);
    List<float[]> plain = runs.get().get(1);
    List<float[]> found = runs.get().get(2);

    double ofPlain = distance(plain, expected);
    double ofKernels = distance(found, expected);
    System.out.printf(
        "Swin3D-%s %d x %s, window %s: distance from fp32 %.2e plain, %.2e with kernels%n",
        arch, frames, crop, window, ofPlain, ofKernels);
    assertThat(ofKernels).isLessThan(1.5e-2).isLessThan(1.1 * ofPlain);
  }

  @Test
  void shouldSayWhyItRunsInItsPlainForm() throws Exception {
    ModelArtifact training = ModelArtifact.open(SmallModels.write(folder, "small", 4));
    assertThat(form(training, KernelMode.AUTO))
        .hasToString("plain: the model is in its training form, expected serving");
    ModelArtifact serving = ModelArtifact.open(KernelModels.write(folder, "serving"));
    assertThat(form(serving, KernelMode.AUTO)).hasToString("kernels");
    assertThat(form(serving, KernelMode.ON)).hasToString("kernels");
    assertThat(form(serving, KernelMode.OFF)).hasToString("plain: model.kernels is off");
    // Only with kernels the first run fails.
    Iterator<EngineException> failures = List.of(new EngineException("odd shapes")).iterator();
    Consumer<TorchNetwork> trial =
        loaded -> {
          if (failures.hasNext()) {
            throw failures.next();
          }
        };
    try (TorchNetwork network = TorchNetwork.load(serving, GPU, KernelMode.AUTO, trial)) {
      assertThat(network.form()).hasToString("plain: the network fails with them: odd shapes");
    }
  }

  /** Twice on this thread and at once on two others, whose first call of CUDA it is. */
  @Test
  void shouldGiveTheSameBitsOnAnyThreadAndGpu() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "serving"));
    List<Clip> clips = clips(artifact.manifest().clip(), 3);
    float[][] expected;
    try (TorchClassifier classifier = load(artifact, GPU, KernelMode.ON)) {
      expected = classifier.classify(clips);
      assertThat(classifier.classify(clips)).isDeepEqualTo(expected);
    }
    int gpus = Engine.getEngine("PyTorch").getGpuCount();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<?>> runs = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        Device device = Device.gpu(thread % gpus);
        runs.add(
            threads.submit(
                () -> {
                  try (TorchClassifier classifier = load(artifact, device, KernelMode.ON)) {
                    for (int i = 0; i < 200; i++) {
                      assertThat(classifier.classify(clips, () -> List.of(clips)))
                          .isDeepEqualTo(expected);
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    } finally {
      threads.shutdownNow();
      clips.forEach(Clip::close);
    }
  }

  @Test
  void shouldGiveTheSameWhetherABatchWasBegunAheadOrNot() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "serving"));
    List<Clip> clips = clips(artifact.manifest().clip(), 7);
    try (TorchClassifier classifier = load(artifact, GPU, KernelMode.ON);
        Clip odd = new ClipBuffers(30, 30).take(new TimeRange(0, 1), 0)) {
      List<List<Clip>> batches = List.of(clips.subList(0, 3), clips.subList(3, 4), clips);
      List<float[][]> expected = batches.stream().map(classifier::classify).toList();

      for (int i = 0; i < 36; i++) {
        List<List<Clip>> next =
            List.of(List.copyOf(batches.get((i + 1) % 3)), batches.get((i + 2) % 3))
                .subList(0, i % 4 % 3);
        assertThat(classifier.classify(batches.get(i % 3), () -> next))
            .isDeepEqualTo(expected.get(i % 3));
      }
      // Other batches come than were said, or one that is refused, or none.
      for (List<Clip> next : List.of(batches.get(1), List.of(odd), List.<Clip>of())) {
        for (List<Clip> after : List.of(batches.get(0), batches.get(2))) {
          assertThat(classifier.classify(batches.get(0), () -> List.of(next, after)))
              .isDeepEqualTo(expected.get(0));
          assertThat(classifier.classify(batches.get(1), () -> List.of(batches.get(2), next)))
              .isDeepEqualTo(expected.get(1));
          assertThat(classifier.classify(batches.get(2))).isDeepEqualTo(expected.get(2));
        }
      }
      // Two are left, one of them begun, when the classifier is closed.
      assertThat(classifier.classify(batches.get(0), () -> List.of(clips, clips)))
          .isDeepEqualTo(expected.get(0));
    }
    clips.forEach(Clip::close);
  }

  /** A tensor on the second GPU while the first is the thread's current one, in one call. */
  @Test
  void shouldRunOnTheSecondGpuOfAProcess() throws Exception {
    assumeTrue(Engine.getEngine("PyTorch").getGpuCount() > 1, "there is one GPU");
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "serving"));
    List<Clip> clips = clips(artifact.manifest().clip(), 3);
    try (TorchClassifier first = load(artifact, Device.gpu(0), KernelMode.ON);
        TorchClassifier second = load(artifact, Device.gpu(1), KernelMode.ON)) {
      for (int i = 0; i < 20; i++) {
        assertThat(second.classify(clips)).isDeepEqualTo(first.classify(clips));
      }
    }
    clips.forEach(Clip::close);
  }

  /** A thread for each GPU, or two threads on one. */
  @Test
  void shouldGiveTheSameBitsAndNotGrowOverTenThousandBatches() throws Exception {
    ModelArtifact artifact = swin3dB();
    int gpus = Engine.getEngine("PyTorch").getGpuCount();
    List<Clip> clips = clips(artifact.manifest().clip(), 4);
    List<List<Clip>> turns = List.of(clips.subList(0, 1), clips);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    CyclicBarrier barrier = new CyclicBarrier(2);
    try {
      List<Future<List<Long>>> runs = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        Device device = Device.gpu(thread % gpus);
        runs.add(
            threads.submit(
                () -> {
                  List<Long> used = new ArrayList<>();
                  try (TorchClassifier classifier =
                      TorchClassifier.load(artifact, device, List.of(1, 4), KernelMode.ON)) {
                    List<float[][]> expected = turns.stream().map(classifier::classify).toList();
                    for (int i = 0; i < 5_000; i++) {
                      List<List<Clip>> next = List.of(turns.get((i + 1) % 2), turns.get(i % 2));
                      assertThat(classifier.classify(turns.get(i % 2), () -> next))
                          .isDeepEqualTo(expected.get(i % 2));
                      if (i % 1_000 == 999) { // both at rest
                        barrier.await(5, TimeUnit.MINUTES);
                        used.add(CudaUtils.getGpuMemory(device).getUsed());
                        barrier.await(5, TimeUnit.MINUTES);
                      }
                    }
                  }
                  return used;
                }));
      }
      for (Future<List<Long>> run : runs) {
        List<Long> used = run.get();
        System.out.println("Bytes in use after each thousand: " + used);
        assertThat(used).containsOnly(used.get(0));
      }
    } finally {
      threads.shutdownNow();
      clips.forEach(Clip::close);
    }
  }

  @Test
  void shouldGoOnAfterABatchThatDoesNotFit() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "serving"));
    List<Clip> clips = clips(artifact.manifest().clip(), 64);
    try (TorchClassifier classifier = load(artifact, GPU, KernelMode.ON)) {
      float[][] expected = classifier.classify(clips.subList(0, 4));
      try (NDManager filled = fill(GPU, 4L << 20)) {
        assertThatThrownBy(() -> classifier.classify(clips))
            .isInstanceOf(OutOfDeviceMemoryException.class);
      } finally {
        JniUtils.emptyCudaCache(); // cuDNN in later tests allocates beside PyTorch
      }
      assertThat(classifier.classify(clips.subList(0, 4))).isDeepEqualTo(expected);
    }
    clips.forEach(Clip::close);
  }

  @Test
  void shouldNotGrow() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "serving"));
    List<ClassifyEndurance.Memory> readings = new ArrayList<>();

    ClassifyEndurance.measure(artifact, GPU, List.of(1, 4), KernelMode.ON, 5_000, readings::add);

    long device = readings.get(10).deviceBytes().getAsLong();
    assertThat(device).isEqualTo(readings.get(1).deviceBytes().getAsLong());
    long process = readings.get(10).processBytes() - readings.get(1).processBytes();
    assertThat(process).as("%s", readings).isLessThan(64L << 20);
  }

  private ModelArtifact swin3dB() throws IOException {
    Swin3dConfig config = config("b", "8-7-7");
    ModelManifest manifest = KernelModels.manifest(32, "224", config.classes());
    return write(config, KernelModels.weights(config), manifest, Precision.BF16);
  }

  private static Swin3dConfig config(String arch, String window) {
    Swin3dConfig c = KernelModels.config(arch);
    List<Integer> sizes = Arrays.stream(window.split("-")).map(Integer::valueOf).toList();
    return new Swin3dConfig(
        c.embedDim(), c.depths(), c.heads(), sizes, c.patch(), 4, 0, 0, 0.1, true, 400);
  }

  private ModelArtifact write(
      Swin3dConfig config,
      Map<String, Weights> weights,
      ModelManifest manifest,
      Precision precision)
      throws IOException {
    Path file = folder.resolve(precision + ".pt");
    Swin3dServing.write(file, config, weights, manifest, precision);
    return ModelArtifact.open(file);
  }

  /** Of eight random clips, in batches of 1 and 8. */
  private static List<float[]> logits(ModelArtifact artifact, KernelMode kernels)
      throws IOException {
    ClipSpec clip = artifact.manifest().clip();
    byte[] random = new byte[8 * clip.clipBytes()];
    new Random(3).nextBytes(random);
    Shape shape = new Shape(8, clip.frames(), clip.crop().height(), clip.crop().width(), 3);
    try (TorchNetwork network = TorchNetwork.load(artifact, GPU, kernels, loaded -> {});
        NDManager manager = NDManager.newBaseManager(GPU, "PyTorch")) {
      assertThat(network.form().kernels()).isEqualTo(kernels == KernelMode.ON);
      NDArray all = manager.create(ByteBuffer.wrap(random), shape, DataType.UINT8);
      NDArray one = all.get(new NDIndex(":1"));
      List<float[]> logits = new ArrayList<>();
      for (int run = 0; run < 3; run++) { // until TorchScript has optimised it
        logits = List.of(network.logits(one), network.logits(all));
      }
      return logits;
    }
  }

  private static double distance(List<float[]> found, List<float[]> expected) {
    double worst = 0;
    for (int i = 0; i < found.size(); i++) {
      double difference = 0;
      double norm = 0;
      for (int k = 0; k < found.get(i).length; k++) {
        difference += Math.pow(found.get(i)[k] - expected.get(i)[k], 2);
        norm += Math.pow(expected.get(i)[k], 2);
      }
      worst = Math.max(worst, Math.sqrt(difference / norm));
    }
    return worst;
  }

  private static TorchClassifier load(ModelArtifact artifact, Device device, KernelMode kernels)
      throws IOException {
    return TorchClassifier.load(artifact, device, List.of(1, 4, 64), kernels);
  }

  private static NetworkForm form(ModelArtifact artifact, KernelMode kernels) throws IOException {
    try (TorchClassifier classifier = load(artifact, GPU, kernels)) {
      return classifier.form();
    }
  }

  private static List<Clip> clips(ClipSpec spec, int count) throws InterruptedException {
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), (long) count * spec.clipBytes());
    List<Clip> clips = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] pixels = new byte[spec.clipBytes()];
      new Random(i).nextBytes(pixels);
      Clip clip = buffers.take(new TimeRange(0, 1), 0);
      clip.pixels().duplicate().put(pixels);
      clips.add(clip);
    }
    return clips;
  }

  /**
   * Takes the GPU's memory away, but for so many bytes: what the driver has, and what PyTorch keeps
   * of earlier tests in pieces that it cannot give back.
   */
  private static NDManager fill(Device device, long left) {
    JniUtils.emptyCudaCache();
    NDManager manager = NDManager.newBaseManager(device, "PyTorch");
    NDArray spared = manager.zeros(new Shape(left), DataType.UINT8);
    for (long chunk = 1L << 34; chunk >= 1L << 20; chunk >>= 1) {
      try {
        while (true) {
          NDArray unused = manager.zeros(new Shape(chunk), DataType.UINT8);
        }
      } catch (EngineException e) {
        continue; // smaller ones may fit
      }
    }
    spared.close();
    return manager;
  }
}
