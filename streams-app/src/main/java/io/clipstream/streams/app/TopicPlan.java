package io.clipstream.streams.app;

import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.topology.Topics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;

/**
 * A topic as clipstream needs it. How long records are kept, and on how many brokers, is not said
 * here.
 *
 * @param name of the topic
 * @param partitions that it is made with
 * @param settings that it is made with; its {@code cleanup.policy} is required of one that exists
 * @param leastMessageBytes of {@code max.message.bytes} of one that exists
 */
public record TopicPlan(
    String name, int partitions, Map<String, String> settings, int leastMessageBytes) {
  /** Kafka's own default of {@code max.message.bytes}: 1 MiB and the head of a batch. */
  private static final int MESSAGE_BYTES = 1_048_588;

  /** What the largest reference, label or rejection may take. */
  private static final int LEAST_MESSAGE_BYTES = 1 << 20;

  public TopicPlan {
    settings = Map.copyOf(settings);
  }

  /**
   * The topics of videos and of models.
   *
   * @param partitions of the topics of videos: at most so many instances share the work
   */
  public static List<TopicPlan> all(
      ConnectionSettings connection, ModelTopics models, int partitions) {
    Topics videos = connection.topics();
    int request = Integer.parseInt(connection.kafka().get("producer.max.request.size"));
    List<TopicPlan> plans = new ArrayList<>();
    plans.add(records(videos.incoming(), partitions, LEAST_MESSAGE_BYTES));
    plans.add(records(videos.labeled(), partitions, LEAST_MESSAGE_BYTES));
    plans.add(records(videos.shadow(), partitions, LEAST_MESSAGE_BYTES));
    plans.add(records(videos.rejected(), partitions, LEAST_MESSAGE_BYTES));
    plans.add(records(videos.deadLetter(), partitions, request));
    plans.add(records(videos.feedback(), partitions, LEAST_MESSAGE_BYTES));
    for (NewTopic topic : ModelTopicSetup.plan(models)) {
      plans.add(
          new TopicPlan(
              topic.name(),
              topic.numPartitions(),
              topic.configs(),
              ModelTopicSetup.LEAST_MESSAGE_BYTES));
    }
    return plans;
  }

  private static TopicPlan records(String name, int partitions, int leastMessageBytes) {
    return new TopicPlan(
        name, partitions, kept(Math.max(MESSAGE_BYTES, leastMessageBytes)), leastMessageBytes);
  }

  private static Map<String, String> kept(int messageBytes) {
    Map<String, String> settings = new HashMap<>();
    settings.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
    settings.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(messageBytes));
    return settings;
  }
}
