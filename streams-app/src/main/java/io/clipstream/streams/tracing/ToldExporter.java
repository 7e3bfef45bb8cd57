package io.clipstream.streams.tracing;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log, now and then, that spans do not reach where they should: nothing else waits for
 * them. All threads.
 */
final class ToldExporter implements SpanExporter {
  private static final Logger log = LoggerFactory.getLogger(ToldExporter.class);
  private static final Duration BETWEEN = Duration.ofMinutes(5);

  /** The library would say so in a form of its own. Kept, or its level would be forgotten. */
  private static final java.util.logging.Logger LIBRARY =
      java.util.logging.Logger.getLogger("io.opentelemetry");

  private final SpanExporter exporter;
  private final URI endpoint;
  private final AtomicLong nextLine = new AtomicLong(System.nanoTime());

  /**
   * @param exporter closed with this
   * @param endpoint for people
   */
  ToldExporter(SpanExporter exporter, URI endpoint) {
    this.exporter = exporter;
    this.endpoint = endpoint;
    LIBRARY.setLevel(Level.OFF);
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    CompletableResultCode result = exporter.export(spans);
    return result.whenComplete(
        () -> {
          if (!result.isSuccess()) {
            failed(result.getFailureThrowable());
          }
        });
  }

  private void failed(Throwable why) {
    long due = nextLine.get();
    long now = System.nanoTime();
    if (now - due >= 0 && nextLine.compareAndSet(due, now + BETWEEN.toNanos())) {
      log.warn(
          "Traces do not reach {}, they are dropped: {}",
          endpoint,
          why == null ? "it does not take them" : why.toString());
    }
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
