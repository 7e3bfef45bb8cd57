package io.clipstream.streams.app;

import io.clipstream.streams.embedded.ClusterNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;

/**
 * A cluster of three nodes as small ones are run, each broker and controller in a process of its
 * own, of which a test may kill one at a time. All that they hold is on all three.
 */
final class ThreeBrokers implements AutoCloseable {
  static final int NODES = 3;
  private static final String READY = "ready";
  private static final long LIMIT = TimeUnit.MINUTES.toNanos(3);

  private final Path folder;
  private final Path log;
  private final List<Integer> ports = ClusterNode.freePorts(NODES);
  private final List<ServerProcess> processes = new ArrayList<>();

  /**
   * Starts them.
   *
   * @param log gets what they print
   */
  ThreeBrokers(Path folder, Path log) throws IOException {
    this.folder = folder;
    this.log = log;
    for (int node = 1; node <= NODES; node++) {
      processes.add(start(node));
    }
    for (int node = 1; node <= NODES; node++) {
      awaitReady(node);
    }
  }

  String bootstrapServers() {
    return ports.stream()
        .limit(NODES)
        .map(port -> "127.0.0.1:" + port)
        .collect(Collectors.joining(","));
  }

  /**
   * By SIGKILL, starts it again, and waits until it holds all again, as who replaces one node after
   * the other does.
   *
   * @param node from 1
   */
  void killAndStart(int node) throws Exception {
    processes.get(node - 1).kill();
    processes.set(node - 1, start(node));
    awaitReady(node);
    awaitInSync();
  }

  private ServerProcess start(int node) throws IOException {
    Files.createDirectories(folder(node));
    Files.deleteIfExists(folder(node).resolve(READY));
    List<String> args =
        Stream.concat(Stream.of(folder(node), node), ports.stream()).map(Object::toString).toList();
    return new ServerProcess(
        ThreeBrokers.class, List.of("-Xmx512m", ServerProcess.QUICK_START), args, log);
  }

  private Path folder(int node) {
    return folder.resolve("node-" + node);
  }

  private void awaitReady(int node) throws IOException {
    String unused = processes.get(node - 1).await(folder(node).resolve(READY));
  }

  private void awaitInSync() throws Exception {
    long end = System.nanoTime() + LIMIT;
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
      while (!inSync(admin)) {
        if (System.nanoTime() > end) {
          throw new IOException("replicas are not in sync within " + Duration.ofNanos(LIMIT));
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
      }
    }
  }

  private static boolean inSync(Admin admin) throws InterruptedException {
    try {
      var names = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
      return admin.describeTopics(names).allTopicNames().get().values().stream()
          .flatMap(topic -> topic.partitions().stream())
          .allMatch(partition -> partition.isr().size() == NODES);
    } catch (ExecutionException notYet) {
      return false;
    }
  }

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    List<Integer> ports = Stream.of(args).skip(2).map(Integer::valueOf).toList();
    ClusterNode.start(folder.resolve("data"), Integer.parseInt(args[1]), ports);
    ServerProcess.answer(folder.resolve(READY), args[1]);
    // Whoever started this process holds the other end of its standard input.
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(1);
  }

  @Override
  public void close() {
    processes.forEach(ServerProcess::kill);
  }
}
