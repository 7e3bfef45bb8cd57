package io.clipstream.streams.app;

import io.clipstream.model.fetch.FetchLimits;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.CurrentGeneration;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ReferenceFetcher;
import io.clipstream.streams.classify.Versions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * An instance in a process of its own that really fetches, with a decoder and a network that are
 * not real, for a test that kills and freezes it and takes its disk and its broker away.
 */
final class ChaosApp {
  /** Of which {@link ChaosIT} leaves nothing now and then. */
  static final long DISK_BYTES = 4 << 20;

  private static final long FILE_BYTES = 1 << 20;

  private ChaosApp() {}

  /**
   * Starts the process; it ends by itself when this one does.
   *
   * @param videos root of file references
   * @param work where downloads are
   */
  static ServerProcess start(Cluster cluster, Path videos, Path work, Path log) throws IOException {
    return new ServerProcess(
        ChaosApp.class,
        List.of("-Xmx256m", ServerProcess.QUICK_START),
        List.of(
            cluster.bootstrapServers(), cluster.registry.url(), videos.toString(), work.toString()),
        log);
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    FetchPolicy policy = FetchPolicy.defaults();
    LabelPipeline pipeline =
        new LabelPipeline(
            new ReferenceFetcher(
                new FileFetcher(
                    policy
                        .withFileRoots(List.of(Path.of(args[2])))
                        .withAddresses(policy.addresses().withAllowPrivate(List.of("127.0.0.1")))
                        .withLimits(limits()),
                    Path.of(args[3]))),
            new CurrentGeneration(new Versions(PipelineObserver.NONE).started(2)),
            new PipelineSettings(2, BatchPolicy.upTo(4, Duration.ofMillis(1)), 4, 2),
            PipelineObserver.NONE);
    pipeline.start();
    LabelApp app = new LabelApp(Cluster.settings("app", args[0], args[1]), pipeline);
    var unused = app.exit().thenAccept(why -> Runtime.getRuntime().halt(75));
    app.start();
    // Whoever started this process holds the other end of its standard input.
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(1);
  }

  private static FetchLimits limits() {
    return new FetchLimits(
        FILE_BYTES,
        DISK_BYTES,
        8,
        Duration.ofMinutes(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        3,
        0);
  }
}
