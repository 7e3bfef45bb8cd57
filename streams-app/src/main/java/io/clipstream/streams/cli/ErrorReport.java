package io.clipstream.streams.cli;

import ai.djl.engine.EngineException;
import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import io.clipstream.model.fetch.FetchSystemException;
import io.clipstream.model.infer.OutOfDeviceMemoryException;
import io.clipstream.streams.app.KafkaProblem;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Says in one line what went wrong; the stack trace only with {@code --debug}. What the user can
 * mend ({@link UserError}) and what the system may do at any time (files, Kafka, device memory) is
 * the message alone. Everything else, an {@code IllegalArgumentException} too, is our own fault and
 * says so.
 */
final class ErrorReport implements IParameterExceptionHandler, IExecutionExceptionHandler {
  /** DJL looks for PyTorch's libraries; other failures of an engine are no matter of these. */
  private static final Pattern LIBRARIES =
      Pattern.compile("(?i)pytorch (native library|index file|jni)");

  /** What picocli says of an option that takes a key and a value. */
  private static final Pattern PAIR =
      Pattern.compile(
          "(?s)Value for option option '(\\S+)' .* should be in KEY=VALUE format but was (.*)");

  /** Characters of a report. */
  private static final int LONGEST = 4000;

  private final BooleanSupplier debug;

  ErrorReport(BooleanSupplier debug) {
    this.debug = debug;
  }

  /** A wrong option or argument: exit code 2. */
  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String message = e.getMessage();
    Matcher pair = PAIR.matcher(String.valueOf(message));
    if (pair.matches()) {
      message = pair.group(1) + " is '" + pair.group(2) + "', expected KEY=VALUE";
    }
    List<String> unmatched = List.of();
    if (e instanceof UnmatchedArgumentException arguments) {
      unmatched = arguments.getUnmatched();
    } else if (e instanceof MissingParameterException) { // what is missing may be misspelt
      unmatched = command.getUnmatchedArguments();
    }
    if (!unmatched.isEmpty()) {
      String typed = unmatched.get(0);
      message = unknown(command, typed) + Nearest.hint(typed, names(command, typed));
    }
    print(
        command.getErr(),
        message + " (see " + command.getCommandSpec().qualifiedName() + " --help)",
        e);
    return CommandLine.ExitCode.USAGE;
  }

  /** Anything else: exit code 1, or {@link RestartException}'s. */
  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    Throwable cause = e;
    while ((cause instanceof ExecutionException
            || cause instanceof CompletionException
            || cause instanceof UncheckedIOException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof StandardOutput.Lost lost) {
      return lost(command.getErr(), lost);
    }
    if (shuttingDown(cause)) {
      return CommandLine.ExitCode.SOFTWARE;
    }
    Optional<String> engine = engine(cause);
    if (engine.isPresent()) {
      print(command.getErr(), engine.get(), cause);
      return CommandLine.ExitCode.SOFTWARE;
    }
    if (causes(cause).anyMatch(ErrorReport::isOutOfPixels)) {
      print(
          command.getErr(),
          "memory for decoded clips ran out; expected fewer views or threads, or more memory with"
              + " CLIPSTREAM_JAVA_OPTS=-XX:MaxDirectMemorySize=8g",
          cause);
      return CommandLine.ExitCode.SOFTWARE;
    }
    String message = cause.getMessage();
    if (cause instanceof NoSuchFileException missing) {
      message = "no such file: " + missing.getFile();
    } else if (cause instanceof RecordDeserializationException unreadable) {
      message =
          "topic %s has a record that cannot be read, partition %d, offset %d: %s"
              .formatted(
                  unreadable.topicPartition().topic(),
                  unreadable.topicPartition().partition(),
                  unreadable.offset(),
                  KafkaProblem.reason(unreadable));
    } else if (cause.getClass().getName().startsWith("org.apache.kafka.")) {
      message = kafka(cause);
    } else if (cause instanceof IOException io) {
      message = FileProblem.line(io);
    } else if (cause instanceof InvalidPathException path) { // out of a list or a settings file
      message = "'" + path.getInput() + "' cannot name a file: " + path.getReason();
    }
    boolean said =
        message != null
            && (cause instanceof UserError
                || cause instanceof RestartException
                || cause instanceof KafkaException
                || cause instanceof FetchSystemException
                || cause instanceof OutOfDeviceMemoryException
                || cause instanceof InvalidPathException
                || cause instanceof IOException);
    print(
        command.getErr(),
        said
            ? message
            : "internal error: " + chain(cause) + " (run again with --debug for the details)",
        cause);
    return cause instanceof RestartException
        ? RestartException.EXIT_CODE
        : CommandLine.ExitCode.SOFTWARE;
  }

  /** Standard output is full or closed: exit code 1, and not a word to a reader that has gone. */
  static int lost(PrintWriter err, StandardOutput.Lost lost) {
    if (!lost.readerIsGone()) {
      err.println(
          "clipstream: standard output cannot be written to: " + lost.getCause().getMessage());
      err.flush();
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** Clips lie outside of the heap, whose end would end the process. */
  private static boolean isOutOfPixels(Throwable error) {
    return error instanceof OutOfMemoryError
        && String.valueOf(error.getMessage()).contains("direct buffer memory");
  }

  /** PyTorch cannot be started, or is of a flavor that is not there. */
  private static Optional<String> engine(Throwable error) {
    if (causes(error)
        .noneMatch(
            at ->
                at instanceof EngineException
                    && LIBRARIES.matcher(String.valueOf(at.getMessage())).find())) {
      return Optional.empty();
    }
    String innermost = String.valueOf(causes(error).reduce((a, b) -> b).orElse(error).getMessage());
    return Optional.of("PyTorch cannot be started (" + innermost + ")" + blame(System.getenv()));
  }

  /**
   * What of the environment decides which PyTorch is started, as the end of a message; empty if
   * nothing does.
   */
  static String blame(Map<String, String> environment) {
    String own = environment.getOrDefault("PYTORCH_LIBRARY_PATH", "");
    if (!own.isEmpty()) {
      return ": PYTORCH_LIBRARY_PATH is '"
          + own
          + "', expected the lib folder of a PyTorch for this machine that this DJL"
          + " was built for, see README.md; unset it for the libraries that come with clipstream";
    }
    String flavor = environment.getOrDefault("PYTORCH_FLAVOR", "");
    return flavor.isEmpty()
        ? ""
        : ": PYTORCH_FLAVOR is '"
            + flavor
            + "', expected one that DJL has and this machine can download, such as cpu;"
            + " unset it for the libraries that come with clipstream";
  }

  /** Kafka's own message and its cause; the latter alone where the first only names a client. */
  private static String kafka(Throwable error) {
    String reason = KafkaProblem.reason(error);
    String message = error.getMessage();
    return message == null
            || reason.startsWith(message)
            || message.startsWith("Failed to create new")
            || message.startsWith("Failed to construct")
        ? reason
        : message + ": " + reason;
  }

  /** The user ended the process while it was still starting: libraries cannot begin any more. */
  private static boolean shuttingDown(Throwable error) {
    return causes(error)
        .anyMatch(
            at ->
                at instanceof IllegalStateException
                    && "Shutdown in progress".equals(at.getMessage()));
  }

  /** The error and what it comes from. */
  private static String chain(Throwable error) {
    return causes(error).map(String::valueOf).collect(Collectors.joining(", because of "));
  }

  private static Stream<Throwable> causes(Throwable error) {
    return Stream.iterate(error, Objects::nonNull, Throwable::getCause).limit(10);
  }

  private void print(PrintWriter err, String message, Throwable e) {
    String line = message.strip().replaceAll("\\s*\\R\\s*", "; ");
    // What was wrong may be megabytes without a line break; what was expected stands behind it.
    if (line.length() > LONGEST) {
      line = line.substring(0, LONGEST / 2) + " … " + line.substring(line.length() - LONGEST / 2);
    }
    err.println("clipstream: " + Printable.of(line));
    if (debug.getAsBoolean()) {
      e.printStackTrace(err);
    }
    err.flush();
  }

  private static String unknown(CommandLine command, String typed) {
    if (typed.startsWith("-")) {
      return "unknown option " + typed;
    }
    return command.getSubcommands().isEmpty()
        ? "unexpected argument " + typed
        : "unknown command " + typed;
  }

  private static List<String> names(CommandLine command, String typed) {
    Stream<String> names =
        typed.startsWith("-")
            ? command.getCommandSpec().optionsMap().keySet().stream()
            : command.getSubcommands().keySet().stream();
    return names.toList();
  }
}
