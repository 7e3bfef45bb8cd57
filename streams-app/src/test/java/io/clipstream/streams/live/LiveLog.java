package io.clipstream.streams.live;

import static org.awaitility.Awaitility.await;

import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.ModelDescription;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.models.SigningKey;
import io.clipstream.schemas.models.TransferProgress;
import io.clipstream.streams.live.rollout.Wanted;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.awaitility.core.ConditionFactory;

/** One model in the log of a real broker, as people handle it. */
final class LiveLog {
  static final Duration LIMIT = Duration.ofMinutes(5);

  final ModelCluster cluster;
  final String model;
  private final Path directory;

  /**
   * @param directory where artifacts are written before they are published
   */
  LiveLog(ModelCluster cluster, String model, Path directory) {
    this.cluster = cluster;
    this.model = model;
    this.directory = directory;
  }

  ModelManifest manifest(String version) {
    return ExpressionModels.manifest(model, version, ExpressionModels.LABELS);
  }

  /** Publishes a network of one expression. */
  void publish(String version, String expression) throws Exception {
    publish(version, List.of("return " + expression));
  }

  /** Publishes a network of a body. */
  void publish(String version, List<String> body) throws Exception {
    ModelManifest manifest = manifest(version);
    publish(manifest, ExpressionModels.write(file(version), manifest, body, Optional.empty()));
  }

  /** Publishes a network of any methods, see {@link ExpressionModels}. */
  void publishMethods(String version, String methods, int weights) throws Exception {
    ModelManifest manifest = manifest(version);
    publish(
        manifest,
        ExpressionModels.write(file(version), manifest, methods, weights, Optional.empty()));
  }

  void publish(ModelManifest manifest, Path file) throws Exception {
    publisher(Optional.empty()).publish(description(manifest), file, TransferProgress.NONE);
  }

  ModelPublisher publisher(Optional<SigningKey> key) {
    return new ModelPublisher(
        cluster.config(), new PublishSettings(ModelCluster.SMALL_CHUNK, 2 << 20), key);
  }

  /** Where an artifact is written. */
  Path file(String version) {
    return directory.resolve(model + "-" + version + ".pt");
  }

  /** Writes a release as anybody may. */
  void write(ModelRelease release) throws Exception {
    String topic = cluster.topics.releases();
    cluster.produce(
        topic,
        0,
        model + "/" + release.getModel().getVersion(),
        cluster.bytes(topic, ModelRelease.class, release));
  }

  ModelRelease release(String version) {
    return cluster.release(model + "/" + version);
  }

  static ModelDescription description(ModelManifest manifest) throws Exception {
    return new ModelDescription(
        manifest.name(),
        manifest.version(),
        ManifestJson.write(manifest),
        Optional.of("a test"),
        Instant.now());
  }

  void activate(String version) {
    new RolloutLog(cluster.config(), "a test")
        .change(
            model,
            before -> before == null ? Wanted.first(model, version) : before.activate(version));
  }

  void change(UnaryOperator<Wanted> change) {
    new RolloutLog(cluster.config(), "a test").change(model, change);
  }

  /** For what is read from the log, with clients that are made anew for each look at it. */
  static ConditionFactory waiting() {
    return await().atMost(LIMIT).pollInterval(Duration.ofMillis(400));
  }

  Wanted wanted() {
    return new RolloutLog(cluster.config(), null).read(model).orElseThrow();
  }

  void awaitSettled(String version) throws InterruptedException {
    waiting().until(() -> version.equals(wanted().settled()));
  }

  /** What instances said of the model, oldest first. */
  List<ModelStatus> statuses() {
    List<ModelStatus> statuses = new ArrayList<>();
    try (Serde<ModelStatus> serde = cluster.config().serde(ModelStatus.class)) {
      for (ConsumerRecord<String, byte[]> record : cluster.everything(cluster.topics.status())) {
        if (record.value() != null && record.key().endsWith("/" + model)) {
          statuses.add(serde.deserializer().deserialize(record.topic(), record.value()));
        }
      }
    }
    return statuses;
  }

  ModelStatus newestStatus() {
    List<ModelStatus> statuses = statuses();
    return statuses.get(statuses.size() - 1);
  }
}
