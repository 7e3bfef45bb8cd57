package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionCommandTest {
  @TempDir Path directory;

  @Test
  void shouldCompleteCommandsAndOptionsInBash() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash here");
    StringWriter out = new StringWriter();
    var line = Clipstream.commandLine();
    line.setOut(new PrintWriter(out));
    assertThat(Clipstream.run(line, "completion")).isZero();
    Path script = Files.writeString(directory.resolve("completion"), out.toString());

    assertThat(completed(script, "clipstream", "pred")).contains("predict");
    assertThat(completed(script, "clipstream", "model", "roll")).contains("rollback", "rollout");
    assertThat(completed(script, "clipstream", "watch", "--rej")).contains("--rejected");
  }

  /** What bash offers for the last of the words. */
  private static String completed(Path script, String... words) throws Exception {
    Process bash =
        new ProcessBuilder(
                "/bin/bash",
                "--norc",
                "-c",
                "source "
                    + script
                    + "; COMP_WORDS=("
                    + String.join(" ", words)
                    + "); COMP_CWORD="
                    + (words.length - 1)
                    + "; _complete_clipstream; printf '%s\\n' \"${COMPREPLY[@]}\"")
            .redirectErrorStream(true)
            .start();
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor()).as(said).isZero();
    return said;
  }
}
