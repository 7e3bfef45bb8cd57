package io.clipstream.streams.app;

import io.clipstream.trainer.EvalCommand;
import io.clipstream.trainer.GenerateCommand;
import io.clipstream.trainer.TrainCommand;
import java.security.Security;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

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
      SubmitCommand.class,
      WatchCommand.class,
      PredictCommand.class,
      ModelCommand.class,
      TrainCommand.class,
      EvalCommand.class,
      GenerateCommand.class,
      BenchCommand.class,
    })
public final class Clipstream {

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show stack traces and the log in full.")
  private boolean debug;

  private Clipstream() {}

  public static void main(String[] args) {
    setLogLevels(List.of(args));
    // Java keeps a failed name look-up for 10 s, and the fetcher's second try would only meet that.
    Security.setProperty("networkaddress.cache.negative.ttl", "1");
    System.exit(commandLine().execute(args));
  }

  /** Before anything logs: logback reads these when the first logger is made. */
  private static void setLogLevels(List<String> args) {
    if (args.contains("--debug")) {
      System.setProperty("CLIPSTREAM_LOG_LEVEL", "DEBUG");
      System.setProperty("clipstream.log.kafka", "INFO");
    } else if (!args.contains("run")) {
      if (System.getenv("CLIPSTREAM_LOG_LEVEL") == null) {
        System.setProperty("CLIPSTREAM_LOG_LEVEL", "WARN");
      }
      System.setProperty("clipstream.log.kafka", "ERROR");
    }
  }

  static CommandLine commandLine() {
    Clipstream root = new Clipstream();
    return new CommandLine(root)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(new ErrorReport(() -> root.debug))
        .setExecutionExceptionHandler(new ErrorReport(() -> root.debug));
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Clipstream.class.getPackage().getImplementationVersion();
      return new String[] {"clipstream " + (version == null ? "(unpackaged)" : version)};
    }
  }
}
