package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.streams.live.ModelCatalog;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code clipstream model delete}: a version out of Kafka. */
@Command(
    name = "delete",
    description = "Take a version out of Kafka; what instances have loaded goes on serving.")
final class ModelDeleteCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(paramLabel = "NAME-VERSION", description = "A version that was published.")
  private String version;

  @Option(names = "--force", description = "Also one that is wanted or serves.")
  private boolean force;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelRegistry registry = options.registry();
    ModelCatalog catalog = registry.read();
    ModelIdentity model = catalog.release(version).getModel();
    if (!force) {
      requireUnused(catalog, model);
    }
    ModelPublisher publisher =
        new ModelPublisher(registry.log(), PublishSettings.defaults(), Optional.empty());
    if (!publisher.delete(model.getName(), model.getVersion())) {
      throw new UserError(ModelCatalog.id(model) + " was deleted by somebody else meanwhile");
    }
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", "deleted");
    object.put("name", model.getName());
    object.put("version", model.getVersion());
    object.put("digest", model.getDigest());
    options.print(object, ModelCatalog.id(model) + ": deleted");
    return 0;
  }

  private static void requireUnused(ModelCatalog catalog, ModelIdentity model) {
    List<String> roles = catalog.wanted(model);
    List<String> instances = catalog.runBy(model);
    if (!roles.isEmpty() || !instances.isEmpty()) {
      throw new UserError(
          ModelCatalog.id(model)
              + (roles.isEmpty()
                  ? " serves on " + String.join(", ", instances)
                  : " is wanted (" + String.join(", ", roles) + ")")
              + ": activate another version first, or delete it with --force");
    }
  }
}
