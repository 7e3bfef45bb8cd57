package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.fetch.FetchResult;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.streams.classify.GenerationSource.Answer;
import io.clipstream.streams.outcome.Outcome;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Videos that come before their model is loaded. */
@Timeout(300)
class WaitingVideoTest {
  @TempDir Path directory;
  private final CompletableFuture<Void> loaded = new CompletableFuture<>();
  private final AtomicInteger asked = new AtomicInteger();
  private final Versions versions = new Versions(PipelineObserver.NONE);
  private RuntimeException fault;
  private LabelPipeline pipeline;

  @BeforeEach
  void start() {
    CurrentGeneration current = new CurrentGeneration(versions.started(1));
    GenerationSource source =
        new GenerationSource() {
          @Override
          public Answer acquire(VideoRequest request) {
            if (asked.incrementAndGet() > 1 && fault != null) {
              throw fault;
            }
            return loaded.isDone() && !loaded.isCompletedExceptionally()
                ? current.acquire(request)
                : new Answer.Later(loaded);
          }

          @Override
          public void close() {
            current.close();
          }
        };
    pipeline =
        new LabelPipeline(
            request -> new FetchResult.Fetched(Fixtures.local(directory, "video")),
            source,
            new PipelineSettings(1, Versions.BATCH, 2, 2),
            PipelineObserver.NONE);
    pipeline.start();
  }

  @AfterEach
  void close() {
    pipeline.close();
    assertThat(versions.faults).isEmpty();
  }

  @Test
  void shouldBeLabelledOnceTheModelIsLoaded() throws Exception {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    submit(outcome);
    assertThat(outcome).isNotDone();

    loaded.complete(null);

    assertThat(outcome.get(30, TimeUnit.SECONDS)).isInstanceOf(Outcome.Labelled.class);
    assertThat(asked).hasValue(2);
  }

  @Test
  void shouldBeRejectedWithTheReasonIfTheModelIsNot() throws Exception {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    submit(outcome);

    loaded.completeExceptionally(new IllegalStateException("nobody wants it"));

    RejectedVideo video = ((Outcome.Rejected) outcome.get(30, TimeUnit.SECONDS)).video();
    assertThat(video.getReason()).isEqualTo(RejectionReason.UNKNOWN_MODEL);
    assertThat(video.getDetail()).isEqualTo("nobody wants it");
  }

  @Test
  void shouldTellThatThePipelineIsBroken() {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    submit(outcome);
    fault = new IllegalStateException("no device");

    loaded.complete(null);

    assertThat(outcome)
        .failsWithin(Duration.ofSeconds(30))
        .withThrowableThat()
        .havingCause()
        .isSameAs(fault);
  }

  @Test
  void shouldBeForgottenOnceItIsCancelled() {
    submit(new CompletableFuture<>()).cancel();

    loaded.complete(null);

    assertThat(asked).hasValue(1);
    assertThat(pipeline.inFlight()).isZero();
  }

  private VideoLabeller.Submission submit(CompletableFuture<Outcome> outcome) {
    return pipeline.submit(
        VideoRequest.of(Fixtures.reference("v")),
        outcome::complete,
        outcome::completeExceptionally);
  }
}
