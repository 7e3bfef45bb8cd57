package io.clipstream.streams.tracing;

import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.VideoLabeller;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * OpenTelemetry traces, which go through the headers of records (W3C Trace Context) from who
 * submits a reference over the instance that labels it to who reads its outcome. Spans are sent by
 * a thread of its own; if they cannot be, or too many come, they are dropped. Where no endpoint is
 * set, nothing is made and nobody is told anything.
 *
 * <p>All threads.
 */
public final class Tracing implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int CLOSING_SECONDS = 5;

  private final Optional<SdkTracerProvider> provider;
  private final Optional<Tracer> tracer;
  private final Optional<TracedVideos> videos;

  /**
   * @param options empty: there are no traces
   * @param instance id of this process
   * @param topic of references
   */
  public Tracing(Optional<TraceOptions> options, String instance, String topic) {
    provider = options.map(given -> provider(given, instance));
    tracer = provider.map(made -> made.get("io.clipstream"));
    videos = tracer.map(made -> new TracedVideos(made, topic));
  }

  private static SdkTracerProvider provider(TraceOptions options, String instance) {
    String version = Tracing.class.getPackage().getImplementationVersion();
    OtlpHttpSpanExporter exporter =
        OtlpHttpSpanExporter.builder()
            .setEndpoint(options.endpoint().toString())
            .setTimeout(TIMEOUT)
            .build();
    Attributes service =
        Attributes.of(
            AttributeKey.stringKey("service.name"),
            options.service(),
            AttributeKey.stringKey("service.instance.id"),
            instance,
            AttributeKey.stringKey("service.version"),
            version == null ? "unpackaged" : version);
    return SdkTracerProvider.builder()
        .setResource(Resource.getDefault().merge(Resource.create(service)))
        .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(options.share())))
        .addSpanProcessor(
            BatchSpanProcessor.builder(new ToldExporter(exporter, options.endpoint())).build())
        .build();
  }

  /** For the pipeline. */
  public PipelineObserver observer() {
    return videos.isPresent() ? videos.get() : PipelineObserver.NONE;
  }

  /** Has what comes from Kafka traced; closes the labeller when it is closed. */
  public VideoLabeller watch(VideoLabeller labeller) {
    return videos.isPresent() ? new TracedLabeller(labeller, videos.get()) : labeller;
  }

  /** A reference that is submitted: whoever labels it goes on from here. */
  public void submitted(ProducerRecord<String, ?> record) {
    if (tracer.isEmpty()) {
      return;
    }
    Span span =
        tracer
            .get()
            .spanBuilder("submit " + record.topic())
            .setSpanKind(SpanKind.PRODUCER)
            .setAttribute("messaging.system", "kafka")
            .setAttribute("messaging.operation.name", "submit")
            .setAttribute("messaging.operation.type", "send")
            .setAttribute("messaging.destination.name", record.topic())
            .setAttribute("clipstream.video.id", record.key())
            .startSpan();
    HeaderTrace.set(record.headers(), span);
    span.end();
  }

  /** Sends what is left, for a while. */
  @Override
  public void close() {
    provider.ifPresent(made -> made.shutdown().join(CLOSING_SECONDS, TimeUnit.SECONDS));
  }
}
