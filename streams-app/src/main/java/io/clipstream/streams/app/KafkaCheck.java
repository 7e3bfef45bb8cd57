package io.clipstream.streams.app;

import io.clipstream.model.Count;
import io.clipstream.model.UserError;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.topology.PendingVideos;
import io.clipstream.streams.topology.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TopicAuthorizationException;

/**
 * Looks at the brokers as an instance needs them, and changes nothing: that they answer and let it
 * in, for each topic that it is there with room, cleanup and rights, and that no transaction hangs.
 * One thread.
 */
public final class KafkaCheck {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String BROKER = "broker";

  /** Kafka's own topic of all groups. */
  private static final String OFFSETS = "__consumer_offsets";

  private final ConnectionSettings settings;
  private final Optional<ModelTopics> models;
  private final Consumer<CheckLine> found;

  /**
   * @param models where versions of the model come from Kafka
   * @param found takes each line at once
   */
  public KafkaCheck(
      ConnectionSettings settings, Optional<ModelTopics> models, Consumer<CheckLine> found) {
    this.settings = settings;
    this.models = models;
    this.found = found;
  }

  /** Everything; only the first line where the brokers do not answer. */
  public void run() throws InterruptedException {
    Admin admin;
    try {
      admin = new KafkaConnection(settings).admin();
    } catch (KafkaException e) {
      found.accept(CheckLine.failed(BROKER, KafkaProblem.noAnswer(e, servers())));
      return;
    }
    try {
      CheckLine broker = CheckLine.of(BROKER, () -> brokers(admin));
      found.accept(broker);
      if (broker.state() == CheckLine.State.OK) {
        found.accept(CheckLine.ok("authentication", authentication()));
        checkTopics(admin);
      }
    } finally {
      admin.close(Duration.ZERO);
    }
  }

  private String brokers(Admin admin) throws Exception {
    int count = get(admin.describeCluster().nodes()).size();
    return Count.of(count, "broker") + " of " + servers();
  }

  private String authentication() {
    String protocol = settings.kafka().getOrDefault("security.protocol", "PLAINTEXT");
    String mechanism = settings.kafka().getOrDefault("sasl.mechanism", "GSSAPI");
    return protocol + (protocol.startsWith("SASL") ? " with " + mechanism : "") + " is let in";
  }

  private void checkTopics(Admin admin) throws InterruptedException {
    Map<String, AclOperation> rights = rights();
    List<TopicPlan> plans = new ArrayList<>();
    for (TopicPlan plan : TopicPlan.all(settings, models.orElse(ModelTopics.defaults()), 1)) {
      if (rights.containsKey(plan.name())) {
        plans.add(plan);
      }
    }
    List<TopicReport> reports = List.of();
    try {
      // How many replicas there should be is the operator's own choice.
      reports = new TopicSetup(admin, OptionalInt.of(1)).look(plans);
    } catch (UserError e) {
      found.accept(CheckLine.failed("topics", e.getMessage())); // The rest needs other rights.
    }
    for (TopicReport report : reports) {
      AclOperation right = rights.get(report.topic());
      found.accept(CheckLine.of("topic " + report.topic(), () -> topic(admin, report, right)));
    }
    found.accept(CheckLine.of("pending references", () -> pending(admin)));
    checkTransactions(admin);
  }

  /** The topics that an instance needs, with what it does there. */
  private Map<String, AclOperation> rights() {
    Topics topics = settings.topics();
    Map<String, AclOperation> rights = new LinkedHashMap<>();
    rights.put(topics.incoming(), AclOperation.READ);
    rights.put(topics.labeled(), AclOperation.WRITE);
    rights.put(topics.rejected(), AclOperation.WRITE);
    rights.put(topics.deadLetter(), AclOperation.WRITE);
    models.ifPresent(
        log -> {
          rights.put(log.artifacts(), AclOperation.READ);
          rights.put(log.releases(), AclOperation.READ);
          rights.put(log.rollouts(), AclOperation.WRITE);
          rights.put(log.status(), AclOperation.WRITE);
        });
    return rights;
  }

  private String topic(Admin admin, TopicReport report, AclOperation right) throws Exception {
    if (report.state() == TopicReport.State.MISSING) {
      throw new UserError("it does not exist: ./clipstream topics create makes it");
    }
    if (!report.good()) {
      throw new UserError(String.join("; ", report.faults()));
    }
    Set<AclOperation> allowed =
        get(admin
                .describeTopics(
                    List.of(report.topic()),
                    new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .topicNameValues()
                .get(report.topic()))
            .authorizedOperations();
    if (allowed != null && !allowed.contains(right)) {
      throw new UserError("no ACL allows " + right);
    }
    return Count.of(report.partitions(), "partition")
        + ", "
        + report.cleanup()
        + ", "
        + right
        + " is allowed";
  }

  private String pending(Admin admin) throws InterruptedException {
    String application = settings.kafka().get("application.id");
    String incoming = settings.topics().incoming();
    PartitionCounts counts = PartitionCounts.read(admin, application, incoming);
    if (!counts.fit()) {
      throw new UserError(counts.problem(application, incoming));
    }
    return counts.pending() == 0
        ? application + " has never run here"
        : "kept for as many partitions as " + incoming + " has";
  }

  private void checkTransactions(Admin admin) throws InterruptedException {
    List<HangingTransactions.Hanging> hanging = new ArrayList<>();
    CheckLine looked = CheckLine.of("transactions", () -> transactions(admin, hanging));
    if (hanging.isEmpty() || looked.state() != CheckLine.State.OK) {
      found.accept(looked);
    }
    for (HangingTransactions.Hanging transaction : hanging) {
      String part = "transaction on " + transaction.partition();
      found.accept(CheckLine.failed(part, transaction.line(servers())));
    }
  }

  /** Of the topics whose records or offsets an instance commits together. */
  private String transactions(Admin admin, List<HangingTransactions.Hanging> hanging)
      throws Exception {
    Topics topics = settings.topics();
    Set<String> existing =
        get(admin.listTopics(new ListTopicsOptions().listInternal(true)).names());
    List<String> hidden = new ArrayList<>();
    String changelog = PendingVideos.changelog(settings.kafka().get("application.id"));
    if (existing.contains(changelog) && !existing.contains(OFFSETS)) {
      hidden.add(OFFSETS); // An application that ran has offsets, in a topic that it may not see.
    }
    for (String topic :
        List.of(OFFSETS, changelog, topics.labeled(), topics.rejected(), topics.deadLetter())) {
      if (existing.contains(topic)) {
        try {
          hanging.addAll(new HangingTransactions(admin).in(partitions(admin, topic)));
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof TopicAuthorizationException)) {
            throw e;
          }
          hidden.add(topic);
        }
      }
    }
    return hidden.isEmpty()
        ? "none hangs"
        : "none seen that hangs; no ACL allows READ on " + String.join(", ", hidden);
  }

  private List<TopicPartition> partitions(Admin admin, String topic) throws Exception {
    return get(admin.describeTopics(List.of(topic)).topicNameValues().get(topic))
        .partitions()
        .stream()
        .map(partition -> new TopicPartition(topic, partition.partition()))
        .toList();
  }

  private String servers() {
    return settings.kafka().get("bootstrap.servers");
  }

  private <V> V get(KafkaFuture<V> future) throws Exception {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new UserError(
          "no answer within " + PATIENCE.toSeconds() + " s: " + BrokerReach.of(servers()));
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
