package io.clipstream.streams.cli;

import io.clipstream.model.Progress;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.streams.live.ModelCatalog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code clipstream model fetch}: a version out of Kafka into a file. */
@Command(
    name = "fetch",
    description =
        "Write a version to a file, which has the published digest. Goes on where an"
            + " earlier try broke off.")
final class ModelFetchCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(paramLabel = "NAME-VERSION", description = "A version that was published.")
  private String version;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where it goes; NAME-VERSION.pt by default.")
  private Path output;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelRegistry registry = options.registry();
    ModelRelease release = registry.read().release(version);
    String id = ModelCatalog.id(release.getModel());
    Path file = output == null ? Path.of(id + ".pt") : output;
    Progress progress = new Progress(options.err());
    progress.startBytes("fetch " + id);
    try (progress) {
      new ReleaseFetch(registry.log(), progress).fetch(release, file);
    }
    Map<String, Object> object = ReleaseText.json(release);
    object.put("type", "fetched");
    object.put("file", file.toString());
    options.print(
        object,
        file
            + ": "
            + id
            + ", "
            + ReleaseText.size(release)
            + ", sha256 "
            + release.getModel().getDigest());
    return 0;
  }
}
