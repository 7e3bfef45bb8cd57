package io.clipstream.streams.embedded;

import io.clipstream.model.UserError;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * One Kafka node, broker and controller, in this process: for the demo, benchmarks and tests.
 *
 * <p>Listens on 127.0.0.1 alone, without encryption or authentication. Data stay in the directory,
 * so a new instance on the same directory and port carries on where a closed one stopped. Internal
 * topics have one replica and few partitions, which makes it start in about two seconds.
 *
 * <p>All threads. Topics are not created by being used: see {@link #createTopics}.
 */
public final class EmbeddedKafka implements AutoCloseable {
  private static final String HOST = "127.0.0.1";
  private static final int NODE = 1;

  /** Attempts at free ports, as another process may take one between its choice and its use. */
  private static final int ATTEMPTS = 5;

  private static final int FIRST_PORT = 20_000;
  private static final int LAST_PORT = 29_999;
  private static final int PORT_ATTEMPTS = 100;

  private final int port;
  private final KafkaRaftServer server;
  private boolean closed;

  /**
   * Starts a node and returns once it serves.
   *
   * @param dataDir the node's own directory, made if missing; formatted on first use
   * @param port to listen on, or 0 for any free one
   * @throws KafkaException if the node does not start, for example because the port is taken
   * @throws UserError if this installation lacks the broker
   */
  public EmbeddedKafka(Path dataDir, int port) {
    this(dataDir, port, Map.of());
  }

  /**
   * As the other.
   *
   * @param more settings of the node; {@code listeners} stand beside its own, all others win
   */
  EmbeddedKafka(Path dataDir, int port, Map<String, String> more) {
    requireBroker();
    format(dataDir);
    Started started = port == 0 ? startOnAnyPort(dataDir, more) : start(dataDir, port, more);
    this.port = started.port();
    this.server = started.server();
  }

  /** An installation for production may leave the broker's jars out. */
  private static void requireBroker() {
    try {
      Class.forName("kafka.server.KafkaRaftServer");
    } catch (ClassNotFoundException e) {
      throw new UserError(
          "this installation has no broker for demo and bench: expected its jars in app/demo/", e);
    }
  }

  /** What clients connect to, {@code 127.0.0.1:PORT}. */
  public String bootstrapServers() {
    return HOST + ":" + port;
  }

  public int port() {
    return port;
  }

  /** Creates what is missing of these topics; a topic that exists stays as it is. */
  public void createTopics(int partitions, String... names) {
    createTopics(
        Arrays.stream(names).map(name -> new NewTopic(name, partitions, (short) 1)).toList());
  }

  /** Creates what is missing of these topics; a topic that exists stays as it is. */
  public void createTopics(List<NewTopic> topics) {
    createTopics(bootstrapServers(), topics);
  }

  /** Creates what is missing of these topics on any broker. */
  public static void createTopics(String bootstrapServers, List<NewTopic> topics) {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
      for (var created : admin.createTopics(topics).values().values()) {
        try {
          created.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof TopicExistsException)) {
            throw new KafkaException(
                "topics were not created: " + e.getCause().getMessage(), e.getCause());
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while topics were created", e);
    } catch (TimeoutException e) {
      throw new KafkaException("topics were not created within 30 s", e);
    }
  }

  /** Stops the node and waits until its files are closed. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      server.shutdown();
      server.awaitShutdown();
    }
  }

  private record Started(KafkaRaftServer server, int port) {}

  private static Started startOnAnyPort(Path dataDir, Map<String, String> more) {
    for (int attempt = 1; ; attempt++) {
      try {
        return start(dataDir, freePort(), more);
      } catch (KafkaException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private static Started start(Path dataDir, int port, Map<String, String> more) {
    // Asked first, as the broker tells of a taken port in hundreds of lines of log.
    try {
      listen(port);
    } catch (IOException e) {
      throw new KafkaException(
          "Kafka cannot listen on " + HOST + ":" + port + ": " + e.getMessage(), e);
    }
    KafkaRaftServer server = new KafkaRaftServer(config(dataDir, port, more), Time.SYSTEM);
    try {
      server.startup();
      return new Started(server, port);
    } catch (RuntimeException e) {
      server.shutdown();
      server.awaitShutdown();
      throw new KafkaException(
          "Kafka did not start on " + HOST + ":" + port + ": " + e.getMessage(), e);
    }
  }

  private static void format(Path dataDir) {
    try {
      Files.createDirectories(dataDir);
      if (Files.exists(dataDir.resolve("meta.properties"))) {
        return;
      }
      new Formatter()
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .setNodeId(NODE)
          .setClusterId(Uuid.randomUuid().toString())
          .setDirectories(List.of(dataDir.toString()))
          .setControllerListenerName("CONTROLLER")
          .run();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use " + dataDir + " for Kafka's data", e);
    } catch (Exception e) {
      throw new KafkaException("cannot format " + dataDir + ": " + e.getMessage(), e);
    }
  }

  private static KafkaConfig config(Path dataDir, int port, Map<String, String> more) {
    int controllerPort;
    do {
      controllerPort = freePort();
    } while (controllerPort == port);
    Properties config = new Properties();
    config.put("process.roles", "broker,controller");
    config.put("node.id", Integer.toString(NODE));
    // The voters are read from here at each start, so the controller's port need not stay.
    config.put("controller.quorum.voters", NODE + "@" + HOST + ":" + controllerPort);
    config.put("controller.listener.names", "CONTROLLER");
    config.put(
        "listeners",
        "PLAINTEXT://" + HOST + ":" + port + ",CONTROLLER://" + HOST + ":" + controllerPort);
    config.put("log.dirs", dataDir.toString());
    config.put("auto.create.topics.enable", "false");

    config.put("offsets.topic.replication.factor", "1");
    config.put("transaction.state.log.replication.factor", "1");
    config.put("share.coordinator.state.topic.replication.factor", "1");
    config.put("offsets.topic.num.partitions", "4");
    config.put("transaction.state.log.num.partitions", "4");
    config.put("transaction.state.log.min.isr", "1");
    config.put("share.coordinator.state.topic.num.partitions", "1");
    config.put("share.coordinator.state.topic.min.isr", "1");

    // A group of few members need not wait for more of them.
    config.put("group.initial.rebalance.delay.ms", "0");
    // A killed client's transaction is aborted when its time is over, not up to 10 s later.
    config.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
    // The defaults are those of a large machine.
    config.put("num.network.threads", "2");
    config.put("num.io.threads", "2");
    config.put("background.threads", "2");
    config.put("num.recovery.threads.per.data.dir", "1");
    config.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
    String own = config.getProperty("listeners");
    config.putAll(more);
    config.computeIfPresent(
        "listeners", (key, added) -> more.containsKey(key) ? own + "," + added : own);
    return KafkaConfig.fromProps(config);
  }

  /**
   * A port that is free and stays so until it is listened on: of those that no system gives to
   * outgoing connections (Linux takes these from 32,768 on, others from 49,152). Kafka ends the
   * whole process where its controller's is taken.
   */
  public static int freePort() {
    for (int attempt = 1; attempt <= PORT_ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT + 1);
      try {
        listen(port);
        return port;
      } catch (IOException taken) {
        // The next one.
      }
    }
    throw new KafkaException(
        "no free port on " + HOST + " between " + FIRST_PORT + " and " + LAST_PORT);
  }

  @SuppressWarnings("AddressSelection") // an address, not a name
  private static void listen(int port) throws IOException {
    new ServerSocket(port, 1, InetAddress.getByName(HOST)).close();
  }
}
