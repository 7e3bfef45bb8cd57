package io.clipstream.streams.bench;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The whole service on one machine, references in and labels out: a broker in this process, the
 * real stages, one file after the other, each over and over. Arguments: a model, seconds for each
 * file, settings as {@code key=value}, files.
 */
public final class ServiceBenchmark {
  /** References in flight. */
  private static final int AHEAD = 160;

  private static final double WARM_SECONDS = 4;

  private ServiceBenchmark() {}

  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("service-benchmark");
    Map<String, String> settings = new HashMap<>();
    settings.put("model.path", args[0]);
    settings.put("pipeline.work-directory", folder.resolve("work").toString());
    List<Path> files = new ArrayList<>();
    for (int i = 2; i < args.length; i++) {
      int equals = args[i].indexOf('=');
      if (equals < 0) {
        files.add(Path.of(args[i]));
      } else {
        settings.put(args[i].substring(0, equals), args[i].substring(equals + 1));
      }
    }
    RealStages stages =
        new RealStages(
            AppSettings.read(SettingsSources.load(Map.of(), null, Map.of(), settings)),
            ModelArtifact.open(Path.of(args[0])),
            files);
    try (BenchCluster cluster =
        new BenchCluster(folder.resolve("kafka"), 1, AHEAD, stages.pipeline())) {
      long sent = 0;
      for (int i = 0; i < files.size(); i++) {
        sent = measure(cluster, stages.uri(i), sent, Double.parseDouble(args[1]));
      }
      System.out.println(cluster.rejected() + " rejected");
    }
    System.exit(0); // Threads of the engine may be left.
  }

  /** Returns how many were sent until now. */
  private static long measure(BenchCluster cluster, String uri, long before, double seconds)
      throws InterruptedException, IOException {
    long sent = before;
    long end = System.nanoTime() + (long) (1e9 * (WARM_SECONDS + seconds));
    long begun = 0;
    long first = 0;
    double cpu = 0;
    while (System.nanoTime() < end) {
      while (sent < cluster.outcomes() + AHEAD) {
        cluster.send("video-" + sent++, uri);
      }
      if (begun == 0 && System.nanoTime() > end - (long) (1e9 * seconds)) {
        begun = System.nanoTime();
        first = cluster.outcomes();
        cpu = cpuSeconds();
      }
      cluster.awaitOutcomes(cluster.outcomes() + 1);
    }
    double took = (System.nanoTime() - begun) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%s: %.1f videos/s, %.1f cores%n",
        uri.substring(uri.lastIndexOf('/') + 1),
        (cluster.outcomes() - first) / took,
        (cpuSeconds() - cpu) / took);
    cluster.awaitOutcomes(sent);
    return sent;
  }

  /** Of this process (proc(5), stat). */
  private static double cpuSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
  }
}
