package io.clipstream.streams.app;

import io.clipstream.streams.embedded.EmbeddedKafka;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * OpenTelemetry's collector in a process of its own, on loopback: takes traces by OTLP over HTTP
 * and hands them on. Any build does that has the OTLP receiver and the OTLP exporter over HTTP.
 */
final class OtelCollector implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final Process process;
  private final int port;

  /** What {@code OTELCOL} names, or {@code otelcol} on the path. */
  static Optional<Path> find() {
    String given = System.getenv("OTELCOL");
    Stream<Path> places =
        given != null
            ? Stream.of(Path.of(given))
            : Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, "otelcol"));
    return places.filter(Files::isExecutable).findFirst();
  }

  /**
   * Returns once it listens.
   *
   * @param directory for its settings and its log
   * @param next whom it hands traces on to
   */
  OtelCollector(Path binary, Path directory, URI next) throws Exception {
    port = EmbeddedKafka.freePort();
    Path settings = directory.resolve("otelcol.yaml");
    Path log = directory.resolve("otelcol.log");
    Files.writeString(
        settings,
        """
        receivers:
          otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}
        exporters:
          otlphttp: {traces_endpoint: "%s", compression: none}
        service:
          telemetry: {metrics: {level: none}}
          pipelines:
            traces: {receivers: [otlp], exporters: [otlphttp]}
        """
            .formatted(port, next));
    process =
        new ProcessBuilder(binary.toString(), "--config", settings.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!listens()) {
      if (System.nanoTime() > end || !process.isAlive()) {
        close();
        throw new IllegalStateException("the collector did not start: " + Files.readString(log));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + port + "/v1/traces");
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
