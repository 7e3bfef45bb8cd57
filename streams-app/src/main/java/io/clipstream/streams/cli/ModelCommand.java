package io.clipstream.streams.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code clipstream model}: what can be done with models, as files and in Kafka. */
@Command(
    name = "model",
    description = {
      "Models as files: bring them in and out, look at them, check them.",
      "Models in Kafka, which instances take up: publish them and say which serves."
    },
    subcommands = {
      ModelImportCommand.class,
      ModelWrapCommand.class,
      ModelExportCommand.class,
      ModelInspectCommand.class,
      ModelVerifyCommand.class,
      ModelKeygenCommand.class,
      ModelPublishCommand.class,
      ModelListCommand.class,
      ModelFetchCommand.class,
      ModelDeleteCommand.class,
      ModelActivateCommand.class,
      ModelPinCommand.class,
      ModelUnpinCommand.class,
      ModelRollbackCommand.class,
      ModelCanaryCommand.class,
      ModelPromoteCommand.class,
      ModelShadowCommand.class,
      ModelRolloutCommand.class,
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
