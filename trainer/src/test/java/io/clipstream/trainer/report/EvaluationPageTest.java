package io.clipstream.trainer.report;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.clipstream.model.Progress;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.TrainingRun;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationPageTest {
  @TempDir Path folder;

  @Test
  void shouldTellEverythingInOneFileThatNeedsNoOther() throws Exception {
    videosOfWhichSomeAreCalledWrongly();
    Path artifact =
        new TrainingRun(TinyRun.recipe(folder, Map.of()), Device.cpu(), 2, Progress.silent())
            .run(folder.resolve("run"), false);

    String page = Files.readString(folder.resolve("run/report-validation.html"));
    assertThat(page)
        .containsPattern("<h1>tiny-1 on split validation, epoch [12] of 2</h1>")
        .contains("views 1 of 4 frames at 6 a second, short side 20, crop 16")
        .contains("prefers-color-scheme: dark")
        .contains("Accuracy by epoch")
        .contains("<polyline")
        .contains("<circle")
        .contains("data:image/jpeg;base64,")
        .doesNotContain("http")
        .doesNotContain(folder.toString());
    assertThat(ModelArtifact.open(artifact).manifest().metrics()).containsKey("top1.validation");
  }

  /** A Java without its desktop module cannot write pictures. */
  @Test
  void shouldKeepTheModelAndItsFiguresWherePicturesCannotBeMade() throws Exception {
    videosOfWhichSomeAreCalledWrongly();
    Path log = folder.resolve("log.txt");

    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--limit-modules",
                "java.logging,java.management,java.naming,java.net.http,java.sql,java.xml,"
                    + "jdk.unsupported",
                "-cp",
                System.getProperty("java.class.path"),
                EvaluationPageTest.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();

    assertThat(java.waitFor()).as(Files.readString(log)).isZero();
    assertThat(Files.readString(log))
        .contains(
            "report-validation.html has no pictures: java.lang.NoClassDefFoundError: java/awt/");
    assertThat(folder.resolve("run/metrics.json")).isNotEmptyFile();
    assertThat(ModelArtifact.open(folder.resolve("run/tiny-1.pt")).manifest().metrics())
        .containsKey("top1.validation");
    assertThat(folder.resolve("run/report-validation.html"))
        .content()
        .contains("Worst videos", "<figcaption>", "</html>")
        .doesNotContain("<img");
  }

  /** A run in the folder that is given. */
  public static void main(String[] folder) throws Exception {
    new TrainingRun(
            TinyRun.recipe(Path.of(folder[0]), Map.of()),
            Device.cpu(),
            2,
            new Progress(new PrintWriter(System.out, true)))
        .run(Path.of(folder[0], "run"), false);
  }

  /** What is held out has the other one's label. */
  private void videosOfWhichSomeAreCalledWrongly() throws Exception {
    Path list = TinyRun.videos(folder, 12, 4);
    StringBuilder swapped = new StringBuilder();
    for (String line : Files.readAllLines(list)) {
      boolean held = line.endsWith("validation");
      String other =
          line.contains("dark") ? line.replace("dark", "bright") : line.replace("bright", "dark");
      swapped.append(held ? other : line).append('\n');
    }
    Files.writeString(list, swapped);
  }

  @Test
  void shouldNotTakeNamesForMarkup() {
    assertThat(Html.row("td", "<b>\"&")).isEqualTo("<tr><td>&lt;b&gt;&quot;&amp;</td></tr>\n");
  }
}
