package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.streams.live.ModelCatalog;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code clipstream model shadow}: a version that labels on the side. */
@Command(
    name = "shadow",
    description = "Label every video with a version too, onto videos.shadow alone.")
final class ModelShadowCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME-VERSION",
      description = "A version that was published; with --off the model's name.")
  private String version;

  @Option(names = "--off", description = "End it.")
  private boolean off;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (version == null && !off) {
      throw new UserError("model shadow needs NAME-VERSION, or --off to end it");
    }
    ModelRegistry registry = options.registry();
    ModelCatalog catalog = registry.read();
    if (off) {
      String model = catalog.model(version);
      options.print(registry.change(model, wanted -> wanted.shadow(null)));
    } else {
      ModelIdentity model = catalog.release(version).getModel();
      registry.requireShadowTopic();
      options.print(registry.change(model.getName(), wanted -> wanted.shadow(model.getVersion())));
    }
    return 0;
  }
}
