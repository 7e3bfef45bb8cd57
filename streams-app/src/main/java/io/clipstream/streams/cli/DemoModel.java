package io.clipstream.streams.cli;

import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.schemas.models.ModelDescription;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.models.TransferProgress;
import io.clipstream.streams.app.Assembly;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.live.LiveGenerations;
import io.clipstream.streams.live.LiveModel;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Roles;
import io.clipstream.streams.live.rollout.Wanted;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;

/**
 * The model of a demo: served from its file at once, so that the first label comes soon, and from
 * the demo's own model topics once it has published itself there.
 */
final class DemoModel implements AutoCloseable {
  private final ModelArtifact artifact;
  private final LiveGenerations generations;
  private final GenerationFactory factory;

  /** Null before it follows the log. */
  private LiveModel live;

  private DemoModel(
      ModelArtifact artifact, LiveGenerations generations, GenerationFactory factory) {
    this.artifact = artifact;
    this.generations = generations;
    this.factory = factory;
  }

  /** Loads it; returns once it serves. */
  static DemoModel load(ModelArtifact artifact, Assembly assembly) {
    ModelManifest manifest = artifact.manifest();
    GenerationFactory factory = assembly.generations();
    LiveGenerations generations = new LiveGenerations(manifest.name());
    Generation generation = factory.create(artifact);
    generation.start();
    try {
      generation.awaitReady();
    } catch (RuntimeException e) {
      generation.close();
      throw e;
    }
    generations.put(manifest.version(), generation);
    generations.use(new Roles(new Roles.Chosen(manifest.version(), 0), null, 0, null));
    return new DemoModel(artifact, generations, factory);
  }

  /** Labels with what is served; once, and closed by the caller. */
  VideoLabeller labeller(Assembly assembly) {
    return assembly.shadowed(generations, factory);
  }

  /** Publishes and activates it, and goes by the model topics from now on. */
  void follow(Assembly assembly, ModelLogConfig log) throws IOException, InterruptedException {
    ModelManifest manifest = artifact.manifest();
    try (Admin admin = log.admin()) {
      new ModelTopicSetup(admin, log.topics()).create();
    }
    new ModelPublisher(log, PublishSettings.defaults(), Optional.empty())
        .publish(
            new ModelDescription(
                manifest.name(),
                manifest.version(),
                ManifestJson.write(manifest),
                Optional.of("clipstream demo"),
                Instant.now()),
            artifact.path(),
            TransferProgress.NONE);
    new RolloutLog(log, "clipstream demo")
        .change(
            manifest.name(),
            before -> before == null ? Wanted.first(manifest.name(), manifest.version()) : before);
    live = assembly.live(manifest.name(), generations, factory);
    live.start();
  }

  @Override
  public void close() {
    if (live != null) {
      live.close();
    }
  }
}
