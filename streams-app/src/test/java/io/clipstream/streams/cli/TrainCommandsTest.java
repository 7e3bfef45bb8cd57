package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TrainCommandsTest {
  @TempDir Path folder;

  @Test
  void shouldSayInOneLineWhatEvalLacks() throws Exception {
    Path text = Files.writeString(folder.resolve("text.pt"), "no model");

    assertThatThrownBy(() -> eval(folder.resolve("test.pt").toString(), "--data", "x.csv"))
        .hasMessageContaining("test.pt: no such file")
        .hasMessageEndingWith(", did you mean " + text + "?");
    assertThatThrownBy(() -> eval(text.toString(), "--data", "x.csv"))
        .hasMessageContaining("text.pt")
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("\n");
  }

  @Test
  void shouldSayBeforeItMeasuresThatThePageCannotBeWritten() throws Exception {
    for (Path page : List.of(folder, folder.resolve("none/page.html"))) {
      assertThatThrownBy(() -> eval("gone.pt", "--data", "x.csv", "--html", page.toString()))
          .hasMessage("--html is " + page + ", expected a file in a folder that exists");
    }
  }

  @Test
  void shouldSayWhereThePhotographsAreMissing() {
    CommandLine command = new CommandLine(new GenerateCommand());
    command.parseArgs(
        "-c",
        "../trainer/recipes/camera-motion.properties",
        "-o",
        folder.resolve("data").toString(),
        "--photographs",
        folder.resolve("none").toString());

    assertThatThrownBy(() -> ((GenerateCommand) command.getCommand()).call())
        .hasMessageContaining("make it with trainer/fetch-photographs");
  }

  /** Or an alert on trainings would not see that one failed before it had begun. */
  @Test
  void shouldTellTheMetricsOfAFailureBeforeTheTraining() {
    Path metrics = folder.resolve("training.prom");
    CommandLine command = new CommandLine(new TrainCommand());
    command.parseArgs(
        "-c",
        "../trainer/recipes/finetune.properties",
        "-o",
        folder.resolve("run").toString(),
        "--publish",
        "--kafka",
        folder.resolve("none.properties").toString(),
        "--metrics",
        metrics.toString());

    assertThatThrownBy(() -> ((TrainCommand) command.getCommand()).call())
        .hasMessageContaining("none.properties");
    assertThat(metrics)
        .content()
        .contains(
            "clipstream_training_outcome{model=\"own\",outcome=\"failed\",version=\"1\"} 1.0");
  }

  private static void eval(String... arguments) throws Exception {
    CommandLine command = new CommandLine(new EvalCommand());
    command.parseArgs(arguments);
    ((EvalCommand) command.getCommand()).call();
  }
}
