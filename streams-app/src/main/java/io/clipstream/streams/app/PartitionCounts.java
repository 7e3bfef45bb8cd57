package io.clipstream.streams.app;

import io.clipstream.model.Count;
import io.clipstream.model.UserError;
import io.clipstream.streams.topology.PendingVideos;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Partitions of the references' topic and of the topic that keeps the pending ones of an
 * application, which Kafka Streams makes once, with as many. When somebody adds partitions to the
 * one, the other cannot follow: {@link Repartition}.
 *
 * @param incoming 0 if there is no such topic
 * @param pending 0 if there is no such topic: nothing was ever taken
 */
public record PartitionCounts(int incoming, int pending) {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * Asks the brokers.
   *
   * @throws UserError if they do not answer
   */
  public static PartitionCounts read(Admin admin, String applicationId, String incoming)
      throws InterruptedException {
    return new PartitionCounts(
        count(admin, incoming), count(admin, PendingVideos.changelog(applicationId)));
  }

  /** Whether pending references, if any, are where the tasks of the partitions look for them. */
  public boolean fit() {
    return pending == 0 || incoming == 0 || pending == incoming;
  }

  /**
   * Before a start.
   *
   * @param admin settings of an admin client
   * @throws UserError if the counts differ
   */
  static void require(Map<String, Object> admin, String applicationId, String incoming)
      throws InterruptedException {
    Admin client = Admin.create(admin);
    try {
      PartitionCounts counts = read(client, applicationId, incoming);
      if (!counts.fit()) {
        throw new UserError(counts.problem(applicationId, incoming));
      }
    } finally {
      client.close(Duration.ZERO);
    }
  }

  /**
   * The failure of a stream thread, in our own words where it comes from counts that differ since a
   * moment ago: Kafka Streams would advise a tool that loses every pending reference.
   *
   * @param admin settings of an admin client
   */
  static Throwable explain(
      Throwable failure, Map<String, Object> admin, String applicationId, String incoming) {
    if (!String.valueOf(failure.getMessage()).contains(PendingVideos.changelog(applicationId))) {
      return failure;
    }
    PartitionCounts counts;
    try (Admin client = Admin.create(admin)) {
      counts = read(client, applicationId, incoming);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failure;
    } catch (UserError | KafkaException e) {
      return failure; // Brokers do not answer: another try tells more.
    }
    return counts.fit() ? failure : new UserError(counts.problem(applicationId, incoming), failure);
  }

  /** In what they differ, and what to do. */
  public String problem(String applicationId, String incoming) {
    return "topic "
        + incoming
        + " has "
        + partitions(this.incoming)
        + ", but pending references are kept for "
        + partitions(pending)
        + " ("
        + PendingVideos.changelog(applicationId)
        + "): stop every instance and run ./clipstream repartition with the same settings, then"
        + " start them again; nothing is lost";
  }

  private static String partitions(int count) {
    return Count.of(count, "partition");
  }

  private static int count(Admin admin, String topic) throws InterruptedException {
    try {
      return admin
          .describeTopics(List.of(topic))
          .topicNameValues()
          .get(topic)
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          .partitions()
          .size();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return 0;
      }
      throw new UserError(
          "topic " + topic + " cannot be described: " + e.getCause().getMessage(), e);
    } catch (TimeoutException e) {
      throw new UserError("topic " + topic + " cannot be described: no answer from Kafka", e);
    }
  }
}
