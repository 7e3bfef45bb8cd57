package io.clipstream.streams.embedded;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * One of several Kafka nodes that are a cluster, each broker and controller: what they hold is on
 * all of them, and is taken while two are in sync. Data and ports stay.
 */
public final class ClusterNode {
  private static final String HOST = "127.0.0.1";
  private static final String CLUSTER = "cHJvbWlzZS1vZi10aHJlZQ";
  private static final int IN_SYNC = 2;

  private ClusterNode() {}

  /** Of brokers and then of controllers, as {@link #start} takes them. */
  public static List<Integer> freePorts(int nodes) {
    return IntStream.generate(EmbeddedKafka::freePort)
        .distinct()
        .limit(2L * nodes)
        .boxed()
        .toList();
  }

  /**
   * Starts it, and returns once it serves, for which more than half of all must be there.
   *
   * @param node its number, from 1
   * @param ports of all nodes, see {@link #freePorts}
   */
  public static void start(Path data, int node, List<Integer> ports) throws Exception {
    int nodes = ports.size() / 2;
    if (!Files.exists(data.resolve("meta.properties"))) {
      new Formatter()
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .setNodeId(node)
          .setClusterId(CLUSTER)
          .setDirectories(List.of(data.toString()))
          .setControllerListenerName("CONTROLLER")
          .run();
    }
    Properties config = new Properties();
    config.put("process.roles", "broker,controller");
    config.put("node.id", Integer.toString(node));
    config.put(
        "controller.quorum.voters",
        IntStream.rangeClosed(1, nodes)
            .mapToObj(voter -> voter + "@" + HOST + ":" + ports.get(nodes + voter - 1))
            .collect(Collectors.joining(",")));
    config.put("controller.listener.names", "CONTROLLER");
    config.put(
        "listeners",
        "PLAINTEXT://%1$s:%2$d,CONTROLLER://%1$s:%3$d"
            .formatted(HOST, ports.get(node - 1), ports.get(nodes + node - 1)));
    config.put("log.dirs", data.toString());
    config.put("auto.create.topics.enable", "false");
    for (String replicas :
        List.of(
            "default.replication.factor",
            "offsets.topic.replication.factor",
            "transaction.state.log.replication.factor")) {
      config.put(replicas, Integer.toString(nodes));
    }
    config.put("min.insync.replicas", Integer.toString(IN_SYNC));
    config.put("transaction.state.log.min.isr", Integer.toString(IN_SYNC));

    // As the embedded one: what makes a node small and quick.
    config.put("offsets.topic.num.partitions", "4");
    config.put("transaction.state.log.num.partitions", "4");
    config.put("group.initial.rebalance.delay.ms", "0");
    config.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
    config.put("num.network.threads", "2");
    config.put("num.io.threads", "2");
    config.put("background.threads", "2");
    config.put("num.recovery.threads.per.data.dir", "1");
    config.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
    new KafkaRaftServer(KafkaConfig.fromProps(config), Time.SYSTEM).startup();
  }
}
