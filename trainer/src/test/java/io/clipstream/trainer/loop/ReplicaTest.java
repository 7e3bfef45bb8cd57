package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.kernels.KernelForm;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.recipe.Recipe;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A network that cannot learn with clipstream's own attention learns without, and says why. */
class ReplicaTest {
  /** A form that does not parse, and is there for any device. */
  private static final KernelForm.Opener BROKEN =
      (artifact, device) -> {
        try (TorchArchive archive = TorchArchive.open(artifact.path())) {
          return archive.withSource(archive.source().replace("    return ", "    retrun "));
        }
      };

  @TempDir Path folder;

  @Test
  void shouldLearnWithoutASourceThatPyTorchRefuses() throws Exception {
    Path initial = write("auto");
    try (Replica plain = Replica.learning(initial, recipe("off"), Device.cpu());
        Replica network = Replica.learning(initial, recipe("auto"), Device.cpu(), BROKEN)) {
      assertThat(logits(network)).containsExactly(logits(plain), within(1e-4f));
    }
    assertThat(folder).isDirectoryNotContaining("glob:**/kernels*.pt");
  }

  @Test
  void shouldRefuseASourceThatPyTorchRefusesWhereKernelsAreWanted() throws Exception {
    Path initial = write("on");
    Recipe recipe = recipe("on");

    assertThatThrownBy(() -> Replica.learning(initial, recipe, Device.cpu(), BROKEN))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith(
            "train.kernels is on, but cpu cannot train with them: PyTorch refuses the source: ")
        .hasMessageEndingWith("; with auto it trains without")
        .hasMessageNotContaining("\n");
  }

  @Test
  void shouldSayInOneLineOfTheLogWhyAGpuTrainsWithout() throws Exception {
    Path initial = write("auto");
    Recipe recipe = recipe("auto");
    Logger log = (Logger) LoggerFactory.getLogger(Replica.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.setLevel(Level.INFO);
    log.addAppender(lines);
    try {
      // Where PyTorch's build for CPUs cannot train at all.
      assertThatThrownBy(() -> Replica.learning(initial, recipe, Device.gpu()))
          .isInstanceOf(EngineException.class);
    } finally {
      log.detachAppender(lines);
      log.setLevel(null);
    }
    assertThat(lines.list)
        .extracting(line -> line.getLevel() + " " + line.getFormattedMessage())
        .containsExactly(
            "INFO gpu0 trains without clipstream's own attention: its heads have 4 channels,"
                + " expected 32");
  }

  private Recipe recipe(String kernels) throws Exception {
    return TinyRun.recipe(folder, Map.of("train.precision", "bf16", "train.kernels", kernels));
  }

  private Path write(String kernels) throws Exception {
    Recipe recipe = recipe(kernels);
    Path initial = folder.resolve("initial.pt");
    Learner.write(initial, recipe, recipe.firstWeights());
    return initial;
  }

  private float[] logits(Replica network) throws Exception {
    ByteBuffer pixels = ByteBuffer.allocateDirect(recipe("off").clip().clipBytes());
    try (NDManager scope = network.manager().newSubManager()) {
      return network.logits(scope, pixels, 1).toFloatArray();
    }
  }
}
