package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointsTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Progress progress = new Progress(new PrintWriter(said, true));
  private Checkpoints checkpoints;

  @BeforeEach
  void make() {
    checkpoints = new Checkpoints(folder);
  }

  private static Checkpoint checkpoint(int step) {
    return Checkpoint.start("run")
        .withEpoch(report(1, 0.5, 1), Map.of("w", new float[] {step, 2}))
        .withStep(step, Map.of("weight w", new float[] {step, 1, -1}));
  }

  private static EpochReport report(int epoch, double meanClass, double loss) {
    return new EpochReport(epoch, 0, 0, 0, loss, 0.9, meanClass, 1);
  }

  @Test
  void shouldGiveBackTheLast() throws Exception {
    assertThat(checkpoints.read("run", progress)).isEmpty();
    checkpoints.write(checkpoint(1));
    checkpoints.write(checkpoint(2));
    checkpoints.write(checkpoint(3));

    Checkpoint read = checkpoints.read("run", progress).orElseThrow();

    assertThat(read.step()).isEqualTo(3);
    assertThat(read.history()).containsExactly(report(1, 0.5, 1));
    assertThat(read.optimizer().get("weight w")).containsExactly(3, 1, -1);
    assertThat(read.best().get("w")).containsExactly(3, 2);
    try (var files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("checkpoint.bin", "checkpoint-previous.bin");
    }
  }

  @Test
  void shouldGiveBackTheEpochThatIsNotAtItsEnd() throws Exception {
    Tally.Saved saved = new Tally.Saved(1.5, 60, List.of(List.of(3, 1), List.of(0, 2)));
    checkpoints.write(checkpoint(1).withStep(2, Map.of("w", new float[1]), new Tally(saved)));

    Tally.Saved read = checkpoints.read("run", progress).orElseThrow().epoch().orElseThrow();

    assertThat(read.answers()).isEqualTo(saved.answers());
    assertThat(read.lossSum()).isEqualTo(1.5);
    assertThat(read.seconds()).isGreaterThanOrEqualTo(60);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 4, 7, 40, 200, -1})
  void shouldGoOnFromThePreviousWhenTheLastIsCut(int length) throws Exception {
    checkpoints.write(checkpoint(1));
    checkpoints.write(checkpoint(2));
    Path last = folder.resolve("checkpoint.bin");
    byte[] bytes = Files.readAllBytes(last);
    Files.write(last, Arrays.copyOf(bytes, length < 0 ? bytes.length - 1 : length));

    assertThat(checkpoints.read("run", progress).orElseThrow().step()).isEqualTo(1);

    assertThat(said.toString())
        .isEqualToIgnoringNewLines(
            "checkpoint.bin: it is cut off; going on from step 1 of checkpoint-previous.bin");
  }

  @Test
  void shouldNotBelieveAFlippedBitAnywhere() throws Exception {
    checkpoints.write(checkpoint(1));
    checkpoints.write(checkpoint(2));
    Path last = folder.resolve("checkpoint.bin");
    byte[] bytes = Files.readAllBytes(last);
    for (int i = 0; i < bytes.length; i++) {
      byte[] damaged = bytes.clone();
      damaged[i] ^= 0x40;
      Files.write(last, damaged);

      assertThat(checkpoints.read("run", progress).orElseThrow().step())
          .as("byte " + i)
          .isEqualTo(1);
    }
  }

  /** A kill between the two moves of a write must not leave the damaged one alone. */
  @Test
  void shouldNotPutADamagedOneInThePlaceOfThePrevious() throws Exception {
    checkpoints.write(checkpoint(1));
    checkpoints.write(checkpoint(2));
    Path last = folder.resolve("checkpoint.bin");
    Files.writeString(last, "no");
    Checkpoint previous = checkpoints.read("run", progress).orElseThrow();

    checkpoints.write(previous);

    Files.writeString(last, "no");
    assertThat(new Checkpoints(folder).read("run", progress).orElseThrow().step()).isEqualTo(1);
  }

  @Test
  void shouldSayInOneLineThatNoneIsWhole() throws Exception {
    checkpoints.write(checkpoint(1));
    Files.writeString(folder.resolve("checkpoint.bin"), "no");

    assertThatThrownBy(() -> checkpoints.read("run", progress))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "no checkpoint in %s can be read (checkpoint.bin: it is cut off); begin anew with --fresh",
            folder);
  }

  @Test
  void shouldNotGoOnWithAnotherRun() throws Exception {
    checkpoints.write(checkpoint(1));

    assertThatThrownBy(() -> checkpoints.read("other", progress))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("holds a run of another recipe, start model or data");
  }

  @Test
  void shouldChooseByMeanClassAccuracyThenByLossThenTheEarlier() {
    List<EpochReport> history =
        List.of(report(1, 0.5, 0.1), report(2, 0.7, 0.9), report(3, 0.7, 0.8), report(4, 0.7, 0.8));
    Checkpoint run = Checkpoint.start("run");
    for (EpochReport epoch : history) {
      run = run.withEpoch(epoch, Map.of("epoch", new float[] {epoch.epoch()}));
    }

    assertThat(run.chosen()).contains(history.get(2));
    assertThat(run.best().get("epoch")).containsExactly(3);
  }
}
