package io.clipstream.streams.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code clipstream topics}: the topics of the configuration. */
@Command(
    name = "topics",
    description = "The topics that the configuration names: make them, look at them.",
    subcommands = TopicsCreateCommand.class)
final class TopicsCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "topics needs a command: " + String.join(", ", spec.subcommands().keySet()));
  }
}
