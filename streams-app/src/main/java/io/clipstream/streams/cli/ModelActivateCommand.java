package io.clipstream.streams.cli;

import io.clipstream.schemas.ModelIdentity;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code clipstream model activate}: the version that is to serve. */
@Command(
    name = "activate",
    description = "Make a version the one that serves: instances change to it one at a time.")
final class ModelActivateCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(paramLabel = "NAME-VERSION", description = "A version that was published.")
  private String version;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelRegistry registry = options.registry();
    ModelIdentity model = registry.read().release(version).getModel();
    options.print(registry.activate(model.getName(), model.getVersion()));
    return 0;
  }
}
