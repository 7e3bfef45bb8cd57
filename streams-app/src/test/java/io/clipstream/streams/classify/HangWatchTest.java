package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.fetch.Fault;
import io.clipstream.model.fetch.FetchReason;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.Origin;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.outcome.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A root that hangs while the only thread that decodes reads a file of it. */
@Timeout(300)
class HangWatchTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path directory;
  private final CountDownLatch kernelAnswers = new CountDownLatch(1);
  private final CountDownLatch decoding = new CountDownLatch(1);
  private final LabelPipeline pipeline = pipeline();

  @AfterEach
  void close() {
    kernelAnswers.countDown();
    pipeline.close();
  }

  @Test
  void shouldGiveItsTurnToOthersUntilTheRootAnswers() throws Exception {
    CompletableFuture<Outcome> hangs = submit("hangs");
    decoding.await();

    labelled(submit("good"));
    labelled(submit("better"));

    await().atMost(LIMIT).until(() -> !pipeline.troubles().isEmpty());
    assertThat(pipeline.troubles().get(0).origin()).hasToString("root /hangs");
    assertThat(hangs).isNotDone();
    kernelAnswers.countDown();
    labelled(hangs);
    await().atMost(LIMIT).until(() -> readers() == 1);
    labelled(submit("again"));
  }

  @Test
  void shouldEndWithoutTheThreadThatHangs() throws Exception {
    var unused = submit("hangs");
    decoding.await();
    await().atMost(LIMIT).until(() -> !pipeline.troubles().isEmpty());

    long start = System.nanoTime();
    assertThat(pipeline.drain(LIMIT)).isTrue();
    pipeline.close();

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(25));
  }

  private static long readers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && thread.getName().equals("local-1"))
        .count();
  }

  private boolean hangs(VideoRequest request) {
    return request.reference().getId().equals("hangs") && kernelAnswers.getCount() > 0;
  }

  private LabelPipeline pipeline() {
    Fetcher fetcher =
        new Fetcher() {
          @Override
          public Origin origin(VideoRequest request) {
            String id = request.reference().getId();
            return new Origin(Origin.Kind.ROOT, id.equals("hangs") ? "/hangs" : "/good");
          }

          @Override
          public boolean answers(VideoRequest request) {
            return !hangs(request);
          }

          @Override
          public FetchResult fetch(VideoRequest request) {
            if (hangs(request) && decoding.getCount() == 0) {
              return new FetchResult.Unavailable(
                  Fault.ORIGIN, FetchReason.FETCH_FAILED, "hangs", "hangs", 1, Optional.empty());
            }
            return new FetchResult.Fetched(Fixtures.local(directory, request.reference().getId()));
          }
        };
    ClipBuffers buffers = new ClipBuffers(Fixtures.SPEC.clipBytes(), 1 << 20);
    Cutter cutter =
        (video, range, sink) -> {
          if (video.path().endsWith("hangs") && kernelAnswers.getCount() > 0) {
            decoding.countDown();
            awaitAsNativeCodeDoes(kernelAnswers);
          }
          sink.accept(buffers.take(new TimeRange(0, 1), 0));
          return new CutResult.Cut(Fixtures.INFO, 1, true, "", "", 0);
        };
    PipelineSettings settings =
        new PipelineSettings(1, BatchPolicy.upTo(1, Duration.ofMillis(1)), 4, 1);
    Generation generation =
        new Generation(
            Fixtures.MODEL,
            cutter,
            List.of(new DeviceModel("fake", FixedScores::new)),
            settings.batch(),
            PipelineObserver.NONE);
    return LabelPipeline.open(fetcher, generation, settings, PipelineObserver.NONE);
  }

  /** Whoever interrupts it. */
  private static void awaitAsNativeCodeDoes(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private CompletableFuture<Outcome> submit(String id) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    var unused =
        pipeline.submit(
            VideoRequest.of(VideoReference.newBuilder().setId(id).setUri("file:///" + id).build()),
            outcome::complete,
            outcome::completeExceptionally);
    return outcome;
  }

  private static void labelled(CompletableFuture<Outcome> outcome) throws Exception {
    assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Labelled.class);
  }
}
