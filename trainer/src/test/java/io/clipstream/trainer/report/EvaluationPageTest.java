package io.clipstream.trainer.report;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.clipstream.model.Progress;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.TrainingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationPageTest {
  @TempDir Path folder;

  @Test
  void shouldTellEverythingInOneFileThatNeedsNoOther() throws Exception {
    Path list = TinyRun.videos(folder, 12, 4);
    // What is held out has the other one's label, so that some of it is called wrongly.
    StringBuilder swapped = new StringBuilder();
    for (String line : Files.readAllLines(list)) {
      boolean held = line.endsWith("validation");
      String other =
          line.contains("dark") ? line.replace("dark", "bright") : line.replace("bright", "dark");
      swapped.append(held ? other : line).append('\n');
    }
    Files.writeString(list, swapped);
    Path artifact =
        new TrainingRun(TinyRun.recipe(folder, Map.of()), Device.cpu(), 2, Progress.silent())
            .run(folder.resolve("run"), false);

    String page = Files.readString(folder.resolve("run/report-validation.html"));
    assertThat(page)
        .contains("tiny-1 on split validation")
        .contains("prefers-color-scheme: dark")
        .contains("Accuracy by epoch")
        .contains("<polyline")
        .contains("<circle")
        .contains("data:image/jpeg;base64,")
        .doesNotContain("http")
        .doesNotContain(folder.toString());
    assertThat(ModelArtifact.open(artifact).manifest().metrics()).containsKey("top1.validation");
  }

  @Test
  void shouldNotTakeNamesForMarkup() {
    assertThat(Html.row("td", "<b>\"&")).isEqualTo("<tr><td>&lt;b&gt;&quot;&amp;</td></tr>\n");
  }
}
