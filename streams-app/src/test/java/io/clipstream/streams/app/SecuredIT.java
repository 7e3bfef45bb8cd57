package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.clipstream.model.UserError;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.embedded.AccessRight;
import io.clipstream.streams.embedded.SecuredKafka;
import io.clipstream.streams.topology.InstantLabeller;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Instances whose users come to the broker by TLS and SCRAM, with the rights that {@code
 * ops/README.md} lists: with all of them, and with all but one.
 */
@Timeout(900)
class SecuredIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final String APPLICATION = "clipstream";

  @TempDir Path directory;
  private SecuredKafka kafka;
  private Cluster cluster;

  @BeforeEach
  void start() throws Exception {
    kafka = new SecuredKafka(directory);
    cluster = new Cluster(kafka.open());
  }

  @AfterEach
  void stop() {
    cluster.close();
    kafka.close();
  }

  @Test
  void shouldLabelWithTheRightsThatAreListedAndSayWhichOneIsMissing() throws Exception {
    List<AccessRight> rights = AccessRight.of("instance");
    assertThat(rights).hasSizeGreaterThan(8);
    Map<String, AccessRight> missing = new HashMap<>();
    Map<String, String> applications = new HashMap<>();
    List<AclBinding> rules = new ArrayList<>();
    rights.forEach(right -> rules.add(right.renamed(APPLICATION, "all").to("all")));
    for (AccessRight left : rights) {
      String user = "without-" + missing.size();
      String application = isToRestore(left) ? "all" : user;
      missing.put(user, left);
      applications.put(user, application);
      rights.stream()
          .filter(right -> !right.equals(left))
          .forEach(right -> rules.add(right.renamed(APPLICATION, application).to(user)));
    }
    kafka.addUsers(Stream.concat(Stream.of("all"), missing.keySet().stream()).toList());
    kafka.allow(rules);
    cluster.produce(20);
    cluster.produceRaw(
        new ProducerRecord<>(
            Cluster.TOPICS.incoming(), "no reference".getBytes(StandardCharsets.UTF_8)));

    try (LabelApp app = app("all", "all", "all")) {
      app.start();
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      cluster.readUntil(LIMIT, () -> !cluster.deadLetters.isEmpty());
    }

    try (Complaints complaints = new Complaints()) {
      List<LabelApp> apps = new ArrayList<>();
      try {
        for (String user : missing.keySet()) {
          String application = applications.get(user);
          LabelApp app = app(user, user, application);
          apps.add(app);
          complaints.starting = application;
          try {
            app.start();
          } catch (UserError e) {
            complaints.byApplication.put(application, e.getMessage());
          }
        }
        await()
            .dontCatchUncaughtExceptions() // of stream threads, which the application takes up
            .atMost(LIMIT)
            .until(() -> complaints.byApplication.size() == missing.size());
      } finally {
        apps.parallelStream().forEach(LabelApp::close);
      }
      missing.forEach(
          (user, right) ->
              assertThat(complaints.byApplication.get(applications.get(user)))
                  .as("without %s", right)
                  .matches("(?s).*(access rules \\(ACLs\\)|[Aa]uthoriz).*"));
    }
  }

  /** An instance needs not read them, and that none hangs is not known. */
  @Test
  void shouldSayWhereItsUserMayNotLookForTransactionsThatHang() throws Exception {
    kafka.addUsers(List.of("all"));
    List<AclBinding> rules = new ArrayList<>();
    AccessRight.of("instance")
        .forEach(right -> rules.add(right.renamed(APPLICATION, "all").to("all")));
    kafka.allow(rules);
    cluster.produce(20);
    try (LabelApp app = app("all", "all", "all")) {
      app.start();
      cluster.assertOneOutcomeEachInOrder(LIMIT);
    }

    Map<String, String> given = new HashMap<>(Map.of("application.id", "all"));
    kafka.client("all", "all").forEach((key, value) -> given.put("kafka." + key, "" + value));
    List<CheckLine> lines = new ArrayList<>();
    new KafkaCheck(
            ConnectionSettings.read(SettingsSources.load(Map.of(), null, Map.of(), given)),
            Optional.empty(),
            lines::add)
        .run();
    assertThat(lines)
        .contains(
            CheckLine.ok(
                "transactions",
                "none seen that hangs; no ACL allows READ on __consumer_offsets, videos.labeled,"
                    + " videos.rejected, videos.dead-letter"));
  }

  @Test
  void shouldSayThatAPasswordIsWrong() throws Exception {
    kafka.addUsers(List.of("all"));
    try (LabelApp app = app("all", "guessed", "all")) {
      assertThat(catchThrowable(app::start))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("kafka.sasl.jaas.config")
          .hasMessageNotContaining("guessed");
    }
  }

  /** As settings name it: what they say of the registry's TLS reaches its client. */
  @Test
  void shouldReachARegistryByTlsWithAPassword() throws Exception {
    kafka.addUsers(List.of("all"));
    List<AclBinding> rules = new ArrayList<>();
    AccessRight.of("instance")
        .forEach(right -> rules.add(right.renamed(APPLICATION, "all").to("all")));
    kafka.allow(rules);
    try (TlsProxy registry =
        new TlsProxy(
            cluster.registry.url(), kafka.keys(), SecuredKafka.PASSWORD, "someone:hunter2")) {
      Map<String, String> serde =
          ConsoleInstance.read(
                  Map.of(
                      "serde.schema.registry.url", registry.url(),
                      "serde.schema.registry.ssl.truststore.type", "PEM",
                      "serde.schema.registry.ssl.truststore.location",
                          kafka.certificate().toString(),
                      "serde.basic.auth.credentials.source", "USER_INFO",
                      "serde.basic.auth.user.info", "someone:hunter2"))
              .connection()
              .serde()
              .settings();
      cluster.produce(20);
      try (LabelApp app = app("all", "all", "all", serde)) {
        app.start();
        cluster.assertOneOutcomeEachInOrder(LIMIT);
      }
      assertThat(registry.passed()).isPositive();
      assertThat(registry.refused()).isZero();
    }
  }

  private LabelApp app(String user, String password, String application) {
    return app(user, password, application, cluster.settings(application).serde());
  }

  private LabelApp app(String user, String password, String application, Map<String, ?> serde) {
    LabelApp.Settings base = cluster.settings(application);
    Map<String, Object> settings = new HashMap<>(base.kafka());
    settings.putAll(kafka.client(user, password));
    settings.put("num.stream.threads", "1");
    return new LabelApp(
        new LabelApp.Settings(
            base.topics(),
            settings,
            base.serdeClass(),
            serde,
            base.pending(),
            base.drainLimit(),
            base.timestamps()),
        new InstantLabeller(1));
  }

  /** Asked for only where an earlier instance left records. */
  private static boolean isToRestore(AccessRight right) {
    return right.operation() == AclOperation.READ && right.name().endsWith("-changelog");
  }

  /** What instances warn of, by the application whose stream thread it was. */
  private static final class Complaints extends AppenderBase<ILoggingEvent>
      implements AutoCloseable {
    private static final Pattern THREAD = Pattern.compile("(.+)(-[0-9a-f]+){5}-StreamThread-.*");

    /** The application that the test's thread starts. */
    volatile String starting;

    final ConcurrentMap<String, String> byApplication = new ConcurrentHashMap<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(LabelApp.class.getPackageName());
    private final Level before = logger.getLevel();

    Complaints() {
      setContext(logger.getLoggerContext());
      start();
      logger.setLevel(Level.WARN);
      logger.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      Matcher thread = THREAD.matcher(event.getThreadName());
      byApplication.put(thread.matches() ? thread.group(1) : starting, event.getFormattedMessage());
    }

    @Override
    public void close() {
      logger.detachAppender(this);
      logger.setLevel(before);
    }
  }
}
