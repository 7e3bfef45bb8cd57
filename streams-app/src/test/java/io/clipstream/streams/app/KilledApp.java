package io.clipstream.streams.app;

import io.clipstream.streams.topology.InstantLabeller;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The application in a process of its own, for a test that kills it. */
final class KilledApp {
  private KilledApp() {}

  /** Starts the process; it ends by itself when this one does. */
  static Process start(Cluster cluster, Path log) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledApp.class.getName(),
                cluster.bootstrapServers(),
                cluster.registry.url()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    LabelApp app =
        new LabelApp(Cluster.settings("app", args[0], args[1]), new InstantLabeller(200));
    app.start();
    // Whoever started this process holds the other end of its standard input.
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(1);
  }
}
