package io.clipstream.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CommandsTest {
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
  void shouldSayWhatViewsAre() {
    assertThatThrownBy(() -> Evaluation.sampling("4x2")).hasMessageContaining("views are 4x2");
    assertThatThrownBy(() -> Evaluation.sampling("many")).hasMessageContaining("views are many");
    assertThat(Evaluation.sampling("4x3").crops()).isEqualTo(3);
  }

  @Test
  void shouldSayWhereThePhotographsAreMissing() {
    CommandLine command = new CommandLine(new GenerateCommand());
    command.parseArgs(
        "-c",
        "recipes/camera-motion.properties",
        "-o",
        folder.resolve("data").toString(),
        "--photographs",
        folder.resolve("none").toString());

    assertThatThrownBy(() -> ((GenerateCommand) command.getCommand()).call())
        .hasMessageContaining("make it with trainer/fetch-photographs");
  }

  @Test
  void shouldShowTimesAsPeopleReadThem() {
    assertThat(Progress.time(12)).isEqualTo("12s");
    assertThat(Progress.time(200)).isEqualTo("3m20s");
    assertThat(Progress.time(3725)).isEqualTo("1h02m");
  }

  private static void eval(String... arguments) throws Exception {
    CommandLine command = new CommandLine(new EvalCommand());
    command.parseArgs(arguments);
    ((EvalCommand) command.getCommand()).call();
  }
}
