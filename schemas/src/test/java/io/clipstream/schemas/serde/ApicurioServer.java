package io.clipstream.schemas.serde;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The Apicurio registry that the build unpacked, as a process of its own on free loopback ports,
 * keeping nothing. It needs a newer Java than this project.
 */
final class ApicurioServer implements AutoCloseable {
  static final int LEAST_JAVA = 21;

  private static final Pattern LISTENING =
      Pattern.compile("Listening on: (http://127\\.0\\.0\\.1:\\d+)");
  private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"(\\d+)");

  private final Process process;
  private final String url;

  private ApicurioServer(Process process, String url) {
    this.process = process;
    this.url = url;
  }

  /** Starts it and waits until it answers. */
  static ApicurioServer start(Path java, Path directory) throws Exception {
    Process process =
        new ProcessBuilder(
                java.toString(),
                "-Xmx384m",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=0",
                "-Dquarkus.management.host=127.0.0.1",
                "-Dquarkus.management.port=0",
                "-Dapicurio.rules.global.compatibility=BACKWARD",
                "-jar",
                directory.resolve("quarkus-run.jar").toString())
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    CompletableFuture<String> url = new CompletableFuture<>();
    Thread reader = new Thread(() -> read(process, url), "apicurio-output");
    reader.setDaemon(true);
    reader.start();
    try {
      return new ApicurioServer(process, url.get(120, TimeUnit.SECONDS));
    } catch (ExecutionException | TimeoutException | InterruptedException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** Reads to the end, so that the process never waits for us. */
  private static void read(Process process, CompletableFuture<String> url) {
    StringBuilder output = new StringBuilder();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!url.isDone()) {
          output.append(line).append('\n');
          Matcher matcher = LISTENING.matcher(line);
          if (matcher.find()) {
            url.complete(matcher.group(1));
          }
        }
      }
    } catch (IOException e) {
      output.append(e);
    }
    url.completeExceptionally(new IllegalStateException("Apicurio ended:\n" + output));
  }

  /** Its Confluent-compatible API. */
  String url() {
    return url + "/apis/ccompat/v7";
  }

  /** The oldest installed Java that it runs on, by the environment and the usual places. */
  static Optional<Path> java() {
    List<Path> homes = new ArrayList<>();
    homes.add(Path.of(System.getProperty("java.home")));
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      if (variable.getKey().startsWith("JAVA_HOME") && !variable.getValue().isBlank()) {
        homes.add(Path.of(variable.getValue()));
      }
    }
    Path installed = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(installed)) {
      try (Stream<Path> directories = Files.list(installed)) {
        directories.forEach(homes::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return homes.stream()
        .filter(home -> version(home) >= LEAST_JAVA)
        .min(Comparator.comparingInt(ApicurioServer::version))
        .map(home -> home.resolve("bin").resolve("java"))
        .filter(Files::isExecutable);
  }

  /** The feature release of a Java home, or 0. */
  private static int version(Path home) {
    try {
      Matcher matcher = VERSION.matcher(Files.readString(home.resolve("release")));
      return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
