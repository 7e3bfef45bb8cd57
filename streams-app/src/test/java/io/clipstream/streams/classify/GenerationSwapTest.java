package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.fetch.FetchReason;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.streams.classify.GenerationSource.Answer;
import io.clipstream.streams.outcome.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Generations come and go while many threads submit videos; fake models, everything else real. */
@Timeout(300)
class GenerationSwapTest {
  private static final int SWAPS = 400;
  private static final int SUBMITTERS = 4;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final PipelineSettings SETTINGS = new PipelineSettings(3, Versions.BATCH, 2, 2);

  @TempDir Path directory;
  private final long seed = System.nanoTime();
  private final Recorder recorder = new Recorder();
  private final Versions versions = new Versions(recorder);
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** Videos submitted and not cancelled, which are owed an outcome unless the pipeline closes. */
  private final Set<String> owed = ConcurrentHashMap.newKeySet();

  private final Set<String> cancelled = ConcurrentHashMap.newKeySet();
  private final Set<String> answered = ConcurrentHashMap.newKeySet();
  private final AtomicInteger labelled = new AtomicInteger();
  private volatile boolean stop;

  @AfterEach
  void end() throws Exception {
    threads.shutdownNow();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(versions.faults).as("seed %d", seed).isEmpty();
    assertThat(versions.classifiers).allMatch(classifier -> classifier.closed.get() == 1);
    assertThat(versions.budget.lentBytes()).as("clips that were not given back").isZero();
  }

  @Test
  void shouldLabelEachVideoOnceWithOneVersionWhileGenerationsAreSwapped() throws Exception {
    CurrentGeneration current = new CurrentGeneration(versions.started(0));
    LabelPipeline pipeline = pipeline(current);
    List<Future<Void>> submitters = submitters(pipeline);
    Random random = new Random(seed);
    for (int version = 1; version <= SWAPS; version++) {
      if (random.nextInt(4) == 0) {
        closeWhileItWarms(version);
      }
      Generation next = versions.started(version);
      int before = labelled.get();
      assertThat(current.swap(next)).isTrue();
      while (labelled.get() == before && random.nextBoolean()) {
        Thread.onSpinWait(); // Sometimes none is labelled between two swaps.
      }
    }
    stop = true;
    for (Future<Void> submitter : submitters) {
      submitter.get(60, TimeUnit.SECONDS);
    }

    assertThat(pipeline.inFlight()).isZero();
    assertThat(answered).containsAll(owed);
    assertThat(labelled.get()).isGreaterThan(SWAPS / 4);
    assertThat(recorder.versions()).hasSizeGreaterThan(SWAPS / 8);
    pipeline.close();
    assertThat(versions.classifiers).hasSizeGreaterThanOrEqualTo(2 * (SWAPS + 1));
  }

  @Test
  void shouldLabelAVideoOnceItsVersionIsThereAgain() throws Exception {
    CompletableFuture<Void> changed = new CompletableFuture<>();
    CurrentGeneration current = new CurrentGeneration(versions.started(1));
    LabelPipeline pipeline =
        pipeline(
            new GenerationSource() {
              @Override
              public Answer acquire(VideoRequest request) {
                return changed.isDone() ? current.acquire(request) : new Answer.Later(changed);
              }

              @Override
              public void close() {
                current.close();
              }
            });
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    CompletableFuture<Outcome> unwanted = new CompletableFuture<>();
    submit(pipeline, "waits", outcome);
    VideoLabeller.Submission givenUp = submit(pipeline, "given up", unwanted);

    givenUp.cancel();
    changed.complete(null);

    assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Labelled.class);
    assertThat(unwanted).isNotDone();
    pipeline.close();
  }

  private static VideoLabeller.Submission submit(
      LabelPipeline pipeline, String id, CompletableFuture<Outcome> outcome) {
    return pipeline.submit(
        VideoRequest.of(Fixtures.reference(id)), outcome::complete, outcome::completeExceptionally);
  }

  @Test
  void shouldEndWhileGenerationsAreSwapped() throws Exception {
    for (int round = 0; round < 20; round++) {
      stop = false;
      CurrentGeneration current = new CurrentGeneration(versions.started(0));
      LabelPipeline pipeline = pipeline(current);
      List<Future<Void>> submitters = submitters(pipeline);
      CountDownLatch swapping = new CountDownLatch(3);
      List<Generation> all = new ArrayList<>();
      Future<Void> swapper =
          threads.submit(
              () -> {
                for (int version = 1; ; version++) {
                  Generation next = versions.started(version);
                  all.add(next);
                  swapping.countDown();
                  if (!current.swap(next)) {
                    return null;
                  }
                }
              });
      swapping.await();

      pipeline.close();

      swapper.get(60, TimeUnit.SECONDS);
      stop = true;
      for (Future<Void> submitter : submitters) {
        submitter.get(60, TimeUnit.SECONDS);
      }
      assertThat(pipeline.inFlight()).isZero();
      for (Generation generation : all) {
        assertThat(generation.awaitClosed(LIMIT)).isTrue();
      }
      while (threadNames().anyMatch(name -> name.startsWith("classify-swapped"))) {
        Thread.onSpinWait(); // The last step of a thread comes after its generation was closed.
      }
    }
  }

  /**
   * After Lucene's {@code testIntermediateClose}: who acquires meanwhile gets a live one or none.
   */
  @Test
  void shouldNeverHandOutAGenerationThatHasEnded() throws Exception {
    CurrentGeneration current = new CurrentGeneration(versions.started(0));
    VideoRequest request = VideoRequest.of(Fixtures.reference("v"));
    AtomicInteger acquired = new AtomicInteger();
    List<Future<Void>> readers = new ArrayList<>();
    for (int i = 0; i < SUBMITTERS; i++) {
      readers.add(
          threads.submit(
              () -> {
                while (current.acquire(request) instanceof Answer.Acquired answer) {
                  acquired.incrementAndGet();
                  Generation generation = answer.generation();
                  assertThat(generation.closed()).isNotDone();
                  Thread.onSpinWait();
                  assertThat(generation.closed()).isNotDone();
                  generation.release();
                }
                return null;
              }));
    }
    for (int version = 1; version <= SWAPS; version++) {
      assertThat(current.swap(versions.started(version))).isTrue();
    }
    int before = acquired.get();
    while (acquired.get() == before) {
      Thread.onSpinWait();
    }

    current.close();

    for (Future<Void> reader : readers) {
      reader.get(30, TimeUnit.SECONDS);
    }
    assertThat(current.acquire(request)).isEqualTo(new Answer.Closed());
    assertThat(versions.classifiers).hasSize(2 * (SWAPS + 1));
  }

  private void closeWhileItWarms(int version) throws InterruptedException {
    Generation given = versions.generation(version, new CountDownLatch(1));
    given.start();
    given.close();
    given.close();
    assertThat(given.awaitClosed(LIMIT)).isTrue();
  }

  private LabelPipeline pipeline(GenerationSource current) {
    Fetcher fetcher =
        request -> {
          String id = request.reference().getId();
          return id.endsWith("7")
              ? new FetchResult.Rejected(FetchReason.NOT_FOUND, "no such file", 1)
              : new FetchResult.Fetched(Fixtures.local(directory, "video"));
        };
    Fixtures.local(directory, "video");
    LabelPipeline pipeline = new LabelPipeline(fetcher, current, SETTINGS, recorder);
    pipeline.start();
    return pipeline;
  }

  /** Each keeps some videos in flight, and cancels a few. */
  private List<Future<Void>> submitters(LabelPipeline pipeline) {
    List<Future<Void>> submitters = new ArrayList<>();
    for (int s = 0; s < SUBMITTERS; s++) {
      String prefix = "thread-" + s + "-" + System.nanoTime() + "-";
      Random random = new Random(seed + s);
      submitters.add(
          threads.submit(
              () -> {
                Semaphore places = new Semaphore(8);
                int i = 0;
                while (!stop) {
                  if (places.tryAcquire(10, TimeUnit.MILLISECONDS)) {
                    submit(pipeline, prefix + i++, random.nextInt(16) == 0, places);
                  }
                }
                // A pipeline that was closed keeps places; nobody may wait for them.
                for (int place = 0; place < 8 && pipeline.inFlight() > 0; ) {
                  place += places.tryAcquire(10, TimeUnit.MILLISECONDS) ? 1 : 0;
                }
                return null;
              }));
    }
    return submitters;
  }

  private void submit(LabelPipeline pipeline, String id, boolean cancel, Semaphore places) {
    if (!cancel) {
      owed.add(id);
    }
    VideoLabeller.Submission work =
        pipeline.submit(
            VideoRequest.of(Fixtures.reference(id)),
            outcome -> {
              check(id, outcome);
              places.release();
            },
            error -> versions.faults.add(id + " is told " + error));
    if (cancel) {
      cancelled.add(id);
      work.cancel();
      places.release();
    }
  }

  private void check(String id, Outcome outcome) {
    if (!answered.add(id)) {
      versions.faults.add(id + " has two outcomes");
    }
    if (!(outcome instanceof Outcome.Labelled value)) {
      if (!id.endsWith("7")) {
        versions.faults.add(id + " is rejected: " + outcome);
      }
      return;
    }
    labelled.incrementAndGet();
    VideoLabels labels = value.labels();
    int version = Integer.parseInt(labels.getModel().getVersion());
    ServedModel model = Versions.model(version);
    List<List<Label>> all = new ArrayList<>(List.of(labels.getLabels()));
    labels.getSegments().forEach(segment -> all.add(segment.getLabels()));
    for (List<Label> given : all) {
      float yes =
          given.stream().filter(label -> label.getId() == 1).findFirst().orElseThrow().getScore();
      if (Math.abs(yes - Versions.yes(version)) > 1e-6) {
        versions.faults.add(id + " has a score of " + yes + " from version " + version);
      }
    }
    if (!labels.getModel().equals(model.identity()) || labels.getSegments().size() != 3) {
      versions.faults.add(id + " has labels " + labels);
    }
  }

  private static Stream<String> threadNames() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName);
  }
}
