package io.clipstream.streams.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code clipstream model rollback}: the way back. */
@Command(
    name = "rollback",
    description = "Return to the version before, at once where it is still loaded.")
final class ModelRollbackCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "The model; needed where there are several.")
  private String name;

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      defaultValue = "asked for on the command line",
      description = "Why, for those who look (${DEFAULT-VALUE}).")
  private String reason;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelRegistry registry = options.registry();
    String model = registry.read().model(name);
    options.print(registry.change(model, wanted -> wanted.rollback(reason)));
    return 0;
  }
}
