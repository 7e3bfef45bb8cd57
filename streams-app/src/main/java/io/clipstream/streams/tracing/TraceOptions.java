package io.clipstream.streams.tracing;

import java.net.URI;

/**
 * Where traces go.
 *
 * @param endpoint of OTLP over HTTP, such as {@code http://localhost:4318/v1/traces}
 * @param service name of what they are of
 * @param share of the references without a trace of their own that get one, 0 to 1
 */
public record TraceOptions(URI endpoint, String service, double share) {}
