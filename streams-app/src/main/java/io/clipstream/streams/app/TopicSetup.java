package io.clipstream.streams.app;

import io.clipstream.model.UserError;
import io.clipstream.schemas.models.Refusals;
import io.clipstream.streams.app.TopicReport.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes topics that are missing, and says how others differ. One thread. */
public final class TopicSetup {
  private static final Logger log = LoggerFactory.getLogger(TopicSetup.class);
  private static final String DESCRIBE = "DESCRIBE";
  private static final int USUAL_REPLICAS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final Admin admin;
  private final int replicas;

  /**
   * @param admin stays the caller's
   * @param replicas of each partition; by default three, or as many as there are brokers
   * @throws UserError if the brokers do not answer
   */
  public TopicSetup(Admin admin, OptionalInt replicas) throws InterruptedException {
    this.admin = admin;
    this.replicas =
        replicas.isPresent() ? replicas.getAsInt() : Math.min(USUAL_REPLICAS, brokers());
  }

  private int brokers() throws InterruptedException {
    return await("brokers cannot be counted", DESCRIBE, admin.describeCluster().nodes()).size();
  }

  /** Looks at each topic and changes nothing. */
  public List<TopicReport> look(List<TopicPlan> plans) throws InterruptedException {
    Set<String> existing = names();
    Map<String, TopicReport> reports =
        compare(plans.stream().filter(plan -> existing.contains(plan.name())).toList());
    return plans.stream()
        .map(plan -> reports.getOrDefault(plan.name(), planned(plan, State.MISSING, List.of())))
        .toList();
  }

  /** Makes what is missing; what is there stays as it is. */
  public List<TopicReport> create(List<TopicPlan> plans) throws InterruptedException {
    Set<String> existing = names();
    Map<String, TopicReport> reports =
        make(plans.stream().filter(plan -> !existing.contains(plan.name())).toList());
    reports.putAll(compare(plans.stream().filter(p -> !reports.containsKey(p.name())).toList()));
    return plans.stream().map(plan -> reports.get(plan.name())).toList();
  }

  /** Reports of those that were made or refused; none of those that another one made first. */
  private Map<String, TopicReport> make(List<TopicPlan> plans) throws InterruptedException {
    Map<String, KafkaFuture<Void>> results =
        admin.createTopics(plans.stream().map(this::topic).toList()).values();
    Map<String, TopicReport> reports = new HashMap<>();
    List<String> there = new ArrayList<>();
    for (TopicPlan plan : plans) {
      try {
        results.get(plan.name()).get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        reports.put(plan.name(), planned(plan, State.MADE, List.of()));
        there.add(plan.name());
      } catch (ExecutionException e) {
        if (e.getCause() instanceof TopicExistsException) {
          there.add(plan.name());
        } else {
          reports.put(
              plan.name(), planned(plan, State.REFUSED, List.of(describe(e.getCause(), "CREATE"))));
        }
      } catch (TimeoutException e) {
        List<String> why = List.of("no answer within " + PATIENCE.toSeconds() + " s");
        reports.put(plan.name(), planned(plan, State.REFUSED, why));
      }
    }
    awaitVisible(there);
    return reports;
  }

  private NewTopic topic(TopicPlan plan) {
    Map<String, String> settings = new HashMap<>(plan.settings());
    settings.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(leastInSync()));
    return new NewTopic(plan.name(), Optional.of(plan.partitions()), Optional.of((short) replicas))
        .configs(settings);
  }

  /** A record is acknowledged once so many brokers have it; one broker less may be away. */
  private int leastInSync() {
    return Math.max(1, replicas - 1);
  }

  private TopicReport planned(TopicPlan plan, State state, List<String> faults) {
    return new TopicReport(
        plan.name(),
        state,
        plan.partitions(),
        replicas,
        plan.settings().get(TopicConfig.CLEANUP_POLICY_CONFIG),
        faults);
  }

  private Map<String, TopicReport> compare(List<TopicPlan> plans) throws InterruptedException {
    Map<String, KafkaFuture<TopicDescription>> descriptions =
        admin.describeTopics(plans.stream().map(TopicPlan::name).toList()).topicNameValues();
    Map<ConfigResource, KafkaFuture<Config>> settings =
        admin.describeConfigs(plans.stream().map(TopicSetup::resource).toList()).values();
    Map<String, TopicReport> reports = new HashMap<>();
    for (TopicPlan plan : plans) {
      String topic = "topic " + plan.name();
      reports.put(
          plan.name(),
          compare(
              plan,
              await(topic + " cannot be described", DESCRIBE, descriptions.get(plan.name())),
              await(
                  "the settings of " + topic + " cannot be read",
                  "DESCRIBE_CONFIGS",
                  settings.get(resource(plan)))));
    }
    return reports;
  }

  private TopicReport compare(TopicPlan plan, TopicDescription description, Config settings) {
    int partitions = description.partitions().size();
    int found =
        description.partitions().stream().mapToInt(p -> p.replicas().size()).min().orElse(0);
    String cleanup = settings.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
    List<String> faults = new ArrayList<>();
    String expected = plan.settings().get(TopicConfig.CLEANUP_POLICY_CONFIG);
    if (!cleanup.equals(expected)) {
      faults.add("cleanup.policy=" + cleanup + ", expected " + expected);
    }
    require(faults, settings, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, plan.leastMessageBytes());
    if (found < replicas) {
      faults.add(found + " of " + replicas + " replicas");
    } else {
      require(faults, settings, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, leastInSync());
    }
    return new TopicReport(
        plan.name(),
        faults.isEmpty() ? State.EXISTS : State.DIFFERS,
        partitions,
        found,
        cleanup,
        faults);
  }

  private static void require(List<String> faults, Config settings, String key, long least) {
    String value = settings.get(key).value();
    if (Long.parseLong(value) < least) {
      faults.add(key + "=" + value + ", expected at least " + least);
    }
  }

  private static ConfigResource resource(TopicPlan plan) {
    return new ConfigResource(ConfigResource.Type.TOPIC, plan.name());
  }

  private Set<String> names() throws InterruptedException {
    return await("topics cannot be listed", DESCRIBE, admin.listTopics().names());
  }

  /** A broker learns of a new topic some time after it was made. */
  private void awaitVisible(Collection<String> topics) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      List<String> unseen = new ArrayList<>(topics);
      unseen.removeAll(names());
      if (unseen.isEmpty()) {
        return;
      }
      requireAllowed(unseen.get(0));
      if (System.nanoTime() > end) {
        throw new UserError(
            "topics were made, but brokers do not show them within " + PATIENCE.toSeconds() + " s");
      }
      Thread.sleep(PAUSE.toMillis());
    }
  }

  /** Brokers list what a user may describe alone; of a topic that is named they say so. */
  private void requireAllowed(String topic) throws InterruptedException {
    try {
      admin
          .describeTopics(List.of(topic))
          .allTopicNames()
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        throw new UserError("topic " + topic + ": " + describe(e.getCause(), DESCRIBE), e);
      }
    } catch (TimeoutException e) {
      log.debug("Topic {} is not described yet", topic, e);
    }
  }

  private static <V> V await(String failure, String right, KafkaFuture<V> future)
      throws InterruptedException {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new UserError(failure + ": " + describe(e.getCause(), right), e);
    } catch (TimeoutException e) {
      throw new UserError(
          failure + ": no answer from Kafka within " + PATIENCE.toSeconds() + " s", e);
    }
  }

  /**
   * @param right that was needed, where brokers have access rules: they do not say
   */
  private static String describe(Throwable error, String right) {
    String message = error.getMessage();
    return (message == null || message.isBlank() ? error.getClass().getSimpleName() : message)
        + Refusals.hint(error, right);
  }
}
