package io.clipstream.streams.cli;

import io.clipstream.streams.live.rollout.Wanted;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code clipstream model promote}: the canary serves everything. */
@Command(name = "promote", description = "Make the canary the version that serves.")
final class ModelPromoteCommand implements Callable<Integer> {
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
    options.print(registry.change(model, Wanted::promote));
    return 0;
  }
}
