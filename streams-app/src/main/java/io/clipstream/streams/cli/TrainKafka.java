package io.clipstream.streams.cli;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.Publication;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.models.SigningKey;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.live.Descriptions;
import io.clipstream.streams.live.ModelCatalog;
import io.clipstream.trainer.feedback.FeedbackData;
import io.clipstream.trainer.feedback.FeedbackReader;
import io.clipstream.trainer.feedback.FeedbackSnapshot;
import io.clipstream.trainer.recipe.FeedbackSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** What {@code train} reads from Kafka and writes there. One thread. */
final class TrainKafka {
  private final AppSettings settings;
  private final KafkaConnection kafka;
  private final ModelRegistry registry;
  private final Progress progress;

  TrainKafka(AppSettings settings, Progress progress) {
    this.settings = settings;
    this.kafka = new KafkaConnection(settings.connection());
    this.registry = new ModelRegistry(settings.connection(), settings.live().topics());
    this.progress = progress;
  }

  /**
   * Brings the videos of a range into a folder; a snapshot that is there already stays, and its
   * videos are dealt again, beside the recipe's list as it is now.
   *
   * @param range of both topics as {@link TopicRange} takes it, empty for all, or a snapshot's file
   * @param fresh whether to take a new snapshot although the folder has one
   */
  FeedbackSnapshot feedback(String range, FeedbackSettings taken, FeedbackData data, boolean fresh)
      throws IOException, InterruptedException {
    Optional<FeedbackSnapshot> existing = fresh ? Optional.empty() : data.existing();
    Optional<FeedbackSnapshot> given =
        range.endsWith(".json")
            ? Optional.of(FeedbackSnapshot.read(Path.of(range)))
            : Optional.empty();
    if (existing.isPresent()) {
      if (given.isPresent() && !given.get().offsets().equals(existing.get().offsets())) {
        throw new UserError(
            "the run's folder has the snapshot of other feedback than "
                + range
                + "; begin anew with --fresh, or name another folder with -o");
      }
      progress.note(
          "going on with the snapshot of the feedback in the run's folder; --fresh takes a new one");
      data.deal(existing.get(), Map.of());
      return existing.get();
    }
    FeedbackSnapshot wanted = given.isPresent() ? given.get() : read(range, taken);
    try (FileFetcher fetcher = new FileFetcher(settings.fetch(), settings.work().directory())) {
      return data.fetch(wanted, fetcher);
    }
  }

  private FeedbackSnapshot read(String range, FeedbackSettings taken) throws InterruptedException {
    String feedback = settings.connection().topics().feedback();
    kafka.require(List.of(feedback, settings.connection().topics().labeled()));
    TopicRange wanted = TopicRange.of(range.isEmpty() ? feedback : feedback + "@" + range);
    try (KafkaConsumer<String, SpecificRecord> consumer = kafka.feedback()) {
      Map<TopicPartition, Long> ends = wanted.seek(consumer, kafka);
      Map<String, List<Long>> offsets = new HashMap<>();
      ends.forEach(
          (partition, end) ->
              offsets.put(partition.toString(), List.of(consumer.position(partition), end)));
      return new FeedbackSnapshot(
          offsets, new FeedbackReader(taken).read(consumer, ends), List.of());
    }
  }

  /**
   * Brings the version that is to serve into a file.
   *
   * @return empty if none is wanted yet
   */
  Optional<Path> live(String model, Path file) throws IOException, InterruptedException {
    registry.createTopics();
    ModelCatalog catalog = registry.read();
    ModelRollout wanted = catalog.rollouts().get(model);
    if (wanted == null) {
      return Optional.empty();
    }
    ModelRelease release = catalog.release(model + "/" + wanted.getActiveVersion());
    Files.createDirectories(file.toAbsolutePath().getParent());
    progress.startBytes("fetch " + ModelCatalog.id(release.getModel()));
    new ReleaseFetch(registry.log(), progress).fetch(release, file);
    progress.end();
    return Optional.of(file);
  }

  /**
   * Says before the training what publishing would be refused for.
   *
   * @throws UserError if the version is taken, or may not be activated
   */
  void requirePublishable(String model, String version, boolean activate)
      throws InterruptedException {
    registry.createTopics();
    for (ModelRelease release : registry.read().releases()) {
      if (release.getModel().getName().equals(model)
          && release.getModel().getVersion().equals(version)) {
        throw new UserError(
            model
                + "-"
                + version
                + " is in Kafka already: set model.version to another one (model activate makes it serve)");
      }
    }
    if (activate) {
      registry.requireActivation(model, version);
    }
  }

  /** Where models are published and activated. */
  ModelRegistry registry() {
    return registry;
  }

  /** Whether this very artifact is in Kafka under its name and version. */
  boolean isPublished(ModelArtifact artifact) throws InterruptedException {
    registry.createTopics();
    return registry.read().releases().stream()
        .map(ModelRelease::getModel)
        .anyMatch(
            model ->
                model.getName().equals(artifact.manifest().name())
                    && model.getVersion().equals(artifact.manifest().version())
                    && model.getDigest().equals(artifact.digest()));
  }

  void publish(Path file, ModelManifest manifest, Optional<SigningKey> signer)
      throws IOException, InterruptedException {
    progress.startBytes("publish " + manifest.id());
    try (progress) {
      Publication unused =
          new ModelPublisher(registry.log(), PublishSettings.defaults(), signer)
              .publish(
                  Descriptions.of(file, manifest, System.getProperty("user.name")),
                  file,
                  progress::at);
    }
  }
}
