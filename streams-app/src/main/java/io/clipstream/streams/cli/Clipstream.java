package io.clipstream.streams.cli;

import io.clipstream.model.infer.NetworkThread;
import io.clipstream.streams.metrics.Versions;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command line: {@code clipstream COMMAND}. */
@Command(
    name = "clipstream",
    description = "Labels videos as they arrive on Kafka.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Clipstream.Version.class,
    subcommands = {
      DemoCommand.class,
      RunCommand.class,
      TopicsCommand.class,
      CheckCommand.class,
      RepartitionCommand.class,
      SubmitCommand.class,
      WatchCommand.class,
      CorrectCommand.class,
      RelabelCommand.class,
      DiffCommand.class,
      PredictCommand.class,
      ModelCommand.class,
      TrainCommand.class,
      EvalCommand.class,
      GenerateCommand.class,
      BenchCommand.class,
      CompletionCommand.class,
    })
public final class Clipstream implements Runnable {

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces and the log in full.")
  private boolean debug;

  private Clipstream() {}

  /** Without a command. */
  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "it needs a command: " + String.join(", ", spec.subcommands().keySet()));
  }

  public static void main(String[] args) {
    // Before the first logger has logback.xml read, which would complain at length.
    LogLevels.formatProblem(System.getenv("CLIPSTREAM_LOG_FORMAT"))
        .ifPresent(
            problem -> {
              System.err.println("clipstream: " + problem);
              System.exit(CommandLine.ExitCode.SOFTWARE);
            });
    // Java keeps a failed name look-up for 10 s, and the fetcher's second try would only meet that.
    Security.setProperty("networkaddress.cache.negative.ttl", "1");
    // The broker of demo logs through log4j, which complains if the process ends while it starts.
    System.setProperty("log4j.shutdownHookEnabled", "false");
    CommandLine line = commandLine();
    line.setExecutionStrategy(
        parsed -> {
          logLevels(parsed).apply(System.getenv("CLIPSTREAM_LOG_LEVEL"));
          return new CommandLine.RunLast().execute(parsed);
        });
    line.setOut(StandardOutput.to(new FileOutputStream(FileDescriptor.out)));
    Thread main = new NetworkThread(() -> System.exit(run(line, args)), "main");
    main.setDaemon(false);
    main.setUncaughtExceptionHandler(
        (thread, e) -> {
          e.printStackTrace();
          System.exit(CommandLine.ExitCode.SOFTWARE);
        });
    main.start();
  }

  /** Also writes what commands printed and did not flush. */
  static int run(CommandLine line, String... args) {
    IExecutionStrategy strategy = line.getExecutionStrategy();
    line.setExecutionStrategy(
        parsed -> {
          try {
            return strategy.execute(parsed);
          } catch (StandardOutput.Lost lost) { // in a text of help: picocli would print the stack
            return ErrorReport.lost(line.getErr(), lost);
          }
        });
    try {
      int code = line.execute(args);
      line.getOut().flush();
      return code;
    } catch (StandardOutput.Lost lost) { // behind the last line
      return ErrorReport.lost(line.getErr(), lost);
    }
  }

  /** As the parsed options and command say: an argument may be named like either. */
  static LogLevels logLevels(ParseResult parsed) {
    Clipstream root = (Clipstream) parsed.commandSpec().userObject();
    if (root.debug) {
      return LogLevels.DEBUG;
    }
    return parsed.hasSubcommand()
            && parsed.subcommand().commandSpec().userObject() instanceof RunCommand
        ? LogLevels.SERVICE
        : LogLevels.COMMAND;
  }

  static CommandLine commandLine() {
    Clipstream root = new Clipstream();
    return new CommandLine(root)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .registerConverter(Path.class, Clipstream::path)
        .setParameterExceptionHandler(new ErrorReport(() -> root.debug))
        .setExecutionExceptionHandler(new ErrorReport(() -> root.debug));
  }

  /** Java takes an empty name, which a variable of a script may be by mistake, for this folder. */
  private static Path path(String name) {
    if (name.isEmpty()) {
      throw new TypeConversionException("it is empty, expected the name of a file or folder");
    }
    return Path.of(name);
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      List<String> lines = new ArrayList<>();
      Versions.all().forEach((what, version) -> lines.add(what + " " + version));
      return lines.toArray(String[]::new);
    }
  }
}
