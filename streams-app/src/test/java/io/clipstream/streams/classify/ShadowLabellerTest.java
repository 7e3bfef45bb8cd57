package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.infer.Classifier;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.streams.classify.GenerationSource.Answer;
import io.clipstream.streams.outcome.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A shadow beside a version that serves; fake networks, everything else real. */
@Timeout(300)
class ShadowLabellerTest {
  private static final PipelineSettings SETTINGS = new PipelineSettings(2, Versions.BATCH, 2, 2);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path directory;
  private final Versions versions = new Versions(PipelineObserver.NONE);
  private final Map<String, VideoLabels> shadowLabels = new ConcurrentHashMap<>();
  private ShadowLabeller labeller;
  private Generation shadow;

  @AfterEach
  void close() throws Exception {
    labeller.close();
    shadow.close();
    assertThat(shadow.awaitClosed(LIMIT)).isTrue();
    assertThat(versions.faults).isEmpty();
    assertThat(versions.budget.lentBytes()).as("clips that were not given back").isZero();
  }

  @Test
  void shouldLabelVideosOnceMoreAfterTheirLabels() throws Exception {
    start(versions.started(1), versions.started(2), this::fetch, 16);

    for (int i = 0; i < 10; i++) {
      assertLive(label("v" + i));
    }

    await().atMost(LIMIT).until(() -> shadowLabels.size() == 10);
    assertThat(shadowLabels.values())
        .allSatisfy(
            labels -> {
              assertThat(labels.getModel()).isEqualTo(Versions.model(2).identity());
              assertThat(labels.getRollout()).isEqualTo(7);
              assertThat(labels.getMetadata()).containsEntry("for", labels.getId());
              assertThat(labels.getLabels().get(0).getScore()).isEqualTo(1 - Versions.yes(2));
            });
    assertThat(labeller.counts()).isEqualTo(new ShadowLabeller.Counts(10, 0, 0));
  }

  @Test
  void shouldSkipWhatTheShadowIsTooSlowFor() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    start(
        versions.started(1),
        generation(
            () -> {
              slow.await();
              throw new IllegalStateException("is over");
            }),
        this::fetch,
        3);

    for (int i = 0; i < 20; i++) {
      assertLive(label("v" + i));
    }

    // Two workers may offer a video each at the same moment.
    await().atMost(LIMIT).until(() -> labeller.counts().skipped() >= 16);
    assertThat(labeller.counts().labelled()).isZero();
    slow.countDown();
  }

  @Test
  void shouldChangeNothingWhenTheShadowFails() throws Exception {
    start(
        versions.started(1),
        generation(
            () -> {
              throw new IllegalStateException("the device is gone");
            }),
        this::fetch,
        100);

    for (int i = 0; i < 20; i++) {
      assertLive(label("v" + i));
    }

    await().atMost(LIMIT).until(() -> labeller.counts().failed() == 20);
    assertThat(shadowLabels).isEmpty();
  }

  @Test
  void shouldWorkOnlyWhileALiveThreadIsFreeAndWaitForNothingOnceItsVersionIsDropped()
      throws Exception {
    CountDownLatch reading = new CountDownLatch(2);
    CountDownLatch busy = new CountDownLatch(1);
    Cutter cutter = versions.cutter(1);
    Generation live =
        new Generation(
            Versions.model(1),
            (video, range, sink) -> {
              if (video.path().endsWith("slow")) {
                reading.countDown();
                busy.await();
              }
              return cutter.cut(video, range, sink);
            },
            List.of(new DeviceModel("one", () -> versions.new Counted(1))),
            Versions.BATCH,
            PipelineObserver.NONE);
    live.start();
    live.awaitReady();
    CountDownLatch fetching = new CountDownLatch(1);
    CountDownLatch fetched = new CountDownLatch(1);
    start(
        live,
        versions.started(2),
        request -> {
          fetching.countDown();
          fetched.await();
          return fetch(request);
        },
        16);

    assertLive(label("v"));
    fetching.await();
    Fixtures.local(directory, "slow"); // Made now, not by two threads at once.
    List<CompletableFuture<Outcome>> slow = List.of(submit("slow"), submit("slow"));
    reading.await();
    fetched.countDown();
    shadow.close();

    assertThat(shadow.awaitClosed(LIMIT)).isTrue();
    assertThat(shadowLabels).isEmpty();
    busy.countDown();
    for (CompletableFuture<Outcome> outcome : slow) {
      assertLive(labels(outcome));
    }
  }

  private void start(Generation live, Generation version, Fetcher ofShadow, int maxWaiting) {
    shadow = version;
    LabelPipeline pipeline =
        new LabelPipeline(
            this::fetch, new CurrentGeneration(live), SETTINGS, PipelineObserver.NONE);
    pipeline.start();
    labeller =
        new ShadowLabeller(
            pipeline,
            ofShadow,
            model ->
                version.tryAcquire()
                    ? Optional.of(new Answer.Acquired(version, 7))
                    : Optional.empty(),
            model -> versions.cutter(2),
            SETTINGS,
            maxWaiting,
            new ShadowSink() {
              @Override
              public void accept(VideoRequest request, VideoLabels labels) {
                shadowLabels.put(request.reference().getId(), labels);
              }

              @Override
              public void close() {}
            });
  }

  private FetchResult fetch(VideoRequest request) {
    return new FetchResult.Fetched(Fixtures.local(directory, request.reference().getId()));
  }

  private CompletableFuture<Outcome> submit(String id) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    labeller.submit(
        VideoRequest.of(Fixtures.reference(id)), outcome::complete, outcome::completeExceptionally);
    return outcome;
  }

  private VideoLabels label(String id) throws Exception {
    return labels(submit(id));
  }

  private static VideoLabels labels(CompletableFuture<Outcome> outcome) throws Exception {
    return ((Outcome.Labelled) outcome.get(60, TimeUnit.SECONDS)).labels();
  }

  private static void assertLive(VideoLabels labels) {
    assertThat(labels.getModel()).isEqualTo(Versions.model(1).identity());
    assertThat(labels.getRollout()).isNull();
  }

  /** What a classifier does with every batch. */
  private interface Work {
    void run() throws InterruptedException;
  }

  private static Generation generation(Work work) {
    Classifier classifier =
        new Classifier() {
          @Override
          public ModelManifest manifest() {
            return Versions.model(2).manifest();
          }

          @Override
          public int maxBatch() {
            return 4;
          }

          @Override
          public float[][] classify(List<Clip> clips) {
            try {
              work.run();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            return new float[clips.size()][2];
          }

          @Override
          public void close() {}
        };
    Generation generation =
        new Generation(
            Versions.model(2),
            new Versions(PipelineObserver.NONE).cutter(2),
            List.of(new DeviceModel("one", () -> classifier)),
            Versions.BATCH,
            PipelineObserver.NONE);
    generation.start();
    generation.awaitReady();
    return generation;
  }
}
