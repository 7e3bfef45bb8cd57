package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.EngineException;
import io.clipstream.model.UserError;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ErrorReportTest {
  private final StringWriter err = new StringWriter();

  static Stream<Arguments> expected() {
    return Stream.of(
        Arguments.of(new UserError("a is 'b', expected c"), "a is 'b', expected c"),
        Arguments.of(new IOException("disk full"), "disk full"),
        Arguments.of(
            new IllegalStateException(
                "decoding failed",
                new OutOfMemoryError("Cannot reserve 196608 bytes of direct buffer memory")),
            "memory for decoded clips ran out; expected fewer views or threads, or more memory with"
                + " CLIPSTREAM_JAVA_OPTS=-XX:MaxDirectMemorySize=8g"),
        Arguments.of(new TimeoutException("no answer"), "no answer"),
        Arguments.of(new NoSuchFileException("m.pt"), "no such file: m.pt"),
        Arguments.of(
            new KafkaException(
                "Failed to create new KafkaAdminClient",
                new ConfigException("sasl.mechanism is unknown")),
            "sasl.mechanism is unknown"),
        Arguments.of(
            new KafkaException("Failed to construct", new ClassNotFoundException("foo.Bar")),
            "there is no class foo.Bar on the class path (more jars go to lib/)"),
        Arguments.of(
            new RecordDeserializationException(
                RecordDeserializationException.DeserializationExceptionOrigin.VALUE,
                new TopicPartition("videos.incoming", 1),
                7,
                0,
                TimestampType.CREATE_TIME,
                null,
                null,
                null,
                "Error deserializing VALUE, please seek past the record",
                new SerializationException("no labels")),
            "topic videos.incoming has a record that cannot be read, partition 1, offset 7: no"
                + " labels"),
        Arguments.of(
            new AccessDeniedException("/srv/x"),
            "/srv/x: this user may not read or write it: change its rights or name another place"),
        Arguments.of(
            new InvalidPathException("a\u0000b", "Nul character not allowed"),
            "'a\\u0000b' cannot name a file: Nul character not allowed"),
        Arguments.of(
            new UserError("no video at " + "x".repeat(5_000_000) + ", expected one"),
            "no video at " + "x".repeat(1988) + " … " + "x".repeat(1986) + ", expected one"),
        Arguments.of(new IOException("Is a directory"), "it is a folder, expected a file"),
        Arguments.of(
            new FileSystemException("/x", null, "Is a directory"),
            "/x: it is a folder, expected a file"),
        Arguments.of(new UncheckedIOException(new FileNotFoundException("gone")), "gone"),
        Arguments.of(new ExecutionException(new UserError("two\n  lines")), "two; lines"),
        Arguments.of(new CompletionException(new UserError("inner")), "inner"));
  }

  @ParameterizedTest
  @MethodSource("expected")
  void shouldSayInOneLineWhatTheUserOrTheSystemDidWrong(Exception error, String message) {
    assertThat(report(error, false)).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("clipstream: " + message + System.lineSeparator());
  }

  @Test
  void shouldSayNothingWhenTheProcessEndsWhileItStarts() {
    Exception error =
        new CompletionException(
            new ExceptionInInitializerError(new IllegalStateException("Shutdown in progress")));

    assertThat(report(error, false)).isEqualTo(1);
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Failed to load PyTorch native library", "Failed to save pytorch index file"})
  void shouldTellAFlavorOfPyTorchThatIsNotThere(String message) {
    report(
        new CompletionException(new EngineException(message, new IllegalStateException("offline"))),
        false);

    assertThat(err.toString()).startsWith("clipstream: PyTorch cannot be started (offline)");
  }

  @Test
  void shouldNameWhatChoseTheEngineThatDoesNotStart() {
    assertThat(ErrorReport.blame(Map.of())).isEmpty();
    assertThat(ErrorReport.blame(Map.of("PYTORCH_FLAVOR", "cu999")))
        .startsWith(": PYTORCH_FLAVOR is 'cu999', expected");
    assertThat(
            ErrorReport.blame(
                Map.of("PYTORCH_FLAVOR", "cu128", "PYTORCH_LIBRARY_PATH", "/opt/torch/lib")))
        .startsWith(": PYTORCH_LIBRARY_PATH is '/opt/torch/lib', expected");
  }

  static Stream<Exception> faults() {
    return Stream.of(
        new IllegalArgumentException("size is 0, expected at least 1"),
        new NumberFormatException("For input string: x"),
        new IllegalStateException("closed"),
        new ArrayIndexOutOfBoundsException("3"),
        new CompletionException(new IllegalArgumentException("size is 0")));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void shouldOwnUpToFaultsOfTheProgram(Exception error) {
    assertThat(report(error, false)).isEqualTo(1);

    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    assertThat(err.toString())
        .isEqualTo(
            "clipstream: internal error: "
                + cause
                + " (run again with --debug for the details)"
                + System.lineSeparator());
  }

  @Test
  void shouldShowTheStackTraceWhenAsked() {
    report(new IllegalArgumentException("size is 0"), true);

    assertThat(err.toString())
        .contains("internal error")
        .contains("\tat io.clipstream.streams.cli.ErrorReportTest");
  }

  private int report(Exception error, boolean debug) {
    CommandLine command = Clipstream.commandLine().setErr(new PrintWriter(err, true));
    return new ErrorReport(() -> debug).handleExecutionException(error, command, null);
  }
}
