package io.clipstream.streams.app;

import io.clipstream.streams.embedded.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A broker in a process of its own, which a test may kill. Its data and its port stay. */
final class BrokerProcess implements AutoCloseable {
  private static final String READY = "ready";

  private final Path folder;
  private final Path log;
  private final List<String> jvm;
  private final int port;
  private ServerProcess process;

  /**
   * Starts it.
   *
   * @param jvm options
   */
  BrokerProcess(Path folder, Path log, String... jvm) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.log = log;
    this.jvm = List.of(jvm);
    this.port = start(0);
  }

  String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  /** By SIGKILL. */
  void kill() {
    process.kill();
  }

  /** By SIGKILL, and starts it again. */
  void killAndStart() throws IOException {
    kill();
    startAgain();
  }

  void startAgain() throws IOException {
    start(port);
  }

  private int start(int wanted) throws IOException {
    Files.deleteIfExists(folder.resolve(READY));
    process =
        new ServerProcess(
            BrokerProcess.class, jvm, List.of(folder.toString(), Integer.toString(wanted)), log);
    return Integer.parseInt(process.await(folder.resolve(READY)));
  }

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    EmbeddedKafka kafka = new EmbeddedKafka(folder.resolve("data"), Integer.parseInt(args[1]));
    ServerProcess.answer(folder.resolve(READY), kafka.port());
    // Whoever started this process holds the other end of its standard input.
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(1);
  }

  @Override
  public void close() {
    process.kill();
  }
}
