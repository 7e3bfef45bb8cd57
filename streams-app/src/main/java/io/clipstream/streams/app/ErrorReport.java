package io.clipstream.streams.app;

import io.clipstream.model.Nearest;
import io.clipstream.model.infer.OutOfDeviceMemoryException;
import io.clipstream.streams.ingest.FetchSystemException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one line what went wrong; the stack trace only with {@code --debug}. */
final class ErrorReport implements IParameterExceptionHandler, IExecutionExceptionHandler {
  private final BooleanSupplier debug;

  ErrorReport(BooleanSupplier debug) {
    this.debug = debug;
  }

  /** A wrong option or argument: exit code 2. */
  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String message = e.getMessage();
    if (e instanceof UnmatchedArgumentException unmatched) {
      String typed = unmatched.getUnmatched().get(0);
      message = unknown(command, typed) + Nearest.hint(typed, names(command, typed));
    }
    print(
        command.getErr(),
        message + " (see " + command.getCommandSpec().qualifiedName() + " --help)",
        e);
    return CommandLine.ExitCode.USAGE;
  }

  /** Anything else: exit code 1. */
  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    Throwable cause = e;
    while ((cause instanceof ExecutionException
            || cause instanceof CompletionException
            || cause instanceof UncheckedIOException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message =
        cause instanceof NoSuchFileException missing
            ? "no such file: " + missing.getFile()
            : cause.getMessage();
    boolean said =
        message != null
            && (cause instanceof UserError
                || cause instanceof IllegalArgumentException
                || cause instanceof KafkaException
                || cause instanceof FetchSystemException
                || cause instanceof OutOfDeviceMemoryException
                || cause instanceof IOException);
    print(
        command.getErr(),
        said
            ? message
            : "internal error: " + chain(cause) + " (run again with --debug for the details)",
        cause);
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** The error and what it comes from. */
  private static String chain(Throwable error) {
    return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
        .limit(10)
        .map(String::valueOf)
        .collect(Collectors.joining(", because of "));
  }

  private void print(PrintWriter err, String message, Throwable e) {
    err.println("clipstream: " + message.strip().replaceAll("\\s*\\R\\s*", "; "));
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
