package io.clipstream.streams.app;

import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.record.TimestampType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Makes sure that brokers answer and that topics are there, before work starts on them. */
final class TopicCheck {
  private static final Logger log = LoggerFactory.getLogger(TopicCheck.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private TopicCheck() {}

  /**
   * @param admin settings of an admin client
   * @throws UserError naming the servers, or the topics that are missing and the nearest that
   *     exists
   */
  static void require(Map<String, Object> admin, Collection<String> topics)
      throws InterruptedException {
    String servers = servers(admin);
    Set<String> existing;
    Admin client = open(admin, servers);
    try {
      existing = client.listTopics().names().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw noAnswer(e, servers);
    } finally {
      client.close(Duration.ZERO); // Else it would wait a minute for servers that do not answer.
    }
    List<String> missing = topics.stream().filter(topic -> !existing.contains(topic)).toList();
    if (!missing.isEmpty()) {
      String hint = Nearest.hint(missing.get(0), existing);
      throw new UserError(
          (missing.size() == 1 ? "topic " : "topics ")
              + String.join(", ", missing)
              + (missing.size() == 1 ? " does" : " do")
              + " not exist at "
              + servers
              + hidden(admin)
              + (hint.isEmpty()
                  ? ": create " + (missing.size() == 1 ? "it" : "them") + " first"
                  : hint));
    }
  }

  private static Admin open(Map<String, Object> admin, String servers) {
    try {
      return Admin.create(admin);
    } catch (KafkaException e) {
      throw KafkaProblem.isUnresolved(e) ? noAnswer(e, servers) : e;
    }
  }

  private static UserError noAnswer(Exception cause, String servers) {
    return new UserError(
        "no Kafka answers at "
            + servers
            + " ("
            + KafkaProblem.noAnswer(cause, servers)
            + "): name yours with -c FILE (train: --kafka FILE) or --set"
            + " kafka.bootstrap.servers=HOST:PORT; ./clipstream demo starts one at 127.0.0.1:19092",
        cause);
  }

  /**
   * What else it may be that a topic is not listed: brokers list what a user may describe alone.
   */
  static String hidden(Map<String, Object> admin) {
    return "PLAINTEXT".equals(admin.getOrDefault("security.protocol", "PLAINTEXT"))
        ? ""
        : ", or the access rules (ACLs) hide it: then this user lacks READ, WRITE and DESCRIBE there";
  }

  /**
   * Makes sure that a topic takes records of this size. Goes on, and says so, where the topic's
   * settings may not be read.
   *
   * @param admin settings of an admin client
   * @param bytes of the largest record
   * @param why so much: "expected at least N as WHY"
   * @throws UserError if the topic's {@code max.message.bytes} is less
   */
  static void requireRoom(Map<String, Object> admin, String topic, int bytes, String why)
      throws InterruptedException {
    requireRoom(admin, topic, bytes, why, false);
  }

  /** As the other, for a topic that need not be there, and whose settings need not be readable. */
  static void requireRoomIfSeen(Map<String, Object> admin, String topic, int bytes, String why)
      throws InterruptedException {
    requireRoom(admin, topic, bytes, why, true);
  }

  private static void requireRoom(
      Map<String, Object> admin, String topic, int bytes, String why, boolean ifSeen)
      throws InterruptedException {
    ConfigEntry max;
    try {
      max = settings(admin, topic).get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
    } catch (ExecutionException | TimeoutException e) {
      log.atLevel(ifSeen ? Level.DEBUG : Level.WARN)
          .log(
              "The settings of topic {} cannot be read; its max.message.bytes must be {} or more: {}",
              topic,
              bytes,
              KafkaProblem.noAnswer(e, servers(admin)));
      return;
    }
    if (max != null && Long.parseLong(max.value()) < bytes) {
      throw new UserError(
          "topic "
              + topic
              + " has max.message.bytes="
              + max.value()
              + ", expected at least "
              + bytes
              + " as "
              + why);
    }
  }

  /**
   * How old a record may be for a topic to take it, in milliseconds; any age where its settings may
   * not be read.
   *
   * @param admin settings of an admin client
   */
  static long greatestAge(Map<String, Object> admin, String topic) throws InterruptedException {
    Config settings;
    try {
      settings = settings(admin, topic);
    } catch (ExecutionException | TimeoutException e) {
      log.debug("The settings of topic {} cannot be read", topic, e);
      return Long.MAX_VALUE;
    }
    ConfigEntry type = settings.get(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG);
    ConfigEntry age = settings.get(TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG);
    boolean brokersOwn = type != null && type.value().equals(TimestampType.LOG_APPEND_TIME.name);
    return brokersOwn || age == null ? Long.MAX_VALUE : Long.parseLong(age.value());
  }

  private static Config settings(Map<String, Object> admin, String topic)
      throws InterruptedException, ExecutionException, TimeoutException {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    Admin client = Admin.create(admin);
    try {
      return client
          .describeConfigs(List.of(resource))
          .all()
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          .get(resource);
    } finally {
      client.close(Duration.ZERO);
    }
  }

  private static String servers(Map<String, Object> admin) {
    return String.valueOf(admin.get("bootstrap.servers"));
  }
}
