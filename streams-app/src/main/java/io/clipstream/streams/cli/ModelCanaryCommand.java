package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import io.clipstream.schemas.ModelIdentity;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code clipstream model canary}: a version on trial. */
@Command(
    name = "canary",
    description = "Label a share of the videos with a version, chosen by their keys.")
final class ModelCanaryCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(paramLabel = "NAME-VERSION", description = "A version that was published.")
  private String version;

  @Option(
      names = "--percent",
      required = true,
      paramLabel = "N",
      description = "Of the keys, above 0 to 100; a larger share keeps those it has. 0: end it.")
  private double percent;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!(percent >= 0 && percent <= 100)) {
      throw new UserError("--percent is " + percent + ", expected 0 to 100");
    }
    ModelRegistry registry = options.registry();
    ModelIdentity model = registry.read().release(version).getModel();
    String wantedVersion = model.getVersion();
    options.print(
        registry.change(
            model.getName(),
            wanted ->
                percent == 0
                    ? wanted.withoutCanary(wantedVersion)
                    : wanted.canary(wantedVersion, percent / 100)));
    return 0;
  }
}
