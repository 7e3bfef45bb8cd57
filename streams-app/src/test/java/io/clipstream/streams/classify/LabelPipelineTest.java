package io.clipstream.streams.classify;

import static io.clipstream.streams.classify.Fixtures.MODEL;
import static io.clipstream.streams.classify.Fixtures.SPEC;
import static io.clipstream.streams.classify.Fixtures.reference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSink;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.fetch.FetchReason;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.OutOfDeviceMemoryException;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class LabelPipelineTest {
  private static final PipelineSettings SETTINGS =
      new PipelineSettings(2, BatchPolicy.upTo(4, Duration.ofMillis(5)), 4, 2);

  private final ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), 16L * SPEC.clipBytes());
  private final Videos videos = new Videos();
  @TempDir Path directory;
  private LabelPipeline pipeline;

  @AfterEach
  void close() {
    if (pipeline != null) {
      pipeline.close();
    }
    assertThat(buffers.lent()).as("clips that were not given back").isZero();
  }

  /** Clips whose every byte is a number that the test gave. */
  private final class Videos implements Fetcher, Cutter {
    private final Map<String, List<ClipPlan>> plans = new ConcurrentHashMap<>();
    final Map<String, CountDownLatch> queued = new ConcurrentHashMap<>();

    /** Videos whose server never answers; the latch opens when they are read. */
    final Map<String, CountDownLatch> slow = new ConcurrentHashMap<>();

    /** Videos that are read once their latch opens; counts down the other one before. */
    final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();

    final Map<String, CountDownLatch> begun = new ConcurrentHashMap<>();

    void hold(String id) {
      held.put(id, new CountDownLatch(1));
      begun.put(id, new CountDownLatch(1));
    }

    void put(String id, ClipPlan... clips) {
      plans.put(id, List.of(clips));
      queued.put(id, new CountDownLatch(1));
    }

    @Override
    public boolean isRemote(VideoRequest request) {
      return slow.containsKey(request.reference().getId());
    }

    @Override
    public FetchResult fetch(VideoRequest request) throws InterruptedException {
      String id = request.reference().getId();
      if (slow.containsKey(id)) {
        slow.get(id).countDown();
        new CountDownLatch(1).await();
      }
      if (held.containsKey(id)) {
        begun.get(id).countDown();
        held.get(id).await();
      }
      return plans.containsKey(id)
          ? new FetchResult.Fetched(Fixtures.local(directory, id))
          : new FetchResult.Rejected(FetchReason.NOT_FOUND, "no such file", 3);
    }

    @Override
    public CutResult cut(LocalFile video, Optional<TimeRange> range, ClipSink sink)
        throws InterruptedException {
      String id = video.path().getFileName().toString();
      List<ClipPlan> plan = plans.get(id);
      for (ClipPlan next : plan) {
        Clip clip = buffers.take(new TimeRange(next.start(), next.start() + 1), next.crop());
        for (int i = 0; i < SPEC.clipBytes(); i++) {
          clip.pixels().put(i, (byte) next.content());
        }
        sink.accept(clip);
      }
      queued.get(id).countDown();
      return new CutResult.Cut(
          Fixtures.INFO, plan.size(), false, "cut short", "a gap is closed", 3_000_000);
    }
  }

  private record ClipPlan(double start, int crop, int content) {}

  private static ClipPlan clip(double start, int content) {
    return new ClipPlan(start, 0, content);
  }

  /** Says "yes" with the percentage that the clip's pixels hold; fails as the test wants. */
  private static final class Percentages implements Classifier {
    final List<Integer> batches = Collections.synchronizedList(new ArrayList<>());
    final List<Integer> ahead = Collections.synchronizedList(new ArrayList<>());
    Runnable computing = () -> {};
    private final Predicate<List<Integer>> fails;
    private final RuntimeException error;

    Percentages() {
      this(batch -> false, null);
    }

    Percentages(Predicate<List<Integer>> fails, RuntimeException error) {
      this.fails = fails;
      this.error = error;
    }

    @Override
    public ModelManifest manifest() {
      return MODEL.manifest();
    }

    @Override
    public int maxBatch() {
      return 4;
    }

    @Override
    public float[][] classify(List<Clip> clips, Supplier<List<List<Clip>>> next) {
      computing.run();
      ahead.add(next.get().stream().mapToInt(List::size).sum());
      return classify(clips);
    }

    @Override
    public float[][] classify(List<Clip> clips) {
      List<Integer> contents = clips.stream().map(clip -> (int) clip.pixels().get(7)).toList();
      batches.add(clips.size());
      if (fails.test(contents)) {
        throw error;
      }
      float[][] rows = new float[clips.size()][];
      for (int i = 0; i < rows.length; i++) {
        float yes = contents.get(i) == 111 ? Float.NaN : contents.get(i) / 100f;
        rows[i] = new float[] {1 - yes, yes};
      }
      return rows;
    }

    @Override
    public void close() {}
  }

  @Test
  void shouldRejectWhatIsNotTriedAgain() throws Exception {
    pipeline = open(Percentages::new, SETTINGS);
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Attempt attempt =
        new Attempt() {
          @Override
          public int deaths() {
            return 3;
          }

          @Override
          public Optional<String> refusal() {
            return Optional.of("3 processes died");
          }

          @Override
          public boolean begin() {
            throw new AssertionError("it was begun");
          }
        };

    pipeline.submit(
        new VideoRequest(null, new RecordHeaders(), reference("a"), 0, attempt, Duration.ZERO),
        outcome::complete,
        outcome::completeExceptionally);

    RejectedVideo rejected = ((Outcome.Rejected) outcome.get()).video();
    assertThat(rejected.getReason()).isEqualTo(RejectionReason.CRASHED);
    assertThat(rejected.getDetail()).isEqualTo("3 processes died");
    assertThat(rejected.getAttempts()).isEqualTo(3);
  }

  @Test
  void shouldAverageClipsIntoLabelsAndTimedSegments() throws Exception {
    videos.put("v", clip(0, 90), clip(1, 40));
    start(new Percentages());

    VideoLabels labels = labels(submit("v"));

    assertThat(labels.getLabels()).extracting("name").containsExactly("yes", "no");
    assertThat(labels.getLabels().get(0).getScore()).isCloseTo(0.65f, within());
    assertThat(labels.getSegments()).extracting("startMillis").containsExactly(0L, 1000L);
    assertThat(labels.getSegments().get(1).getLabels().get(0).getName()).isEqualTo("no");
    assertThat(labels.getModel()).isEqualTo(MODEL.identity());
    assertThat(labels.getVideo().getComplete()).isFalse();
    assertThat(labels.getVideo().getNote()).isEqualTo("cut short");
    assertThat(labels.getVideo().getRemark()).isEqualTo("a gap is closed");
    assertThat(labels.getVideo().getClips()).isEqualTo(2);
    assertThat(labels.getTimings().getFetchMillis()).isPositive();
    assertThat(labels.getTimings().getDecodeMillis()).isEqualTo(3);
    assertThat(labels.getTimings().getTotalMillis()).isPositive();
    assertThat(labels.getMetadata()).containsEntry("for", "v");
  }

  @Test
  void shouldAverageTheCropsOfOneWindowIntoOneSegment() throws Exception {
    videos.put(
        "v", new ClipPlan(0, 0, 30), new ClipPlan(0, 1, 60), new ClipPlan(0, 2, 90), clip(1, 0));
    start(new Percentages());

    VideoLabels labels = labels(submit("v"));

    assertThat(labels.getSegments()).hasSize(2);
    assertThat(score(labels.getSegments().get(0).getLabels(), "yes")).isCloseTo(0.6f, within());
    assertThat(score(labels.getLabels(), "yes")).isCloseTo(0.3f, within());
  }

  @Test
  void shouldMixVideosInABatch() throws Exception {
    Percentages classifier = new Percentages();
    start(classifier, new PipelineSettings(4, BatchPolicy.upTo(4, Duration.ofSeconds(30)), 4, 1));
    List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
    for (String id : List.of("a", "b", "c", "d")) {
      videos.put(id, clip(0, 50));
      outcomes.add(submit(id));
    }

    for (CompletableFuture<Outcome> outcome : outcomes) {
      labels(outcome);
    }

    assertThat(classifier.batches).containsExactly(4);
  }

  @Test
  void shouldHalveABatchThatDoesNotFit() throws Exception {
    Percentages classifier =
        new Percentages(batch -> batch.size() > 1, new OutOfDeviceMemoryException("full", null));
    videos.put("v", clip(0, 10), clip(1, 20), clip(2, 30), clip(3, 40));
    start(classifier);

    VideoLabels labels = labels(submit("v"));

    assertThat(score(labels.getLabels(), "yes")).isCloseTo(0.25f, within());
  }

  @Test
  void shouldRejectOnlyTheVideoWhoseClipFailsAlone() throws Exception {
    Percentages classifier =
        new Percentages(batch -> batch.contains(66), new IllegalArgumentException("odd clip"));
    videos.put("bad", clip(0, 10), clip(1, 66));
    videos.put("good", clip(0, 10), clip(1, 20));
    start(classifier);

    CompletableFuture<Outcome> bad = submit("bad");
    CompletableFuture<Outcome> good = submit("good");

    assertThat(rejection(bad).getReason()).isEqualTo(RejectionReason.CLASSIFIER_FAILED);
    assertThat(rejection(bad).getDetail()).contains("odd clip");
    assertThat(score(labels(good).getLabels(), "yes")).isCloseTo(0.15f, within());
  }

  @Test
  void shouldRejectTheVideoWhoseClipAloneDoesNotFit() throws Exception {
    videos.put("v", clip(0, 66));
    start(
        new Percentages(batch -> batch.contains(66), new OutOfDeviceMemoryException("full", null)));

    assertThat(rejection(submit("v")).getReason()).isEqualTo(RejectionReason.OUT_OF_DEVICE_MEMORY);
  }

  @Test
  void shouldRejectAVideoWithOutputsThatAreNotFinite() throws Exception {
    videos.put("v", clip(0, 111), clip(1, 10));
    start(new Percentages());

    assertThat(rejection(submit("v")).getReason()).isEqualTo(RejectionReason.CLASSIFIER_FAILED);
  }

  @Test
  void shouldTellEveryVideoThatTheDeviceIsBroken() throws Exception {
    videos.put("v", clip(0, 10), clip(1, 20));
    start(new Percentages(batch -> true, new IllegalStateException("device lost")));

    CompletableFuture<Outcome> first = submit("v");
    assertThatThrownBy(first::get).hasCause(new IllegalStateException("device lost"));

    assertThatThrownBy(submit("v")::get).isInstanceOf(ExecutionException.class);
    assertThat(pipeline.inFlight()).isZero();
  }

  @Test
  void shouldServeLaterVideosOnceABrokenGenerationIsReplaced() throws Exception {
    videos.put("v", clip(0, 10), clip(1, 20));
    CurrentGeneration current =
        new CurrentGeneration(
            ready(new Percentages(batch -> true, new IllegalStateException("device lost"))));
    pipeline = new LabelPipeline(videos, current, SETTINGS, PipelineObserver.NONE);
    pipeline.start();
    assertThatThrownBy(submit("v")::get).hasCause(new IllegalStateException("device lost"));
    assertThatThrownBy(submit("v")::get).hasCause(new IllegalStateException("device lost"));

    assertThat(current.swap(ready(new Percentages()))).isTrue();

    assertThat(score(labels(submit("v")).getLabels(), "yes")).isCloseTo(0.15f, within());
  }

  private Generation ready(Classifier classifier) {
    Generation generation = generation(videos, () -> classifier, SETTINGS);
    generation.start();
    generation.awaitReady();
    return generation;
  }

  @Test
  void shouldDrainOnlyWhatIsBegun() throws Exception {
    start(new Percentages(), new PipelineSettings(2, SETTINGS.batch(), 4, 2));
    for (String id : List.of("a", "b", "queued", "late")) {
      videos.put(id, clip(0, 50));
    }
    videos.hold("a");
    videos.hold("b");
    CompletableFuture<Outcome> a = submit("a");
    CompletableFuture<Outcome> b = submit("b");
    videos.begun.get("a").await();
    videos.begun.get("b").await();
    CompletableFuture<Outcome> queued = submit("queued");

    assertThat(pipeline.drain(Duration.ofMillis(20))).isFalse();
    assertThat(pipeline.inFlight()).isEqualTo(2);
    CompletableFuture<Outcome> late = submit("late");
    videos.held.values().forEach(CountDownLatch::countDown);

    assertThat(pipeline.drain(Duration.ofSeconds(50))).isTrue();
    assertThat(a).isDone();
    assertThat(b).isDone();
    assertThat(queued).isNotDone();
    assertThat(late).isNotDone();
    assertThat(pipeline.inFlight()).isZero();
  }

  @Test
  void shouldPassOnRejectionsOfTheSource() throws Exception {
    start(new Percentages());

    RejectedVideo rejected = rejection(submit("missing"));

    assertThat(rejected.getReason()).isEqualTo(RejectionReason.NOT_FOUND);
    assertThat(rejected.getAttempts()).isEqualTo(3);
    assertThat(rejected.getReference().getId()).isEqualTo("missing");
  }

  @Test
  void shouldRejectReferencesThatCannotBe() throws Exception {
    start(new Percentages());

    assertThat(rejection(submit(VideoReference.newBuilder(reference("v")).setId(" ").build())))
        .extracting("reason")
        .isEqualTo(RejectionReason.INVALID_REFERENCE);
    assertThat(
            rejection(
                submit(
                    VideoReference.newBuilder(reference("v"))
                        .setStartMillis(5L)
                        .setEndMillis(5L)
                        .build())))
        .extracting("detail")
        .isEqualTo("endMillis is 5, expected more than 5");
    assertThat(
            rejection(
                submit(
                    VideoReference.newBuilder(reference("v"))
                        .setStartMillis(Long.MAX_VALUE - 1)
                        .setEndMillis(Long.MAX_VALUE)
                        .build())))
        .extracting("reason")
        .isEqualTo(RejectionReason.INVALID_REFERENCE);
    assertThat(
            rejection(submit(VideoReference.newBuilder(reference("v")).setModel("other").build())))
        .satisfies(
            rejected -> {
              assertThat(rejected.getReason()).isEqualTo(RejectionReason.UNKNOWN_MODEL);
              assertThat(rejected.getDetail()).contains("other", "fixed-1");
            });
  }

  @Test
  void shouldServeAReferenceThatNamesTheModel() throws Exception {
    videos.put("v", clip(0, 50));
    start(new Percentages());

    labels(submit(VideoReference.newBuilder(reference("v")).setModel("fixed").build()));
    labels(submit(VideoReference.newBuilder(reference("v")).setModel("fixed-1").build()));
  }

  @Test
  void shouldLetALongVideoNotFillTheQueueBeforeShortOnes() throws Exception {
    ClipPlan[] many = new ClipPlan[200];
    for (int i = 0; i < many.length; i++) {
      many[i] = clip(i, 50);
    }
    videos.put("long", many);
    videos.put("short", clip(0, 50));
    CountDownLatch permits = new CountDownLatch(1);
    Percentages classifier =
        new Percentages(
            batch -> {
              try {
                permits.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return false;
            },
            null);
    start(classifier);
    CompletableFuture<Outcome> slow = submit("long");
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    CompletableFuture<Outcome> fast = submit("short");
    CompletableFuture<Void> both =
        CompletableFuture.allOf(
            slow.thenAccept(outcome -> order.add("long")),
            fast.thenAccept(outcome -> order.add("short")));
    permits.countDown();

    both.get(30, TimeUnit.SECONDS);

    assertThat(order).containsExactly("short", "long");
  }

  @Test
  void shouldTakeTwoFullBatchesAheadWhileTheDeviceComputes() throws Exception {
    Percentages classifier = new Percentages();
    putFourClipsEach("first", "second", "third", "fourth");
    List<CompletableFuture<Outcome>> held =
        startAndHold(classifier, "first", "second", "third", "fourth");
    for (CompletableFuture<Outcome> outcome : held) {
      labels(outcome);
    }

    assertThat(classifier.ahead).containsExactly(8, 8, 4, 0);
    assertThat(classifier.batches).containsExactly(4, 4, 4, 4);
    assertThat(pipeline.inFlight()).isZero();
  }

  @Test
  void shouldServeABatchThatWasTakenAheadOfAFailure() throws Exception {
    Percentages classifier =
        new Percentages(batch -> batch.contains(66), new IllegalArgumentException("odd clip"));
    putFourClipsEach("bad", "good");
    videos.put("bad", clip(0, 10), clip(1, 66), clip(2, 30), clip(3, 40));
    List<CompletableFuture<Outcome>> held = startAndHold(classifier, "bad", "good");

    assertThat(rejection(held.get(0)).getReason()).isEqualTo(RejectionReason.CLASSIFIER_FAILED);
    labels(held.get(1));
    assertThat(classifier.ahead).startsWith(4);
    assertThat(pipeline.inFlight()).isZero();
  }

  @Test
  void shouldEndAfterTheBatchThatIsComputedThoughAnotherWasTaken() throws Exception {
    CountDownLatch computing = new CountDownLatch(1);
    Percentages classifier =
        new Percentages(
            batch -> {
              computing.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return false;
            },
            null);
    putFourClipsEach("first", "second");
    var unused = startAndHold(classifier, "first", "second");
    computing.await();

    pipeline.close();

    assertThat(classifier.ahead).containsExactly(4);
    assertThat(classifier.batches).containsExactly(4);
  }

  private void putFourClipsEach(String... ids) {
    for (String id : ids) {
      videos.put(id, clip(0, 10), clip(1, 20), clip(2, 30), clip(3, 40));
    }
  }

  /** The other videos' clips wait in the queue before the first one's are classified. */
  private List<CompletableFuture<Outcome>> startAndHold(
      Percentages classifier, String first, String... others) throws InterruptedException {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch permit = new CountDownLatch(1);
    classifier.computing =
        () -> {
          held.countDown();
          try {
            permit.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    start(classifier, new PipelineSettings(2, BatchPolicy.upTo(4, Duration.ofSeconds(30)), 4, 2));
    List<CompletableFuture<Outcome>> outcomes = new ArrayList<>(List.of(submit(first)));
    held.await();
    for (String other : others) {
      outcomes.add(submit(other));
      videos.queued.get(other).await();
    }
    permit.countDown();
    return outcomes;
  }

  @Test
  void shouldDropACancelledVideo() throws Exception {
    videos.put("held", clip(0, 10));
    videos.put("cancelled", clip(0, 20));
    videos.put("later", clip(0, 30));
    CountDownLatch classifying = new CountDownLatch(1);
    CountDownLatch permit = new CountDownLatch(1);
    List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
    start(
        new Percentages(
            batch -> {
              seen.addAll(batch);
              classifying.countDown();
              try {
                permit.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return false;
            },
            null));
    CompletableFuture<Outcome> held = submit("held");
    classifying.await();
    CompletableFuture<Outcome> dropped = new CompletableFuture<>();
    VideoLabeller.Submission work =
        pipeline.submit(
            VideoRequest.of(reference("cancelled")),
            dropped::complete,
            dropped::completeExceptionally);

    work.cancel();
    permit.countDown();

    labels(held);
    labels(submit("later"));
    assertThat(dropped).isNotDone();
    assertThat(seen).doesNotContain(20);
    assertThat(pipeline.inFlight()).isZero();
  }

  /** There is one thread for them. */
  @Test
  void shouldStopReadingACancelledVideo() throws Exception {
    videos.put("later", clip(0, 30));
    start(new Percentages());
    for (int i = 0; i < 3; i++) {
      CountDownLatch reading = new CountDownLatch(1);
      videos.slow.put("slow", reading);
      CompletableFuture<Outcome> dropped = new CompletableFuture<>();
      VideoLabeller.Submission work =
          pipeline.submit(
              VideoRequest.of(reference("slow")),
              dropped::complete,
              dropped::completeExceptionally);
      reading.await();

      work.cancel();

      assertThat(dropped).isNotDone();
    }
    labels(submit("later"));
    assertThat(pipeline.inFlight()).isZero();
  }

  /** Settings were checked when the generation was built: such an exception is the video's. */
  @ParameterizedTest
  @ValueSource(
      classes = {
        IllegalArgumentException.class,
        IllegalStateException.class,
        NullPointerException.class,
        IndexOutOfBoundsException.class,
        ArithmeticException.class,
        BufferUnderflowException.class,
        CancellationException.class
      })
  void shouldRejectAVideoThatAnythingUnexpectedComesFrom(Class<? extends RuntimeException> odd)
      throws Exception {
    videos.put("v", clip(0, 50));
    RuntimeException thrown = odd.getConstructor().newInstance();
    Cutter trips =
        (video, range, sink) -> {
          if (video.path().getFileName().toString().equals("odd")) {
            throw thrown;
          }
          return videos.cut(video, range, sink);
        };
    videos.put("odd", clip(0, 50));
    pipeline = open(trips, Percentages::new, SETTINGS);

    assertThat(rejection(submit("odd")).getReason()).isEqualTo(RejectionReason.CORRUPT);
    labels(submit("v"));
  }

  @Test
  void shouldTellEveryVideoThatTheDiskIsBroken() throws Exception {
    videos.put("v", clip(0, 50));
    pipeline =
        open(
            (video, range, sink) -> {
              throw new UncheckedIOException(new IOException("no such device"));
            },
            Percentages::new,
            SETTINGS);

    assertThatThrownBy(submit("v")::get).hasRootCauseMessage("no such device");
    assertThatThrownBy(submit("v")::get).hasRootCauseMessage("no such device");
  }

  @Test
  void shouldFailToOpenWithoutAClassifier() {
    assertThatThrownBy(
            () ->
                open(
                    () -> {
                      throw new IllegalStateException("no such device");
                    },
                    SETTINGS))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no such device");
  }

  private void start(Classifier classifier) {
    start(classifier, SETTINGS);
  }

  private void start(Classifier classifier, PipelineSettings settings) {
    pipeline = open(() -> classifier, settings);
  }

  private LabelPipeline open(Supplier<Classifier> load, PipelineSettings settings) {
    return open(videos, load, settings);
  }

  private LabelPipeline open(Cutter cutter, Supplier<Classifier> load, PipelineSettings settings) {
    return LabelPipeline.open(
        videos, generation(cutter, load, settings), settings, PipelineObserver.NONE);
  }

  private static Generation generation(
      Cutter cutter, Supplier<Classifier> load, PipelineSettings settings) {
    return new Generation(
        MODEL,
        cutter,
        List.of(new DeviceModel("fake", load)),
        settings.batch(),
        PipelineObserver.NONE);
  }

  private CompletableFuture<Outcome> submit(String id) {
    return submit(reference(id));
  }

  private CompletableFuture<Outcome> submit(VideoReference reference) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    pipeline.submit(VideoRequest.of(reference), outcome::complete, outcome::completeExceptionally);
    return outcome;
  }

  private static VideoLabels labels(CompletableFuture<Outcome> outcome) throws Exception {
    assertThat(outcome.get(30, TimeUnit.SECONDS)).isInstanceOf(Outcome.Labelled.class);
    return ((Outcome.Labelled) outcome.get()).labels();
  }

  private static RejectedVideo rejection(CompletableFuture<Outcome> outcome) throws Exception {
    assertThat(outcome.get(30, TimeUnit.SECONDS)).isInstanceOf(Outcome.Rejected.class);
    return ((Outcome.Rejected) outcome.get()).video();
  }

  private static float score(List<Label> labels, String name) {
    return labels.stream()
        .filter(label -> label.getName().equals(name))
        .findFirst()
        .orElseThrow()
        .getScore();
  }

  private static Offset<Float> within() {
    return Offset.offset(1e-6f);
  }
}
