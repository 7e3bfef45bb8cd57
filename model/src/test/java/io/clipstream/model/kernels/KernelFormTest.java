package io.clipstream.model.kernels;

import static org.assertj.core.api.Assertions.assertThat;
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
import io.clipstream.model.swin.ServingKernels;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelFormTest {
  @TempDir Path folder;

  /** PyTorch resolves every operator when it reads the source, and runs those that need no GPU. */
  @Test
  void shouldBeASourceThatPyTorchReads() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "small"));
    KernelLibrary.load();

    try (TorchArchive archive = TorchArchive.open(artifact.path());
        InputStream replaced = archive.withSource(kernels(artifact, archive).source());
        Model model = Model.newInstance("kernels", Device.cpu(), "PyTorch")) {
      model.load(replaced, Map.of("mapLocation", "true"));
      try (NDManager call = model.getNDManager().newSubManager()) {
        NDList clips = new NDList(call.zeros(new Shape(2, 8, 56, 56, 3), DataType.UINT8));
        assertThatThrownBy(
                () -> model.getBlock().forward(new ParameterStore(call, false), clips, false))
            .isInstanceOf(EngineException.class)
            .hasMessageContaining("clipstream::patches: clips is not on a GPU");
      }
    }
  }

  @Test
  void shouldReplaceTheSourceAndNothingElse() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "small"));
    Path copy = folder.resolve("copy.pt");
    try (TorchArchive archive = TorchArchive.open(artifact.path())) {
      String source = kernels(artifact, archive).source();
      try (InputStream replaced = archive.withSource(source)) {
        Files.copy(replaced, copy);
      }

      assertThat(Files.size(copy)).isEqualTo(Files.size(artifact.path()));
      // Whole: every entry has the checksum that its header and the directory say.
      assertThat(ModelArtifact.open(copy).manifest()).isEqualTo(artifact.manifest());
      try (TorchArchive other = TorchArchive.open(copy)) {
        assertThat(other.source()).startsWith(source).matches("(?s).*\\S\\n+");
        assertThat(other.root()).isEqualTo(archive.root());
      }
    }
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(copy))) {
      while (zip.getNextEntry() != null) {
        zip.transferTo(OutputStream.nullOutputStream()); // checks the header's checksum
      }
    }
  }

  @Test
  void shouldRefuseASourceThatDoesNotFit() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "small"));
    try (TorchArchive archive = TorchArchive.open(artifact.path())) {
      String longer = archive.source() + "\n";

      assertThatThrownBy(() -> archive.withSource(longer))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("there is place for " + (longer.length() - 1));
    }
  }

  @Test
  void shouldSayThatTheDeviceIsNoGpu() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "small"));

    assertThatThrownBy(() -> KernelForm.open(artifact, Device.cpu()))
        .isInstanceOf(KernelsUnavailableException.class)
        .hasMessage("the device is cpu, expected a GPU");
  }

  /** With PyTorch's build for CPUs nothing can answer for a GPU: the last step says so. */
  @Test
  void shouldSayWhichStepFails() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(KernelModels.write(folder, "small"));
    Path other = folder.resolve("other-1.pt");
    try (TorchArchive archive = TorchArchive.open(artifact.path());
        InputStream changed =
            archive.withSource(archive.source().replace("# Swin3D", "# swin3d"))) {
      Files.copy(changed, other);
    }

    assertThatThrownBy(() -> KernelForm.open(ModelArtifact.open(other), Device.gpu()))
        .isInstanceOf(KernelsUnavailableException.class)
        .hasMessageContaining("its source is not what this version of clipstream writes");
    assertThatThrownBy(() -> KernelForm.open(artifact, Device.gpu()))
        .isInstanceOf(KernelsUnavailableException.class)
        .hasMessageMatching("CUDA's driver is not there: .*|this PyTorch is without CUDA: .*");
  }

  private static ServingKernels kernels(ModelArtifact artifact, TorchArchive archive)
      throws Exception {
    return ServingKernels.of(artifact.manifest(), archive.source());
  }
}
