package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelRelease;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an artifact's publication will need, found out before its first byte is sent.
 *
 * @param partition of the topic of artifacts
 * @param chunkBytes of each chunk but the last
 * @param requestBytes the producer's largest request
 * @param releaseBytes the largest record that the topic of releases takes
 * @param timeout of the transaction
 */
record PublishPlan(
    int partition, int chunkBytes, int requestBytes, int releaseBytes, Duration timeout) {
  private static final Logger log = LoggerFactory.getLogger(PublishPlan.class);
  private static final String MAX_TIMEOUT = "transaction.max.timeout.ms";

  /** Beside the key: the batch's and the record's headers, Avro's, the digest. */
  private static final int ENVELOPE_BYTES = 1024;

  /** Connecting, fencing a predecessor, committing. */
  private static final Duration BESIDE_TRANSFER = Duration.ofMinutes(1);

  /**
   * @param key of the release, NAME/VERSION
   * @throws ModelLogException if the topics are not there or too narrow, or the brokers allow no
   *     transaction as long as this may take
   */
  static PublishPlan make(ModelLogConfig config, PublishSettings settings, String key, long bytes)
      throws InterruptedException {
    Admin admin = config.admin();
    try {
      ModelTopics topics = config.topics();
      new ModelTopicSetup(admin, topics).check();
      int partitions =
          ModelTopicSetup.await(
                  "topic " + topics.artifacts() + " cannot be described",
                  "DESCRIBE",
                  admin
                      .describeTopics(List.of(topics.artifacts()))
                      .topicNameValues()
                      .get(topics.artifacts()))
              .partitions()
              .size();
      byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
      int artifactBytes = limit(admin, topics.artifacts());
      int releaseBytes = limit(admin, topics.releases());
      Object configured = config.clients().get(ProducerConfig.MAX_REQUEST_SIZE_CONFIG);
      int requestBytes =
          configured == null
              ? Math.max(artifactBytes, releaseBytes)
              : Integer.parseInt(configured.toString());
      Duration timeout = timeout(settings, bytes);
      requireTime(admin, settings, bytes, timeout);
      return new PublishPlan(
          // As Kafka's default for this key: the same version always goes to the same one.
          Utils.toPositive(Utils.murmur2(keyBytes)) % partitions,
          chunkBytes(settings, Math.min(artifactBytes, requestBytes), keyBytes.length),
          requestBytes,
          Math.min(releaseBytes, requestBytes),
          timeout);
    } finally {
      admin.close(Duration.ZERO); // Else it would wait a minute for servers that do not answer.
    }
  }

  private static int limit(Admin admin, String topic) throws InterruptedException {
    long bytes = ModelTopicSetup.maxMessageBytes(ModelTopicSetup.settings(admin, topic));
    return (int) Math.min(bytes, Integer.MAX_VALUE);
  }

  private static int chunkBytes(PublishSettings settings, int limit, int keyBytes) {
    int room = limit - ENVELOPE_BYTES - keyBytes;
    if (room < 1) {
      throw new ModelLogException(
          "max.request.size is "
              + limit
              + ", expected at least "
              + ModelTopicSetup.LEAST_MESSAGE_BYTES);
    }
    return Math.min(settings.chunkBytes(), room);
  }

  static Duration timeout(PublishSettings settings, long bytes) {
    return BESIDE_TRANSFER.plusSeconds(bytes / settings.slowestBytesPerSecond());
  }

  private static void requireTime(
      Admin admin, PublishSettings settings, long bytes, Duration timeout)
      throws InterruptedException {
    long allowed = longestTransaction(admin);
    if (timeout.toMillis() > allowed) {
      throw new ModelLogException(
          String.format(
              Locale.ROOT,
              "publishing %d MiB at %.1f MiB/s takes a transaction of %d ms, but the brokers allow"
                  + " %d (%s): raise it there to %d, or publish the artifact by its URI",
              bytes >> 20,
              settings.slowestBytesPerSecond() / (double) (1 << 20),
              timeout.toMillis(),
              allowed,
              MAX_TIMEOUT,
              timeout.toMillis()));
    }
  }

  /** The least that a broker allows, in ms; without a limit where brokers do not tell. */
  private static long longestTransaction(Admin admin) throws InterruptedException {
    Collection<Node> nodes =
        ModelTopicSetup.await(
            "brokers cannot be listed", "DESCRIBE", admin.describeCluster().nodes());
    List<ConfigResource> brokers =
        nodes.stream()
            .map(node -> new ConfigResource(ConfigResource.Type.BROKER, node.idString()))
            .toList();
    try {
      Collection<Config> settings =
          ModelTopicSetup.await(
                  "the brokers' settings cannot be read",
                  "DESCRIBE_CONFIGS",
                  admin.describeConfigs(brokers).all())
              .values();
      return settings.stream()
          .map(config -> config.get(MAX_TIMEOUT))
          .filter(entry -> entry != null)
          .map(ConfigEntry::value)
          .mapToLong(Long::parseLong)
          .min()
          .orElse(Long.MAX_VALUE);
    } catch (ModelLogException e) { // Managed brokers may keep their settings to themselves.
      log.warn("{}; their {} is taken to be long enough", e.getMessage(), MAX_TIMEOUT);
      return Long.MAX_VALUE;
    }
  }

  /**
   * Makes sure that the topic of releases takes the release. Also registers or finds its schema.
   *
   * @param draft without chunks
   * @throws ModelLogException if it does not
   */
  void requireRoom(ModelLogConfig config, ModelRelease draft, long chunkedBytes) {
    String releaseKey = ModelNames.releaseKey(draft.getModel());
    List<Integer> checksums =
        chunkedBytes == 0
            ? List.of()
            : Collections.nCopies(ChunkWriter.count(chunkedBytes, chunkBytes), Integer.MIN_VALUE);
    ModelRelease largest =
        ModelRelease.newBuilder(draft)
            .setChunks(
                new ModelChunks(partition, Long.MAX_VALUE, Long.MAX_VALUE, chunkBytes, checksums))
            .build();
    try (Serde<ModelRelease> serde = config.serde(ModelRelease.class)) {
      int bytes =
          serde.serializer().serialize(config.topics().releases(), largest).length
              + releaseKey.length()
              + ENVELOPE_BYTES;
      if (bytes > releaseBytes) {
        throw new ModelLogException(
            "the release of "
                + releaseKey
                + " has up to "
                + bytes
                + " bytes, but topic "
                + config.topics().releases()
                + " takes "
                + releaseBytes
                + ": raise its max.message.bytes");
      }
    }
  }
}
