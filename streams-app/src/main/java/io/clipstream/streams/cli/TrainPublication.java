package io.clipstream.streams.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.schemas.models.SigningKey;
import io.clipstream.streams.live.rollout.Wanted;
import io.clipstream.trainer.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Publishes what a run trained and, if asked, makes it serve. While that is at it, {@code
 * publishing.json} in the run's folder says so: where a process ends in between, the next one goes
 * on with it. One thread.
 */
final class TrainPublication {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BEGUN = "publishing.json";

  private final RunFolder folder;
  private final TrainKafka kafka;
  private final boolean activate;
  private final Progress progress;

  /**
   * What was begun.
   *
   * @param digest of the artifact
   * @param revision of what was wanted of the model then; 0: nothing
   */
  private record Begun(String digest, long revision) {}

  TrainPublication(RunFolder folder, TrainKafka kafka, boolean activate, Progress progress) {
    this.folder = folder;
    this.kafka = kafka;
    this.activate = activate;
    this.progress = progress;
  }

  /**
   * Goes on with what a process before this one began, if it had come to publish the artifact.
   *
   * @return false if there is nothing to go on with
   * @throws UserError as {@link ModelRegistry#activateOnce}
   */
  boolean goOn(Path file) throws IOException, InterruptedException {
    Optional<Begun> before = read();
    if (before.isEmpty() || !Files.exists(file)) {
      return false;
    }
    ModelArtifact artifact = ModelArtifact.open(file);
    if (!artifact.digest().equals(before.get().digest()) || !kafka.isPublished(artifact)) {
      return false;
    }
    ModelManifest manifest = artifact.manifest();
    Optional<String> inactive =
        activate
            ? kafka
                .registry()
                .activateOnce(manifest.name(), manifest.version(), before.get().revision())
            : Optional.empty();
    done(manifest, inactive);
    return true;
  }

  /** Empty if nothing was begun, or it cannot be read any more. */
  private Optional<Begun> read() {
    try {
      return Optional.ofNullable(JSON.readValue(folder.file(BEGUN).toFile(), Begun.class))
          .filter(found -> found.digest() != null);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  void publish(Path file, Optional<SigningKey> signer) throws IOException, InterruptedException {
    ModelArtifact artifact = ModelArtifact.open(file);
    ModelManifest manifest = artifact.manifest();
    long revision = kafka.registry().wanted(manifest.name()).map(Wanted::revision).orElse(0L);
    folder.write(BEGUN, new Begun(artifact.digest(), revision));
    kafka.publish(file, manifest, signer);
    if (activate) {
      kafka.registry().activate(manifest.name(), manifest.version());
    }
    done(manifest, Optional.empty());
  }

  private void done(ModelManifest manifest, Optional<String> inactive) throws IOException {
    Files.deleteIfExists(folder.file(BEGUN));
    progress.note(
        manifest.id()
            + " is published"
            + (activate
                ? inactive.map(why -> ", and not activated again: " + why).orElse(" and active")
                : ""));
  }
}
