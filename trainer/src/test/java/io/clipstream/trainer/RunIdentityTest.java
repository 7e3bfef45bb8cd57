package io.clipstream.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder holds one run: its recipe, its data and nobody else's. */
class RunIdentityTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private Path list;

  @BeforeEach
  void begin() throws Exception {
    list = TinyRun.videos(folder, 4, 2);
    train(Map.of(), false);
    said.reset();
  }

  private Path train(Map<String, String> keys, boolean fresh) throws Exception {
    return new TrainingRun(
            TinyRun.recipe(folder, keys),
            Device.cpu(),
            2,
            new Progress(new PrintWriter(said, true)))
        .run(folder.resolve("run"), fresh);
  }

  private void write(String... lines) throws Exception {
    Files.writeString(list, String.join("\n", lines));
  }

  private void assertRefused(String difference) throws Exception {
    byte[] artifact = Files.readAllBytes(folder.resolve("run/tiny-1.pt"));
    assertThatThrownBy(() -> train(Map.of(), false))
        .isInstanceOf(UserError.class)
        .hasMessage(
            folder.resolve("run")
                + " holds another run: "
                + difference
                + "; begin anew with --fresh, or name another folder with -o");
    assertThat(Files.readAllBytes(folder.resolve("run/tiny-1.pt"))).isEqualTo(artifact);
  }

  @Test
  void shouldRefuseSwappedLabels() throws Exception {
    write(
        "0.avi,bright,train",
        "1.avi,dark,train",
        "2.avi,dark,train",
        "3.avi,bright,train",
        "4.avi,dark,validation",
        "5.avi,bright,validation");

    assertRefused("2 of the labels differ, such as that of 0.avi (bright, was dark)");

    train(Map.of(), true);
    assertThat(said.toString()).contains("beginning anew in ").contains("epoch 2/2");
    said.reset();
    train(Map.of(), false);
    assertThat(said.toString()).contains("nothing left to train");
  }

  @Test
  void shouldRefuseAListThatGrew() throws Exception {
    TinyRun.video(folder.resolve("6.avi"), 60, 99);
    Files.writeString(list, Files.readString(list) + "6.avi,dark,train\n");

    assertRefused("1 of the videos are new, such as 6.avi");
  }

  @Test
  void shouldRefuseAnotherContentUnderTheSameName() throws Exception {
    TinyRun.video(folder.resolve("2.avi"), 70, 99);

    assertRefused("1 of the videos have another content, such as 2.avi");
  }

  @Test
  void shouldRefuseAnotherOrder() throws Exception {
    write(
        "1.avi,bright,train",
        "0.avi,dark,train",
        "2.avi,dark,train",
        "3.avi,bright,train",
        "4.avi,dark,validation",
        "5.avi,bright,validation");

    assertRefused("the videos are in another order");
  }

  @Test
  void shouldSayHowARecipeDiffers() {
    assertThatThrownBy(() -> train(Map.of("train.seed", "2", "augment.scale", "off"), false))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("augment.scale is off, was not set; train.seed is 2, was 1;");
  }

  @Test
  void shouldGoOnWithMoreEpochs() throws Exception {
    Path run = folder.resolve("run");
    List<String> two = Files.readAllLines(run.resolve("epochs.csv"));

    Path artifact = train(Map.of("train.epochs", "4"), false);

    assertThat(said.toString())
        .contains("train.epochs was 2 and is 4: the run goes on with the rates of the longer one")
        .doesNotContain("epoch 2/4")
        .contains("epoch 3/4", "epoch 4/4");
    assertThat(Files.readAllLines(run.resolve("epochs.csv")))
        .hasSize(5)
        .startsWith(two.toArray(String[]::new));
    assertThat(ModelArtifact.open(artifact).manifest().recipe())
        .containsEntry("train.epochs", "4")
        .containsEntry("train.epochs.extended-from", "2");

    said.reset();
    Files.writeString(run.resolve("checkpoint.bin"), "no"); // both are those of the longer run
    train(Map.of("train.epochs", "4"), false);
    assertThat(said.toString()).contains("going on from step ");
    assertThatThrownBy(() -> train(Map.of("train.epochs", "3"), false))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("train.epochs is 3, was 4");
  }

  /** Both checkpoints are the longer run's before run.json says so. */
  @Test
  void shouldExtendARunThatWasKilledWhileItWasExtended() throws Exception {
    Path identity = folder.resolve("run/run.json");
    byte[] before = Files.readAllBytes(identity);
    train(Map.of("train.epochs", "3"), false);
    Files.write(identity, before);
    said.reset();

    train(Map.of("train.epochs", "3"), false);

    assertThat(said.toString()).contains("nothing left to train: 3 epochs are done");
  }

  @Test
  void shouldNotTrainAgainForWhatComesAfterTheTraining() throws Exception {
    Map<String, String> after =
        Map.of(
            "report.splits", "validation,train2",
            "data.max-rejected", "0.5",
            "feedback.max-videos", "7",
            "gate.margin", "0.1");
    TinyRun.video(folder.resolve("6.avi"), 60, 99);
    Files.writeString(list, Files.readString(list) + "6.avi,dark,train2\n");

    train(after, false);

    assertThat(said.toString()).contains("nothing left to train").contains("train2:");
  }

  @Test
  void shouldNotMindAnotherFolderOfTheData() throws Exception {
    Path moved = Files.createDirectories(folder.resolve("moved"));
    for (int i = 0; i < 6; i++) {
      Files.move(folder.resolve(i + ".avi"), moved.resolve(i + ".avi"));
    }
    Files.move(list, moved.resolve("videos.csv"));

    assertThatCode(() -> train(Map.of("data.list", "moved/videos.csv"), false))
        .doesNotThrowAnyException();
    assertThat(said.toString()).contains("nothing left to train").doesNotContain("decoding");
  }

  @Test
  void shouldKeepBadFilesInTheReport() throws Exception {
    Files.write(folder.resolve("2.avi"), new byte[50]);
    TinyRun.video(folder.resolve("6.avi"), 60, 99);
    Files.writeString(list, Files.readString(list) + "6.avi,dark,train\n");

    for (int run = 0; run < 2; run++) {
      train(Map.of(), run == 0);
      assertThat(Files.readString(folder.resolve("run/metrics.json")))
          .containsPattern("\"path\" : \"2.avi\"")
          .contains("\"chosenEpoch\"")
          .contains("\"majority\" : 0.5");
    }
  }

  @Test
  void shouldLockTheFolder() throws Exception {
    try (RunFolder held = RunFolder.open(folder.resolve("run"))) {
      assertThat(held.file("run.json")).exists();
      assertThatThrownBy(() -> train(Map.of(), false))
          .isInstanceOf(UserError.class)
          .hasMessage(
              "%s is used by another run; wait for its end, or name another folder with -o",
              folder.resolve("run"));
    }
    train(Map.of(), false);
  }
}
