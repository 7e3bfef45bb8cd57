package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.fetch.FetchReason;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.outcome.Outcome;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class PipelineObserverTest {
  private static final PipelineSettings SETTINGS = new PipelineSettings(1, Versions.BATCH, 4, 2);

  @TempDir Path directory;

  @Test
  void shouldBeToldWhatHappensToAVideo() throws Exception {
    Recorder recorder = new Recorder();
    try (LabelPipeline pipeline = open(recorder)) {
      assertThat(label(pipeline, reference("v"))).isInstanceOf(Outcome.Labelled.class);
    }

    List<String> lines = recorder.lines();
    assertThat(lines).startsWith("fetched v 0");
    assertThat(lines).filteredOn(line -> line.matches("queued swapped-4 [123]")).hasSize(3);
    assertThat(
            lines.stream()
                .filter(line -> line.matches("batch swapped-4 (one|two) [124] of 4"))
                .mapToInt(line -> line.charAt(line.length() - 6) - '0')
                .sum())
        .isEqualTo(3);
    assertThat(lines).containsOnlyOnce("decoded v swapped-4 3 true");
    assertThat(lines).endsWith("outcome v labelled by swapped-4");
    assertThat(lines).noneMatch(line -> line.contains("negative"));
  }

  @Test
  void shouldBeToldOfRejections() throws Exception {
    Recorder recorder = new Recorder();
    try (LabelPipeline pipeline = open(recorder)) {
      label(pipeline, reference("missing"));
      label(pipeline, VideoReference.newBuilder(reference("v")).setModel("other").build());
      label(pipeline, VideoReference.newBuilder(reference("v")).setUri("").build());
    }

    assertThat(recorder.lines())
        .containsExactly(
            "outcome missing NOT_FOUND by swapped-4",
            "outcome v UNKNOWN_MODEL by nobody",
            "outcome v INVALID_REFERENCE by nobody");
  }

  @Test
  void shouldBreakNothingWhateverItThrows() throws Exception {
    AtomicInteger told = new AtomicInteger();
    Recorder failing =
        new Recorder(
            () -> {
              if (told.incrementAndGet() % 2 == 0) {
                throw new AssertionError("an observer's own fault");
              }
              throw new IllegalStateException("an observer's own fault");
            });
    try (LabelPipeline pipeline = open(failing)) {
      for (int i = 0; i < 20; i++) {
        assertThat(label(pipeline, reference("v" + i))).isInstanceOf(Outcome.Labelled.class);
      }
      assertThat(label(pipeline, reference("missing"))).isInstanceOf(Outcome.Rejected.class);
    }
    assertThat(told.get()).isGreaterThan(20 * 6);
  }

  @Test
  void shouldTellBothWhateverTheFirstThrows() throws Exception {
    Recorder failing =
        new Recorder(
            () -> {
              throw new IllegalStateException("an observer's own fault");
            });
    Recorder second = new Recorder();
    try (LabelPipeline pipeline = open(PipelineObserver.both(failing, second))) {
      label(pipeline, reference("v"));
    }

    // the decoder and the workers tell at the same time, and each tells one after the other
    assertThat(second.lines())
        .containsExactlyInAnyOrderElementsOf(failing.lines())
        .contains("outcome v labelled by swapped-4");
    assertThat(PipelineObserver.both(PipelineObserver.NONE, second)).isSameAs(second);
    assertThat(PipelineObserver.both(second, PipelineObserver.NONE)).isSameAs(second);
  }

  private LabelPipeline open(PipelineObserver observer) {
    Versions versions = new Versions(observer);
    Fetcher fetcher =
        request ->
            request.reference().getId().equals("missing")
                ? new FetchResult.Rejected(FetchReason.NOT_FOUND, "no such file", 1)
                : new FetchResult.Fetched(Fixtures.local(directory, "video"));
    return LabelPipeline.open(fetcher, versions.generation(4), SETTINGS, observer);
  }

  private static VideoReference reference(String id) {
    return Fixtures.reference(id);
  }

  private static Outcome label(LabelPipeline pipeline, VideoReference reference) throws Exception {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    pipeline.submit(VideoRequest.of(reference), outcome::complete, outcome::completeExceptionally);
    return outcome.get(30, TimeUnit.SECONDS);
  }
}
