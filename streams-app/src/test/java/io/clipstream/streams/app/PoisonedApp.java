package io.clipstream.streams.app;

import io.clipstream.streams.classify.PoisonedPipeline;
import io.clipstream.streams.topology.PendingLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The application in a process of its own that one video ends whenever it is decoded. */
final class PoisonedApp {
  private PoisonedApp() {}

  /** Starts the process; it ends by itself when this one does. */
  static Process start(Cluster cluster, Path directory, String poison, int maxDeaths)
      throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                PoisonedApp.class.getName(),
                cluster.bootstrapServers(),
                cluster.registry.url(),
                directory.toString(),
                poison,
                Integer.toString(maxDeaths)))
        .redirectErrorStream(true)
        .redirectOutput(
            ProcessBuilder.Redirect.appendTo(directory.resolve("poisoned.log").toFile()))
        .start();
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    LabelApp.Settings usual = Cluster.settings("app", args[0], args[1]);
    LabelApp app =
        new LabelApp(
            new LabelApp.Settings(
                usual.topics(),
                usual.kafka(),
                usual.serdeClass(),
                usual.serde(),
                new PendingLimits(500, 64 << 20, Integer.parseInt(args[4])),
                usual.drainLimit(),
                usual.timestamps()),
            PoisonedPipeline.open(Path.of(args[2]), args[3]));
    app.start();
    // Whoever started this process holds the other end of its standard input.
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(1);
  }
}
