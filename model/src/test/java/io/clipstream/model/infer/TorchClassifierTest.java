package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchClassifierTest {
  @TempDir Path folder;

  private final ClipBuffers buffers = new ClipBuffers(SmallModels.CLIP.clipBytes(), 1 << 24);

  @Test
  void shouldGiveEachClipItsProbabilitiesWhateverItsCompany() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(SmallModels.write(folder, "small", 4));
    try (TorchClassifier classifier =
        TorchClassifier.load(artifact, Device.cpu(), List.of(1, 2, 4))) {
      List<Clip> clips = List.of(clip(1), clip(2), clip(3));
      assertThat(classifier.maxBatch()).isEqualTo(4);
      assertThat(classifier.manifest()).isEqualTo(artifact.manifest());

      float[][] together = classifier.classify(clips);

      assertThat(together).hasNumberOfRows(3);
      for (int i = 0; i < 3; i++) {
        float[] alone = classifier.classify(List.of(clips.get(i)))[0];
        assertThat(alone).hasSize(4).containsExactly(together[i], within(1e-6f));
        double sum = 0;
        for (float p : alone) {
          sum += p;
        }
        assertThat(sum).isCloseTo(1, within(1e-6));
      }
      assertThat(together[0]).isNotEqualTo(together[1]);
      assertThat(clips.get(0).pixels().remaining()).isEqualTo(SmallModels.CLIP.clipBytes());
      clips.forEach(Clip::close);
      assertThat(buffers.lent()).isZero();
    }
  }

  @Test
  void shouldGiveTheSameWhetherABatchWasCopiedAheadOrNot() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(SmallModels.write(folder, "small", 4));
    try (TorchClassifier classifier = TorchClassifier.load(artifact, Device.cpu(), List.of(1, 2));
        Clip odd = new ClipBuffers(30, 30).take(new TimeRange(0, 1), 0)) {
      List<List<Clip>> batches = List.of(List.of(clip(1)), List.of(clip(2), clip(3)));
      List<float[][]> expected = batches.stream().map(classifier::classify).toList();

      for (int i = 0; i < 6; i++) {
        List<List<Clip>> next = List.of(List.copyOf(batches.get((i + 1) % 2)), batches.get(i % 2));
        assertThat(classifier.classify(batches.get(i % 2), () -> next))
            .isDeepEqualTo(expected.get(i % 2));
      }
      // Another batch comes than was said, or one that is refused, or none.
      List<Clip> first = batches.get(0);
      List<Clip> second = batches.get(1);
      for (List<Clip> next : List.of(second, List.of(odd), List.<Clip>of())) {
        assertThat(classifier.classify(first, () -> List.of(next))).isDeepEqualTo(expected.get(0));
        assertThat(classifier.classify(first)).isDeepEqualTo(expected.get(0));
        assertThat(classifier.classify(second)).isDeepEqualTo(expected.get(1));
      }
      batches.forEach(batch -> batch.forEach(Clip::close));
    }
  }

  @Test
  void shouldRefuseBatchesAndSizesThatItWasNotMadeFor() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(SmallModels.write(folder, "small", 4));
    assertThatThrownBy(() -> TorchClassifier.load(artifact, Device.cpu(), List.of(2, 1)))
        .hasMessage("batch sizes are [2, 1], expected ascending ones from 1");
    assertThatThrownBy(() -> TorchClassifier.load(artifact, Device.cpu(), List.of()))
        .hasMessage("there are no batch sizes, expected at least one");
    try (TorchClassifier classifier = TorchClassifier.load(artifact, Device.cpu(), List.of(1))) {
      assertThatThrownBy(() -> classifier.classify(List.of()))
          .hasMessage("the batch has 0 clips, expected 1 to 1");
      try (Clip a = clip(1);
          Clip b = clip(2)) {
        assertThatThrownBy(() -> classifier.classify(List.of(a, b)))
            .hasMessage("the batch has 2 clips, expected 1 to 1");
      }
      try (Clip other = new ClipBuffers(30, 30).take(new TimeRange(0, 1), 0)) {
        assertThatThrownBy(() -> classifier.classify(List.of(other)))
            .hasMessage("a clip has 30 bytes, expected " + SmallModels.CLIP.clipBytes());
      }
    }
  }

  @Test
  void shouldServeAnyNetworkThatKeepsTheContract() throws Exception {
    ModelArtifact artifact = foreign("torch.mean(torch.to(clips, 6), [1, 2, 3])", 3);
    try (TorchClassifier classifier = TorchClassifier.load(artifact, Device.cpu(), List.of(2));
        Clip clip = clip(1)) {
      // The three logits are the means of the channels.
      double[] mean = new double[3];
      for (int i = 0; i < clip.pixels().limit(); i++) {
        mean[i % 3] += Byte.toUnsignedInt(clip.pixels().get(i)) * 3.0 / clip.pixels().limit();
      }
      float[] p = classifier.classify(List.of(clip))[0];
      assertThat(Math.log(p[0] / p[1])).isCloseTo(mean[0] - mean[1], within(1e-3));
      assertThat(Math.log(p[2] / p[1])).isCloseTo(mean[2] - mean[1], within(1e-3));
    }
  }

  @Test
  void shouldSayInOneLineWhichPartOfTheContractIsBroken() throws Exception {
    assertBroken(
        foreign("torch.mean(torch.to(clips, 6), [1, 2, 3])", 4),
        "foreign-1 gives [float32 (1, 3)], expected [float32 (1, 4)], a logit for each label");
    assertBroken(
        foreign("torch.mean(torch.to(clips, 7), [1, 2, 3])", 3),
        "foreign-1 gives [float64 (1, 3)], expected [float32 (1, 3)], a logit for each label");
    assertBroken(foreign("torch.matmul(clips, clips)", 3), "the network fails: ");
    assertBroken(foreign("torch.mean(nothing)", 3), "PyTorch cannot load it: ");
    assertBroken(foreign("torch.no_such_operator(clips)", 3), "__torch__.py calls torch.no_such");
  }

  @Test
  void shouldReportLogitsThatAreNoNumbers() throws Exception {
    ModelArtifact artifact =
        foreign("torch.log(torch.mean(torch.to(clips, 6), [1, 2, 3]) - 1e9)", 3);
    try (TorchClassifier classifier = TorchClassifier.load(artifact, Device.cpu(), List.of(1));
        Clip clip = clip(1)) {
      assertThatThrownBy(() -> classifier.classify(List.of(clip)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("foreign-1 gives a logit that is not a finite number");
    }
  }

  @Test
  void shouldTellWhenABatchDoesNotFitIntoMemory() throws Exception {
    // A batch of two asks for 2^50 bytes; one clip needs nothing.
    ModelArtifact artifact =
        foreign(
            "torch.mean(torch.to(clips, 6), [1, 2, 3]) +"
                + " torch.numel(torch.empty([(torch.size(clips, 0) - 1) * 1125899906842624],"
                + " dtype=0, device=clips.device)) * 0.",
            3);
    assertThatThrownBy(() -> TorchClassifier.load(artifact, Device.cpu(), List.of(1, 2)))
        .isInstanceOf(OutOfDeviceMemoryException.class)
        .hasMessage("a batch of 2 clips does not fit into the memory of cpu");
    try (TorchClassifier classifier = TorchClassifier.load(artifact, Device.cpu(), List.of(1));
        Clip clip = clip(1)) {
      assertThat(classifier.classify(List.of(clip))).hasNumberOfRows(1);
    }
  }

  @Test
  void shouldNotGrowOverAThousandBatches() throws Exception {
    Path file = SmallModels.write(folder, "small", 4);
    try (TorchClassifier classifier =
        TorchClassifier.load(ModelArtifact.open(file), Device.cpu(), List.of(1, 2))) {
      List<Clip> clips = List.of(clip(1), clip(2));
      for (int i = 0; i < 200; i++) {
        classifier.classify(clips);
      }
      long before = residentBytes();
      for (int i = 0; i < 1000; i++) {
        classifier.classify(clips.subList(0, 1 + i % 2));
      }
      // Less than the pixels of the clips alone, so nothing of a batch's size stays.
      assertThat(residentBytes() - before).isLessThan(1500L * SmallModels.CLIP.clipBytes());
    }
  }

  private static void assertBroken(ModelArtifact artifact, String message) {
    assertThatThrownBy(() -> TorchClassifier.load(artifact, Device.cpu(), List.of(1)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(artifact.path() + ": " + message)
        .hasMessageNotContaining("\n");
  }

  /** A network of one expression on the uint8 clips [N, T, H, W, 3]. */
  private ModelArtifact foreign(String expression, int labels) throws IOException {
    String source =
        """
        class Foreign(Module):
          __parameters__ = ["unused", ]
          __buffers__ = []
          unused : Tensor
          training : bool
          def forward(self: __torch__.Foreign, clips: Tensor) -> Tensor:
            return %s
        """
            .formatted(expression);
    ScriptTensor unused = ScriptTensor.parameter(Weights.of(List.of(1), new float[1]));
    ScriptObject network =
        new ScriptObject("__torch__.Foreign", Map.of("unused", unused, "training", false));
    ModelManifest manifest =
        SmallModels.manifest("foreign", labels).withNetwork(Map.of(), "serving", "fp32");
    Path file = folder.resolve("foreign.pt");
    ModelArtifact.write(file, manifest, source, network);
    return ModelArtifact.open(file);
  }

  private Clip clip(int seed) throws InterruptedException {
    Clip clip = buffers.take(new TimeRange(0, 1), 0);
    byte[] bytes = new byte[SmallModels.CLIP.clipBytes()];
    new Random(seed).nextBytes(bytes);
    clip.pixels().duplicate().put(bytes);
    return clip;
  }

  @Test
  void shouldSayWhyTheNetworkRunsInItsPlainForm() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(SmallModels.write(folder, "small", 4));

    assertThat(form(artifact, KernelMode.AUTO))
        .hasToString("plain: the device is cpu, expected a GPU");
    assertThat(form(artifact, KernelMode.OFF)).hasToString("plain: model.kernels is off");
    assertThatThrownBy(() -> form(artifact, KernelMode.ON))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "small-1 cannot run with GPU kernels on cpu: the device is cpu, expected a GPU;"
                + " with model.kernels=auto it runs without");
  }

  private static NetworkForm form(ModelArtifact artifact, KernelMode kernels) throws IOException {
    try (TorchClassifier classifier =
        TorchClassifier.load(artifact, Device.cpu(), List.of(1), kernels)) {
      return classifier.form();
    }
  }

  private static long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }
}
