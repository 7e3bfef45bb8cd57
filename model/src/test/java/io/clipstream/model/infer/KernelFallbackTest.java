package io.clipstream.model.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.kernels.GpuCopies;
import io.clipstream.model.kernels.KernelForm;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.KernelModels;
import io.clipstream.model.swin.ServingKernels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A network that cannot run with kernels runs in its plain form, and says why. */
class KernelFallbackTest {
  @TempDir Path folder;

  private final NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
  private final NDArray pixels = manager.ones(new Shape(1, 8, 56, 56, 3), DataType.UINT8);
  private ModelArtifact artifact;

  @BeforeEach
  void write() throws Exception {
    artifact = ModelArtifact.open(KernelModels.write(folder, "small"));
    assertThat(GpuCopies.find()).as("the library, with the operators").isPresent();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /** PyTorch's build for CPUs has no GPU to give. */
  @Test
  void shouldRunPlainWhereAStepBeforeThatFails() throws Exception {
    assertRunsPlain(
        (plain, device) -> KernelForm.open(plain, Device.gpu()),
        "(CUDA's driver is not there: .*|this PyTorch is without CUDA: .*)");
  }

  @Test
  void shouldRunPlainWherePyTorchRefusesTheSource() throws Exception {
    assertRunsPlain(
        source(text -> text.replace("    return ", "    retrun ")),
        "PyTorch refuses the source: .+");
    assertRunsPlain(
        source(text -> text.replace("clipstream.patches", "clipstream.no_such")),
        "PyTorch refuses the source: Unknown builtin op: clipstream::no_such.*");
  }

  /** Which refuse tensors that are not on a GPU. */
  @Test
  void shouldRunPlainWhereTheNetworkFailsWithThem() throws Exception {
    assertRunsPlain(
        source(text -> text),
        "the network fails with them: .*clipstream::patches: clips is not on a GPU");
  }

  @Test
  void shouldSayInOneLineOfTheLogWhyAGpuRunsThePlainForm() {
    Logger log = (Logger) LoggerFactory.getLogger(TorchNetwork.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.setLevel(Level.INFO);
    log.addAppender(lines);
    try {
      // Which PyTorch's build for CPUs cannot run there either.
      assertThatThrownBy(
              () -> TorchNetwork.load(artifact, Device.gpu(), KernelMode.AUTO, loaded -> {}))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("PyTorch cannot load it");
    } finally {
      log.detachAppender(lines);
      log.setLevel(null);
    }
    assertThat(lines.list)
        .singleElement()
        .satisfies(line -> assertThat(line.getLevel()).isEqualTo(Level.INFO))
        .extracting(ILoggingEvent::getFormattedMessage)
        .asString()
        .matches(
            artifact.manifest().id()
                + " runs in its plain form on gpu0, without GPU kernels: "
                + "(CUDA's driver is not there: .*|this PyTorch is without CUDA: .*)");
  }

  private void assertRunsPlain(KernelForm.Opener opener, String reason) throws Exception {
    try (TorchNetwork plain = load(KernelMode.OFF, opener, new ArrayList<>());
        TorchNetwork network = load(KernelMode.AUTO, opener, new ArrayList<>())) {
      assertThat(network.form().kernels()).isFalse();
      assertThat(network.form().reason()).matches(reason);
      assertThat(network.logits(pixels)).containsExactly(plain.logits(pixels), within(1e-4f));
    }
    List<NetworkForm> tried = new ArrayList<>();
    assertThatThrownBy(() -> load(KernelMode.ON, opener, tried))
        .isInstanceOf(UserError.class)
        .hasMessageMatching(
            artifact.manifest().id()
                + " cannot run with GPU kernels on cpu: "
                + reason
                + "; with model.kernels=auto it runs without");
    assertThat(tried).allMatch(NetworkForm::kernels);
  }

  private TorchNetwork load(KernelMode kernels, KernelForm.Opener opener, List<NetworkForm> tried)
      throws IOException {
    return TorchNetwork.load(
        artifact,
        Device.cpu(),
        kernels,
        opener,
        network -> {
          tried.add(network.form());
          float[] unused = network.logits(pixels);
        });
  }

  /** On any device, the form with kernels after a change of its source. */
  private static KernelForm.Opener source(UnaryOperator<String> change) {
    return (plain, device) -> {
      try (TorchArchive archive = TorchArchive.open(plain.path())) {
        String source = ServingKernels.of(plain.manifest(), archive.source()).source();
        return archive.withSource(change.apply(source));
      } catch (ServingKernels.UnsuitableException e) {
        throw new AssertionError(e);
      }
    };
  }
}
