package io.clipstream.streams.classify;

import io.clipstream.model.fetch.FetchResult;
import io.clipstream.streams.classify.GenerationSource.Answer;
import io.clipstream.streams.intake.Trouble;
import io.clipstream.streams.intake.Waiting;
import io.clipstream.streams.outcome.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Labels videos as a {@link LabelPipeline} does, and those of a model with a shadow version once
 * more with that, after they have their labels: fetched and cut anew, as its clips may be others.
 *
 * <p>The shadow works with what live videos leave. It has one thread, and downloads and pixels of
 * its own; it goes on to the next clip only while a thread that decodes live videos is free and no
 * full batch of theirs waits for a device. What it cannot do in time it skips. So the most that a
 * live video waits for is the forward pass that a device is at. What the shadow fails at is
 * counted, and changes nothing else.
 *
 * <p>All threads.
 */
public final class ShadowLabeller implements VideoLabeller {
  private static final Logger log = LoggerFactory.getLogger(ShadowLabeller.class);
  private static final long PAUSE_MILLIS = 10;
  private static final long BETWEEN_REPORTS_NANOS = 60_000_000_000L;

  private final LabelPipeline live;
  private final LabelPipeline shadow;
  private final ShadowSource versions;
  private final Function<ServedModel, Cutter> cutters;
  private final int maxWaiting;
  private final ShadowSink sink;

  private final LongAdder labelled = new LongAdder();
  private final LongAdder skipped = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final AtomicLong nextReport = new AtomicLong(System.nanoTime());

  /**
   * What became of the videos that the shadow might have labelled.
   *
   * @param skipped as too many waited
   * @param failed without labels, by the video's fault or by the shadow's
   */
  public record Counts(long labelled, long skipped, long failed) {}

  /**
   * Starts at once.
   *
   * @param live closed by this
   * @param fetcher for the shadow alone; closed by this
   * @param cutters make what cuts a model's clips, with memory that no live video waits for
   * @param maxWaiting videos that wait for the shadow at most; further ones are skipped
   * @param sink for the shadow's labels; closed by this
   */
  public ShadowLabeller(
      LabelPipeline live,
      Fetcher fetcher,
      ShadowSource versions,
      Function<ServedModel, Cutter> cutters,
      PipelineSettings pipeline,
      int maxWaiting,
      ShadowSink sink) {
    this.live = live;
    this.versions = versions;
    this.cutters = cutters;
    this.maxWaiting = maxWaiting;
    this.sink = sink;
    this.shadow =
        new LabelPipeline(
            new OneByOne(fetcher),
            new NoGenerations(),
            new PipelineSettings(
                1, pipeline.batch(), pipeline.clipsPerVideo(), pipeline.topLabels()),
            this::awaitSpare,
            PipelineObserver.NONE);
    shadow.start();
  }

  @Override
  public Submission submit(
      VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
    return live.submit(
        request,
        outcome -> {
          done.accept(outcome);
          if (outcome instanceof Outcome.Labelled given) {
            offer(request, given.labels().getModel().getName());
          }
        },
        broken);
  }

  /** Since the start. */
  public Counts counts() {
    return new Counts(labelled.sum(), skipped.sum(), failed.sum());
  }

  /** By a thread of the live pipeline. */
  private void offer(VideoRequest request, String model) {
    try {
      Optional<Answer.Acquired> version = versions.acquireShadow(model);
      version.ifPresent(acquired -> offer(request, acquired));
    } catch (RuntimeException e) {
      failed(e.toString());
    }
  }

  private void offer(VideoRequest request, Answer.Acquired acquired) {
    Generation generation = acquired.generation();
    if (shadow.inFlight() >= maxWaiting) {
      generation.release();
      skipped.increment();
      report("the shadow is behind");
      return;
    }
    Cutter cutter;
    try {
      cutter = cutters.apply(generation.model());
    } catch (RuntimeException e) {
      generation.release();
      throw e;
    }
    var unused =
        shadow.begin(
            request.uncounted(),
            new Answer.Acquired(generation, cutter, acquired.rollout()),
            outcome -> done(request, outcome),
            error -> failed(error.toString()));
  }

  private void done(VideoRequest request, Outcome outcome) {
    if (outcome instanceof Outcome.Labelled done) {
      labelled.increment();
      sink.accept(request, done.labels());
    } else {
      failed(((Outcome.Rejected) outcome).video().getDetail());
    }
  }

  private void failed(String reason) {
    failed.increment();
    report(reason);
  }

  private void report(String reason) {
    long now = System.nanoTime();
    long due = nextReport.get();
    if (now - due >= 0 && nextReport.compareAndSet(due, now + BETWEEN_REPORTS_NANOS)) {
      log.warn("Labels of the shadow: {} since the start; now {}", counts(), reason);
    }
  }

  /** Of a version that is not wanted any more nothing is waited for. */
  private void awaitSpare(VideoInFlight video) throws InterruptedException {
    while (!video.isOver()) {
      if (video.generation().isClosing()) {
        video.cancel();
      } else if (live.isBusy()) {
        Thread.sleep(PAUSE_MILLIS);
      } else {
        return;
      }
    }
  }

  /** Of the live videos alone, as the next. */
  @Override
  public Waiting waiting() {
    return live.waiting();
  }

  @Override
  public List<Trouble> troubles() {
    return live.troubles();
  }

  /** Of the live videos alone. */
  @Override
  public boolean drain(Duration limit) throws InterruptedException {
    return live.drain(limit);
  }

  @Override
  public void close() {
    shadow.close(); // Its videos hold generations that the other one waits for.
    live.close();
    sink.close();
  }

  /** Remote videos too are read by the one thread. */
  private record OneByOne(Fetcher fetcher) implements Fetcher {
    @Override
    public FetchResult fetch(VideoRequest request) throws InterruptedException {
      return fetcher.fetch(request);
    }

    @Override
    public void close() {
      fetcher.close();
    }
  }

  /** Every video brings its own. */
  private static final class NoGenerations implements GenerationSource {
    @Override
    public Answer acquire(VideoRequest request) {
      return new Answer.Closed();
    }

    @Override
    public void close() {}
  }
}
