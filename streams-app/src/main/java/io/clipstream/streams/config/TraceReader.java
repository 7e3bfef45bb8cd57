package io.clipstream.streams.config;

import io.clipstream.model.Settings;
import io.clipstream.streams.tracing.TraceOptions;
import java.net.URI;
import java.util.Optional;

/** Reads where traces go. */
public final class TraceReader {
  private TraceReader() {}

  /** Where they go; empty: there are none. */
  public static Optional<TraceOptions> read(Settings settings) {
    Optional<URI> endpoint =
        settings.value(
            "tracing.endpoint",
            "off or an http or https address, such as http://localhost:4318/v1/traces",
            TraceReader::endpoint);
    double share = settings.number("tracing.share", 0, 1);
    return endpoint.map(uri -> new TraceOptions(uri, settings.text("application.id"), share));
  }

  private static Optional<URI> endpoint(String text) {
    if (text.equals("off")) {
      return Optional.empty();
    }
    URI uri = URI.create(text);
    boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
    return http && uri.getHost() != null ? Optional.of(uri) : null;
  }
}
