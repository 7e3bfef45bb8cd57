package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts models into the log and takes them out, each in one Kafka transaction: readers of committed
 * records see all of it or nothing, whenever a publisher dies.
 *
 * <p>A model has one publisher at a time. A second one takes over, whether the first is alive or
 * died, and the first's transaction is aborted. One thread at a time; a thread that is interrupted
 * gives up and gets {@link org.apache.kafka.common.errors.InterruptException}.
 */
public final class ModelPublisher {
  private static final Logger logger = LoggerFactory.getLogger(ModelPublisher.class);
  private static final Duration READING = Duration.ofSeconds(60);
  private static final int ATTEMPTS = 3;
  private static final long PAUSE_MILLIS = 500;

  private final ModelLogConfig config;
  private final PublishSettings settings;
  private final Optional<SigningKey> key;

  /** Writes the chunks of an artifact, or null if it needs none. */
  @FunctionalInterface
  private interface Artifact {
    ModelChunks write(Producer<String, SpecificRecord> producer, PublishPlan plan)
        throws IOException;
  }

  /**
   * @param key signs what is published
   */
  public ModelPublisher(ModelLogConfig config, PublishSettings settings, Optional<SigningKey> key) {
    this.config = config;
    this.settings = settings;
    this.key = key;
  }

  /**
   * Publishes an artifact in Kafka. If the version is there already with this artifact, nothing is
   * written, unless its chunks were lost: then they are written again.
   *
   * @throws ModelLogException if the version has another artifact, the file changes meanwhile, the
   *     topics or the brokers' limits do not allow it, or another publisher takes over: nothing was
   *     published
   * @throws io.clipstream.schemas.serde.RegistryException if the registry fails; nothing was
   *     published
   */
  public Publication publish(ModelDescription model, Path file, TransferProgress progress)
      throws IOException, InterruptedException {
    if (!Files.isRegularFile(file)) {
      throw new ModelLogException(
          file
              + (Files.exists(file) ? " is not a file" : " does not exist")
              + ", expected a model");
    }
    FileDigest content = FileDigest.of(file);
    if (content.bytes() == 0) {
      throw new ModelLogException(file + " is empty, expected a model");
    }
    ModelRelease draft = draft(model, content.sha256(), content.bytes(), null);
    return publish(
        draft,
        content.bytes(),
        (producer, plan) ->
            new ChunkWriter(producer, config.topics().artifacts(), plan)
                .write(draft.getModel(), content.bytes(), file, progress));
  }

  /**
   * Publishes an artifact that readers fetch themselves.
   *
   * @param uri {@code file:} or {@code https:}; nothing is fetched from it here
   * @param sha256 of the artifact, 64 lower-case hexadecimal digits
   * @param bytes size of the artifact
   * @throws ModelLogException as {@link #publish(ModelDescription, Path, TransferProgress)}, or if
   *     the uri is of another kind, or digest or size cannot be right
   */
  public Publication publish(ModelDescription model, URI uri, String sha256, long bytes)
      throws IOException, InterruptedException {
    String scheme = String.valueOf(uri.getScheme());
    if (!scheme.equals("file") && !scheme.equals("https")) {
      throw new ModelLogException("the artifact's uri is " + uri + ", expected file: or https:");
    }
    if (!ModelNames.isDigest(sha256)) {
      throw new ModelLogException(
          "the artifact's SHA-256 is '" + sha256 + "', expected 64 lower-case hexadecimal digits");
    }
    if (bytes < 1) {
      throw new ModelLogException("the artifact has " + bytes + " bytes, expected at least 1");
    }
    return publish(draft(model, sha256, bytes, uri.toString()), 0, (producer, plan) -> null);
  }

  private ModelRelease draft(ModelDescription model, String sha256, long bytes, String uri) {
    ModelIdentity identity = new ModelIdentity(model.name(), model.version(), sha256);
    return ModelRelease.newBuilder()
        .setModel(identity)
        .setBytes(bytes)
        .setUri(uri)
        .setSignature(key.map(signer -> signer.sign(identity, bytes)).orElse(null))
        .setManifest(model.manifest())
        .setPublishedBy(model.publishedBy().orElse(null))
        .setPublishedAt(model.publishedAt())
        .build();
  }

  private Publication publish(ModelRelease draft, long chunkedBytes, Artifact artifact)
      throws IOException, InterruptedException {
    ModelIdentity model = draft.getModel();
    String releaseKey = ModelNames.releaseKey(model);
    try (ModelLog log = new ModelLog(config)) {
      log.readVisible(READING);
      Optional<ModelRelease> there = there(log, model);
      if (there.isPresent()) {
        return new Publication(there.get(), false); // And whoever publishes this model may go on.
      }
      PublishPlan plan = PublishPlan.make(config, settings, releaseKey, chunkedBytes);
      plan.requireRoom(config, draft, chunkedBytes);
      return settled(
          model.getName(),
          again -> {
            try (ModelTransaction transaction = open(model.getName(), plan)) {
              log.readToEnd(READING);
              Optional<ModelRelease> found = there(log, model);
              if (found.isPresent()) {
                return new Publication(found.get(), again);
              }
              ModelRelease written =
                  transaction.commit(
                      producer -> {
                        ModelChunks chunks = artifact.write(producer, plan);
                        ModelRelease release =
                            ModelRelease.newBuilder(draft).setChunks(chunks).build();
                        send(producer, config.topics().releases(), null, releaseKey, release);
                        return release;
                      });
              return new Publication(written, true);
            }
          });
    }
  }

  /** Opens the model, looks at what is there, and changes it. */
  @FunctionalInterface
  private interface Change<T> {
    /**
     * @param again if it was made before, and what became of it was not known: that it is there is
     *     its own doing
     */
    T make(boolean again) throws IOException, InterruptedException;
  }

  /** Makes a change until it is known what became of it. */
  private static <T> T settled(String model, Change<T> change)
      throws IOException, InterruptedException {
    boolean open = false;
    for (int attempt = 1; ; attempt++) {
      try {
        return change.make(open);
      } catch (ModelLogException | InterruptException e) {
        throw e;
      } catch (KafkaException e) {
        open |= e instanceof OpenEndException;
        if (!open) {
          throw e;
        }
        KafkaException error = e.getCause() instanceof KafkaException cause ? cause : e;
        if (attempt == ATTEMPTS) {
          throw new ModelLogException(
              "it is not known whether the change of model "
                  + model
                  + " was committed: a broker answered its end with an error ("
                  + error.getMessage()
                  + "): try it again, which changes nothing if it was and ends what is open if it was"
                  + " not",
              e);
        }
        logger.info(
            "What became of a change of model {} is looked for: {}", model, error.toString());
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  /** The release with this artifact, if it is in the log and its artifact not lost. */
  private Optional<ModelRelease> there(ModelLog log, ModelIdentity model) {
    Optional<ModelRelease> there = log.find(model.getName(), model.getVersion());
    if (there.isPresent() && !there.get().getModel().equals(model)) {
      throw new ModelLogException(
          "model "
              + model.getName()
              + " has a version "
              + model.getVersion()
              + " with another artifact (SHA-256 "
              + there.get().getModel().getDigest()
              + ", this one's is "
              + model.getDigest()
              + "): publish it under a new version, or delete the old one");
    }
    return there.filter(
        release -> release.getChunks() == null || ArtifactPresence.of(config, release, READING));
  }

  /**
   * Takes a version out of the log, with its chunks, which no other release uses. Readers that are
   * downloading it may still succeed.
   *
   * @return false if there is no such version
   * @throws ModelLogException if another publisher takes over; nothing was deleted
   */
  public boolean delete(String name, String version) throws IOException, InterruptedException {
    String releaseKey = ModelNames.releaseKey(name, version);
    PublishPlan plan = PublishPlan.make(config, settings, releaseKey, 0);
    try (ModelLog log = new ModelLog(config)) {
      return settled(
          name,
          again -> {
            try (ModelTransaction transaction = open(name, plan)) {
              log.readToEnd(READING);
              Optional<ModelRelease> release = log.find(name, version);
              if (release.isEmpty()) {
                return again;
              }
              return transaction.commit(
                  producer -> {
                    send(producer, config.topics().releases(), null, releaseKey, null);
                    deleteChunks(producer, release.get());
                    return true;
                  });
            }
          });
    }
  }

  private void deleteChunks(Producer<String, SpecificRecord> producer, ModelRelease release) {
    ModelChunks chunks = release.getChunks();
    String topic = config.topics().artifacts();
    // The topic may have been made anew with fewer partitions.
    if (chunks == null || chunks.getPartition() >= producer.partitionsFor(topic).size()) {
      return;
    }
    for (int i = 0; i < chunks.getChecksums().size(); i++) {
      String chunkKey = ModelNames.chunkKey(release.getModel(), i);
      send(producer, topic, chunks.getPartition(), chunkKey, null);
    }
  }

  /** A record that does not arrive makes the commit fail. */
  @SuppressWarnings("FutureReturnValueIgnored")
  private static void send(
      Producer<String, SpecificRecord> producer,
      String topic,
      Integer partition,
      String recordKey,
      SpecificRecord value) {
    producer.send(new ProducerRecord<>(topic, partition, recordKey, value));
  }

  private ModelTransaction open(String name, PublishPlan plan) {
    return new ModelTransaction(config, name, plan.requestBytes(), plan.timeout());
  }
}
