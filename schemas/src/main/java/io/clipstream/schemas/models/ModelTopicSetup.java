package io.clipstream.schemas.models;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Creates the topics of the model log and checks those that exist. Replication and {@code
 * min.insync.replicas} are left to the brokers' defaults. All threads.
 */
public final class ModelTopicSetup {
  /** Spreads artifacts over brokers, and keeps an open transaction out of the others' way. */
  private static final int ARTIFACT_PARTITIONS = 8;

  /** Kafka's own default; clients fetch and send as much without further settings. */
  private static final int MAX_MESSAGE_BYTES = 1_048_588;

  /** Chunks of less would make a large model millions of records. */
  public static final int LEAST_MESSAGE_BYTES = 64 << 10;

  /** Compaction leaves the segment that is written to alone: deleted artifacts go sooner. */
  private static final int ARTIFACT_SEGMENT_BYTES = 256 << 20;

  /** Deleted artifacts are gone from disks a day later, whatever their share of the topic. */
  private static final Duration LATEST_COMPACTION = Duration.ofDays(1);

  /** A topic that is there may be hidden. */
  private static final String MAKE = "CREATE there, nor DESCRIBE if it exists,";

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final Admin admin;
  private final ModelTopics topics;

  /**
   * @param admin stays the caller's
   */
  public ModelTopicSetup(Admin admin, ModelTopics topics) {
    this.admin = admin;
    this.topics = topics;
  }

  /**
   * Creates what is missing, then checks all.
   *
   * @return the names of those that were created
   * @throws ModelLogException naming every topic that exists with settings that would lose models,
   *     or why one cannot be created
   */
  public List<String> create() throws InterruptedException {
    Set<String> existing = existing();
    List<NewTopic> missing =
        plan(topics).stream().filter(topic -> !existing.contains(topic.name())).toList();
    List<String> created = new ArrayList<>();
    for (Map.Entry<String, KafkaFuture<Void>> topic :
        admin.createTopics(missing).values().entrySet()) {
      try {
        await("topic " + topic.getKey() + " cannot be created", MAKE, topic.getValue());
        created.add(topic.getKey());
      } catch (ModelLogException e) {
        if (!(e.getCause() instanceof TopicExistsException)) { // Another one was faster.
          throw e;
        }
      }
    }
    awaitVisible();
    // What was created has our settings.
    check(topics.all().stream().filter(name -> !created.contains(name)).toList());
    return created;
  }

  /** The topics of the log, each as it is made. */
  public static List<NewTopic> plan(ModelTopics topics) {
    Map<String, String> compacted =
        Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);
    Map<String, String> large = new HashMap<>(compacted);
    large.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(MAX_MESSAGE_BYTES));
    Map<String, String> artifacts = new HashMap<>(large);
    artifacts.put(TopicConfig.SEGMENT_BYTES_CONFIG, Integer.toString(ARTIFACT_SEGMENT_BYTES));
    artifacts.put(
        TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG, Long.toString(LATEST_COMPACTION.toMillis()));
    return List.of(
        topic(topics.artifacts(), ARTIFACT_PARTITIONS, artifacts),
        topic(topics.releases(), 1, large),
        topic(topics.rollouts(), 1, compacted),
        topic(topics.status(), 1, compacted));
  }

  private static NewTopic topic(String name, int partitions, Map<String, String> settings) {
    return new NewTopic(name, Optional.of(partitions), Optional.empty()).configs(settings);
  }

  /**
   * Checks that all are there and keep models.
   *
   * @throws ModelLogException naming the topics that are missing, or every one with settings that
   *     would lose models
   */
  public void check() throws InterruptedException {
    Set<String> existing = existing();
    List<String> missing = topics.all().stream().filter(name -> !existing.contains(name)).toList();
    if (!missing.isEmpty()) {
      throw new ModelLogException(
          "topics that do not exist: " + String.join(", ", missing) + ": create them first");
    }
    check(topics.all());
  }

  private Set<String> existing() throws InterruptedException {
    return await("topics cannot be listed", "DESCRIBE", admin.listTopics().names());
  }

  private void check(List<String> names) throws InterruptedException {
    List<String> faults = new ArrayList<>();
    for (String topic : names) {
      Config settings = settings(admin, topic);
      String cleanup = settings.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
      if (!cleanup.equals(TopicConfig.CLEANUP_POLICY_COMPACT)) {
        faults.add("topic " + topic + " has cleanup.policy=" + cleanup + ", expected compact");
      }
      long bytes = maxMessageBytes(settings);
      if (bytes < LEAST_MESSAGE_BYTES) {
        faults.add(
            "topic "
                + topic
                + " has max.message.bytes="
                + bytes
                + ", expected at least "
                + LEAST_MESSAGE_BYTES);
      }
    }
    if (!faults.isEmpty()) {
      throw new ModelLogException(
          String.join("; ", faults) + " (kafka-configs.sh --alter changes a topic's settings)");
    }
  }

  /** A broker learns of a new topic some time after its creation. */
  private void awaitVisible() throws InterruptedException {
    Deadline deadline = new Deadline(PATIENCE);
    while (!existing().containsAll(topics.all())) {
      if (deadline.over()) {
        throw new ModelLogException(
            "topics were created, but brokers do not show them within "
                + PATIENCE.toSeconds()
                + " s");
      }
      Thread.sleep(PAUSE.toMillis());
    }
  }

  /** The settings of a topic that exists, brokers' defaults included. */
  static Config settings(Admin admin, String topic) throws InterruptedException {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    Deadline deadline = new Deadline(PATIENCE);
    while (true) {
      try {
        return await(
            "the settings of topic " + topic + " cannot be read",
            "DESCRIBE_CONFIGS",
            admin.describeConfigs(List.of(resource)).values().get(resource));
      } catch (ModelLogException e) {
        // The broker that was asked may not know of a new topic yet.
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException) || deadline.over()) {
          throw e;
        }
        Thread.sleep(PAUSE.toMillis());
      }
    }
  }

  static long maxMessageBytes(Config settings) {
    return Long.parseLong(settings.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value());
  }

  /**
   * The result, or an error that begins with what is wrong then.
   *
   * @param right that it takes where brokers have access rules, which they do not say
   */
  static <V> V await(String failure, String right, KafkaFuture<V> future)
      throws InterruptedException {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new ModelLogException(
          failure + ": " + describe(cause) + Refusals.hint(cause, right), cause);
    } catch (TimeoutException e) {
      throw new ModelLogException(
          failure + ": no answer from Kafka within " + PATIENCE.toSeconds() + " s", e);
    }
  }

  private static String describe(Throwable error) {
    String message = error.getMessage();
    return message == null || message.isBlank() ? error.getClass().getSimpleName() : message;
  }
}
