package io.clipstream.streams.tracing;

import io.clipstream.schemas.StageTimings;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.common.header.Headers;

/**
 * The span of one reference, from its submission until its outcome is written, and below it one for
 * each stage. All threads.
 */
final class VideoTrace {
  private final Tracer tracer;
  private final Span whole;
  private final Context context;
  private Instant outcomeAt;
  private boolean ended;

  /**
   * Begins now, below what the reference's headers name.
   *
   * @param topic that the reference came from
   */
  VideoTrace(Tracer tracer, String topic, VideoRequest request) {
    this.tracer = tracer;
    this.whole =
        tracer
            .spanBuilder("label " + topic)
            .setSpanKind(SpanKind.CONSUMER)
            .setParent(HeaderTrace.of(request.headers()))
            .setAttribute("messaging.system", "kafka")
            .setAttribute("messaging.operation.name", "label")
            .setAttribute("messaging.operation.type", "process")
            .setAttribute("messaging.destination.name", topic)
            .setAttribute(
                "messaging.destination.partition.id", Integer.toString(request.partition()))
            .setAttribute("clipstream.video.id", request.reference().getId())
            .startSpan();
    this.context = Context.root().with(whole);
  }

  /** Whether somebody will see it: else its stages need not be told. */
  boolean isRecorded() {
    return whole.isRecording();
  }

  /**
   * A stage that has ended just now.
   *
   * @param attributes sets what is known of it
   */
  void stage(String name, long nanos, Consumer<SpanBuilder> attributes) {
    Instant end = Instant.now();
    stage(name, end.minusNanos(nanos), end, attributes);
  }

  private void stage(String name, Instant start, Instant end, Consumer<SpanBuilder> attributes) {
    SpanBuilder builder = tracer.spanBuilder(name).setParent(context).setStartTimestamp(start);
    attributes.accept(builder);
    builder.startSpan().end(end);
  }

  /**
   * The outcome is there, and is written next. Of the waits and passes of its batches their sums
   * are known: their spans are laid one after the other before this moment.
   */
  synchronized void outcome(Outcome outcome) {
    outcomeAt = Instant.now();
    if (outcome instanceof Outcome.Labelled labelled) {
      StageTimings timings = labelled.labels().getTimings();
      Instant classified = outcomeAt.minusNanos(nanos(timings.getClassifyMillis()));
      Instant queued = classified.minusNanos(nanos(timings.getQueueMillis()));
      stage("wait", queued, classified, span -> {});
      stage("classify", classified, outcomeAt, span -> {});
      whole.setAttribute("clipstream.outcome", "labelled");
      whole.setAttribute("clipstream.model", labelled.labels().getModel().getName());
      whole.setAttribute("clipstream.model.version", labelled.labels().getModel().getVersion());
    } else if (outcome instanceof Outcome.Rejected rejected) {
      whole.setAttribute("clipstream.outcome", "rejected");
      whole.setAttribute("error.type", rejected.video().getReason().toString());
      whole.setStatus(StatusCode.ERROR, rejected.video().getReason().toString());
    }
  }

  private static long nanos(double millis) {
    return (long) (millis * TimeUnit.MILLISECONDS.toNanos(1));
  }

  /** The outcome's record is written now: its readers go on from here. May come again. */
  synchronized void written(Headers headers) {
    HeaderTrace.set(headers, whole);
    if (!ended && outcomeAt != null) {
      stage("write", outcomeAt, Instant.now(), span -> {});
      end();
    }
  }

  /** Nobody wants an outcome any more: another instance, or another try, will have it. */
  synchronized void givenUp() {
    if (!ended) {
      whole.setAttribute("clipstream.outcome", "given up");
      end();
    }
  }

  /** Whether there is an outcome, which may still be written. */
  synchronized boolean hasOutcome() {
    return outcomeAt != null;
  }

  private void end() {
    ended = true;
    whole.end();
  }
}
