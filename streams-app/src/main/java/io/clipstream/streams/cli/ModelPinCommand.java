package io.clipstream.streams.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code clipstream model pin}: nothing else is activated. */
@Command(
    name = "pin",
    description = "Keep the active version: no other is activated until it is unpinned.")
final class ModelPinCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      description = "The model; needed where there are several.")
  private String name;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelRegistry registry = options.registry();
    String model = registry.read().model(name);
    options.print(registry.change(model, wanted -> wanted.pin(true)));
    return 0;
  }
}
