package io.clipstream.streams.cli;

import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code clipstream bench}: the project's numbers, on this machine. */
@Command(
    name = "bench",
    description = "Measure speed on this machine, as ratios.",
    subcommands = {
      BenchDecodeCommand.class,
      BenchClassifyCommand.class,
      BenchPipelineCommand.class,
    })
final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "bench needs a command: " + String.join(", ", spec.subcommands().keySet()));
  }

  /** Before any work begins. */
  static void checkVideos(List<Path> files) {
    for (Path file : files) {
      if (!Files.isRegularFile(file)) {
        throw new UserError("no file at " + file + ": expected a video" + Nearest.hint(file));
      }
    }
  }
}
