package io.clipstream.streams.cli;

import static java.util.stream.Collectors.joining;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.fetch.ExpectedDigest;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.models.ModelDescription;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.Publication;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.models.SigningKey;
import io.clipstream.streams.live.Descriptions;
import io.clipstream.streams.live.ModelCatalog;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code clipstream model publish}: a model file into Kafka. */
@Command(
    name = "publish",
    description = {
      "Put a model into Kafka, all of it or nothing, where every instance finds it.",
      "Publishing the same file again changes nothing. Topics that are missing are created."
    })
final class ModelPublishCommand implements Callable<Integer> {
  @Mixin private ModelLogOptions options;

  @Parameters(paramLabel = "M.pt", description = "A model; its manifest names it.")
  private Path file;

  @Option(names = "--activate", description = "Make it the version that serves, too.")
  private boolean activate;

  @Option(
      names = "--activate-first",
      description = "Make it the version that serves if none does yet: for jobs that run again.")
  private boolean activateFirst;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "Private key that signs it (model keygen).")
  private Path key;

  @Option(
      names = "--uri",
      paramLabel = "ADDRESS",
      description = "Where instances find this very file, file: or https:, instead of in Kafka.")
  private URI uri;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "First digits (8 to 64) of the SHA-256 that the file must have.")
  private String sha256;

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelArtifact artifact = ModelArtifact.open(file);
    if (sha256 != null && !new ExpectedDigest(sha256).matches(artifact.digest())) {
      throw new UserError(file + ": its SHA-256 is " + artifact.digest() + ", expected " + sha256);
    }
    Optional<SigningKey> signer =
        key == null ? Optional.empty() : Optional.of(SigningKey.read(key));
    ModelManifest manifest = artifact.manifest();
    ModelRegistry registry = options.registry();
    List<String> created = registry.createTopics();
    if (!created.isEmpty()) {
      options.err().println("created topics " + created.stream().sorted().collect(joining(", ")));
      options.err().flush();
    }
    boolean activates = activate || (activateFirst && registry.wanted(manifest.name()).isEmpty());
    if (activates) {
      registry.requireActivation(manifest.name(), manifest.version());
    }
    Publication publication =
        publish(
            new ModelPublisher(registry.log(), PublishSettings.defaults(), signer),
            artifact,
            new Progress(options.err()));
    if (signer.isPresent()) {
      requireSignature(publication.release(), signer.get());
    }
    print(publication);
    if (activates) {
      options.print(registry.activate(manifest.name(), manifest.version()));
    }
    return 0;
  }

  private Publication publish(ModelPublisher publisher, ModelArtifact artifact, Progress progress)
      throws IOException, InterruptedException {
    ModelManifest manifest = artifact.manifest();
    ModelDescription description = Descriptions.of(file, manifest, System.getProperty("user.name"));
    if (uri != null) {
      return publisher.publish(description, uri, artifact.digest(), Files.size(file));
    }
    progress.startBytes("publish " + manifest.id());
    try (progress) {
      return publisher.publish(description, file, progress::at);
    }
  }

  /** What was there before may have been published without the key. */
  private static void requireSignature(ModelRelease release, SigningKey signer) {
    if (release.getSignature() == null || !release.getSignature().getKeyId().equals(signer.id())) {
      throw new UserError(
          ModelCatalog.id(release.getModel())
              + " is in Kafka already, "
              + ReleaseText.signature(release)
              + ", expected by key "
              + signer.id()
              + ": delete it and publish it again");
    }
  }

  private void print(Publication publication) {
    ModelRelease release = publication.release();
    Map<String, Object> object = ReleaseText.json(release);
    object.put("type", "published");
    object.put("written", publication.written());
    options.print(
        object,
        ModelCatalog.id(release.getModel())
            + (publication.written() ? ": published, " : ": is in Kafka already, ")
            + ReleaseText.size(release)
            + ", "
            + ReleaseText.signature(release)
            + ", sha256 "
            + release.getModel().getDigest());
  }
}
