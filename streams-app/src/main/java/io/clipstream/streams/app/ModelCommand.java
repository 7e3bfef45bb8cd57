package io.clipstream.streams.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code clipstream model}: what can be done with models as files. */
@Command(
    name = "model",
    description = "Bring models in and out, look at them, check them.",
    subcommands = {
      ModelImportCommand.class,
      ModelExportCommand.class,
      ModelInspectCommand.class,
      ModelVerifyCommand.class,
    })
final class ModelCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "model needs a command: " + String.join(", ", spec.subcommands().keySet()));
  }
}
