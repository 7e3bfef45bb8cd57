package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class StandardOutputTest {
  private static final Path VIDEO =
      Path.of("src/main/resources/io/clipstream/streams/demo/real-toy.webm");

  @Test
  void shouldWriteUtf8() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintWriter out = StandardOutput.to(bytes);

    out.print("größe 視頻");
    out.flush();

    assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("größe 視頻");
  }

  @Test
  void shouldEndACommandWhoseOutputIsFull() throws Exception {
    StringWriter err = new StringWriter();
    try (OutputStream full = new FileOutputStream("/dev/full")) {
      int code = command(full, err, "predict", "--json", VIDEO.toString(), VIDEO.toString());

      assertThat(code).isEqualTo(1);
    }
    assertThat(err.toString())
        .isEqualTo("clipstream: standard output cannot be written to: No space left on device\n");
  }

  /** picocli prints these by itself. */
  @ParameterizedTest
  @ValueSource(strings = {"--help", "--version", "predict --help", "model --help"})
  void shouldEndATextOfHelpWhoseOutputIsFull(String arguments) throws Exception {
    StringWriter err = new StringWriter();
    try (OutputStream full = new FileOutputStream("/dev/full")) {
      assertThat(command(full, err, arguments.split(" ", -1))).isEqualTo(1);
    }
    assertThat(err.toString())
        .isEqualTo("clipstream: standard output cannot be written to: No space left on device\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"model inspect", "--help", "--version"})
  void shouldSayNothingWhenTheReaderHasGone(String arguments) {
    StringWriter err = new StringWriter();

    int code = command(new Broken("Broken pipe"), err, arguments.split(" ", -1));

    assertThat(code).isEqualTo(1);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void shouldTellOnceThatItIsLost() {
    PrintWriter out = StandardOutput.to(new Broken("Bad file descriptor"));
    out.print("line");

    assertThatThrownBy(out::flush).isInstanceOf(StandardOutput.Lost.class);
    out.print("more");
    out.flush();
  }

  private static int command(OutputStream to, StringWriter err, String... arguments) {
    CommandLine line =
        Clipstream.commandLine().setOut(StandardOutput.to(to)).setErr(new PrintWriter(err));
    return Clipstream.run(line, arguments);
  }

  private static final class Broken extends OutputStream {
    private final String reason;

    Broken(String reason) {
      this.reason = reason;
    }

    @Override
    public void write(int b) throws IOException {
      throw new IOException(reason);
    }
  }
}
