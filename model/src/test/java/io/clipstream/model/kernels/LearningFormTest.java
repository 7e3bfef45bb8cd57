package io.clipstream.model.kernels;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.swin.KernelModels;
import io.clipstream.model.swin.LearningKernels;
import io.clipstream.model.swin.Swin3d.Precision;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearningFormTest {
  private static final List<Integer> WINDOW = List.of(2, 4, 4);

  @TempDir Path folder;

  /** PyTorch resolves every operator when it reads the source, and runs those that need no GPU. */
  @Test
  void shouldBeASourceThatPyTorchReads() throws Exception {
    ModelArtifact artifact = write(2, Precision.BF16);
    KernelLibrary.load();

    try (TorchArchive archive = TorchArchive.open(artifact.path());
        InputStream replaced =
            archive.withSource(LearningKernels.of(artifact.manifest(), archive.source()).source());
        Model model = Model.newInstance("learning", Device.cpu(), "PyTorch")) {
      model.load(replaced, Map.of("mapLocation", "true"));
      try (NDManager call = model.getNDManager().newSubManager()) {
        NDList clips = new NDList(call.zeros(new Shape(2, 16, 56, 56, 3), DataType.UINT8));
        // Of a CPU it is another operator.
        assertThatThrownBy(
                () -> model.getBlock().forward(new ParameterStore(call, false), clips, false))
            .isInstanceOf(EngineException.class)
            .hasMessageContaining("torch._scaled_dot_product_flash_attention_for_cpu(");
      }
    }
  }

  @Test
  void shouldSayWhatDoesNotFit() throws Exception {
    expect(write(2, Precision.BF16), Device.cpu(), "the device is cpu, expected a GPU");
    expect(write(2, Precision.FP32), Device.gpu(), "train.precision is fp32, expected bf16");
    expect(write(4, Precision.BF16), Device.gpu(), "its heads have 16 channels, expected 32");
    ModelArtifact artifact = write(2, Precision.BF16);
    Path other = folder.resolve("other.pt");
    try (TorchArchive archive = TorchArchive.open(artifact.path());
        InputStream changed =
            archive.withSource(archive.source().replace("# Swin3D", "# swin3d"))) {
      Files.copy(changed, other);
    }
    expect(
        ModelArtifact.open(other), Device.gpu(), "its source is not what this version .* writes");
    // With PyTorch's build for CPUs nothing can answer for a GPU: the last step says so.
    expect(
        artifact, Device.gpu(), "CUDA's driver is not there: .*|this PyTorch is without CUDA: .*");
  }

  private ModelArtifact write(int heads, Precision precision) throws Exception {
    Path file = folder.resolve("learning.pt");
    return ModelArtifact.open(KernelModels.writeLearning(file, WINDOW, heads, precision));
  }

  private static void expect(ModelArtifact artifact, Device device, String reason) {
    assertThatThrownBy(() -> KernelForm.openLearning(artifact, device))
        .isInstanceOf(KernelsUnavailableException.class)
        .hasMessageMatching(reason);
  }
}
