package io.clipstream.streams.tracing;

import io.clipstream.streams.classify.Attempt;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.Tracer;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The traces of the references that an instance works on: told by {@link TracedLabeller} what comes
 * and goes, and by the pipeline how far it is. All threads.
 */
final class TracedVideos implements PipelineObserver {
  private final Tracer tracer;
  private final String topic;

  /** Those that somebody will see, until their outcome. */
  private final Map<VideoRequest, VideoTrace> traces =
      Collections.synchronizedMap(new IdentityHashMap<>());

  /**
   * @param topic that references come from
   */
  TracedVideos(Tracer tracer, String topic) {
    this.tracer = tracer;
    this.topic = topic;
  }

  /** Begins a trace; of what did not come from Kafka there is none. */
  Optional<VideoTrace> add(VideoRequest request) {
    if (request.attempt() == Attempt.UNCOUNTED) {
      return Optional.empty();
    }
    VideoTrace trace = new VideoTrace(tracer, topic, request);
    if (trace.isRecorded()) {
      traces.put(request, trace);
    }
    return Optional.of(trace);
  }

  void remove(VideoRequest request) {
    traces.remove(request);
  }

  private void stage(
      VideoRequest request, String name, long nanos, Consumer<SpanBuilder> attributes) {
    VideoTrace trace = traces.get(request);
    if (trace != null) {
      trace.stage(name, nanos, attributes);
    }
  }

  @Override
  public void fetched(VideoRequest request, long bytes, long nanos) {
    stage(request, "fetch", nanos, span -> span.setAttribute("clipstream.fetched.bytes", bytes));
  }

  @Override
  public void decoded(
      VideoRequest request, ServedModel model, int clips, long nanos, boolean complete) {
    stage(
        request,
        "decode",
        nanos,
        span ->
            span.setAttribute("clipstream.clips", clips)
                .setAttribute("clipstream.complete", complete));
  }

  @Override
  public void outcome(
      VideoRequest request, Optional<ServedModel> model, Outcome outcome, long nanos) {
    VideoTrace trace = traces.get(request);
    if (trace != null) {
      trace.outcome(outcome);
    }
  }
}
