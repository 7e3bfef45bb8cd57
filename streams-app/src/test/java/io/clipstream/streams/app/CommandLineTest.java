package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CommandLineTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "demmo | clipstream: unknown command demmo, did you mean demo? (see clipstream --help)",
        "demo --exi | clipstream: unknown option --exi, did you mean --exit? (see clipstream demo"
            + " --help)",
        "predict --tpo 3 x.mp4 | clipstream: unknown option --tpo, did you mean --top? (see"
            + " clipstream predict --help)",
        "predict --views 4y3 x.mp4 | clipstream: views is '4y3', expected clips and crops such as"
            + " 1 or 4x3",
        "submit nowhere.mp4 | clipstream: no file at nowhere.mp4: expected a video file or an"
            + " http(s) address",
        "submit --set kafka.bootstrap.servers=127.0.0.1:1 http://a/b.mp4 --id x y --id z"
            + " | clipstream: option '--id' (<id>) should be specified only once (see clipstream submit"
            + " --help)",
        "run --set batch.max-clip=3 | clipstream: unknown key batch.max-clip in --set, did you"
            + " mean batch.max-clips?",
        "run -c nowhere.properties | clipstream: no configuration at nowhere.properties: expected"
            + " a properties file",
      })
  void shouldSayInOneLineWhatWasWrong(String arguments, String message) {
    int code = run(arguments.split(" "));

    assertThat(err.toString()).isEqualTo(message + System.lineSeparator());
    assertThat(code).isNotZero();
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldSayThatAFileIsMissingOrNoVideo(@TempDir Path directory) throws Exception {
    Path text = java.nio.file.Files.writeString(directory.resolve("notes.mp4"), "not a video\n");

    int code = run("predict", "--json", text.toString());

    assertThat(code).isEqualTo(1);
    assertThat(out.toString()).contains("\"reason\":\"NOT_A_VIDEO\"").hasLineCount(1);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void shouldShowTheStackTraceOnlyWhenAsked() {
    run("--debug", "run", "--set", "batch.max-clip=3");

    assertThat(err.toString())
        .contains("unknown key batch.max-clip")
        .contains("\tat io.clipstream");
  }

  @Test
  void shouldDescribeEveryCommand() {
    CommandLine command = Clipstream.commandLine();

    assertThat(command.getSubcommands().keySet())
        .contains("demo", "run", "submit", "watch", "predict", "train", "eval", "bench");
    for (CommandLine sub : command.getSubcommands().values()) {
      assertThat(sub.getUsageMessage()).contains("--help");
      assertThat(sub.getCommandSpec().usageMessage().description()).isNotEmpty();
    }
  }

  private int run(String... arguments) {
    return Clipstream.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
