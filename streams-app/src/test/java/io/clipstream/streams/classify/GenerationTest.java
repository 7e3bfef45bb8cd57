package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.streams.classify.GenerationSource.Answer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class GenerationTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private final Versions versions = new Versions(PipelineObserver.NONE);

  @AfterEach
  void check() {
    assertThat(versions.faults).isEmpty();
    assertThat(versions.classifiers).allMatch(classifier -> classifier.closed.get() == 1);
  }

  @Test
  void shouldStartNothingBeforeItIsAsked() throws Exception {
    Generation generation = versions.generation(1);

    assertThat(generation.tryAcquire()).isFalse();
    generation.close();

    assertThat(generation.awaitClosed(LIMIT)).isTrue();
    generation.start();
    assertThat(generation.ready()).isCompletedExceptionally();
    assertThat(versions.classifiers).isEmpty();
  }

  @Test
  void shouldBeAcquiredOnceEveryDeviceIsWarmAndNotAfterItWasClosed() throws Exception {
    CountDownLatch warm = new CountDownLatch(1);
    Generation generation = versions.generation(1, warm);
    generation.start();
    while (versions.classifiers.isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(generation.tryAcquire()).isFalse();

    warm.countDown();
    generation.awaitReady();
    assertThat(generation.tryAcquire()).isTrue();
    generation.close();

    assertThat(generation.tryAcquire()).isFalse();
    assertThat(generation.closed()).isNotDone();
    generation.release();
    assertThat(generation.awaitClosed(LIMIT)).isTrue();
    assertThat(versions.classifiers).hasSize(2);
  }

  @Test
  void shouldEndWhileItWarms() throws Exception {
    Generation generation = versions.generation(1, new CountDownLatch(1));
    generation.start();
    while (versions.classifiers.isEmpty()) {
      Thread.onSpinWait();
    }

    generation.close();

    assertThat(generation.awaitClosed(LIMIT)).isTrue();
    assertThatThrownBy(generation::awaitReady).isInstanceOf(CancellationException.class);
    assertThat(generation.tryAcquire()).isFalse();
    assertThat(versions.classifiers).hasSize(1);
  }

  @Test
  void shouldCloseOnceHoweverOftenItIsAsked() throws Exception {
    Generation generation = versions.started(1);
    assertThat(generation.tryAcquire()).isTrue();

    generation.close();
    generation.close();

    assertThat(generation.closed()).isNotDone();
    generation.release();
    generation.close();
    assertThat(generation.awaitClosed(LIMIT)).isTrue();
    assertThatThrownBy(generation::release).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void shouldTellWhatKeptItFromBeingReady() throws Exception {
    Generation generation =
        new Generation(
            Versions.model(1),
            (video, range, sink) -> null,
            List.of(
                new DeviceModel("one", () -> versions.new Counted(1)),
                new DeviceModel(
                    "two",
                    () -> {
                      throw new IllegalStateException("no such device");
                    })),
            Versions.BATCH,
            PipelineObserver.NONE);
    generation.start();

    assertThatThrownBy(generation::awaitReady).hasMessage("no such device");

    assertThat(generation.tryAcquire()).isFalse();
    generation.close();
    assertThat(generation.awaitClosed(LIMIT)).isTrue();
  }

  @Test
  void shouldServeOneGenerationAndThenTheNext() throws Exception {
    Generation first = versions.started(1);
    Generation second = versions.started(2);
    CurrentGeneration current = new CurrentGeneration(first);
    VideoRequest request = VideoRequest.of(Fixtures.reference("v"));
    assertThat(current.acquire(request)).isEqualTo(new Answer.Acquired(first, 0));

    assertThat(current.swap(second)).isTrue();

    assertThat(current.acquire(request)).isEqualTo(new Answer.Acquired(second, 0));
    assertThat(first.closed()).isNotDone();
    first.release();
    assertThat(first.awaitClosed(LIMIT)).isTrue();
    second.release();
    current.close();
    assertThat(current.acquire(request)).isEqualTo(new Answer.Closed());
    assertThat(second.closed()).isDone();

    Generation late = versions.started(3);
    assertThat(current.swap(late)).isFalse();
    assertThat(late.awaitClosed(LIMIT)).isTrue();
  }

  @Test
  void shouldRefuseAGenerationThatIsNotReady() throws Exception {
    Generation cold = versions.generation(2);
    try (CurrentGeneration current = new CurrentGeneration(versions.started(1))) {
      assertThatThrownBy(() -> current.swap(cold)).isInstanceOf(IllegalStateException.class);
      assertThat(current.acquire(VideoRequest.of(Fixtures.reference("v"))))
          .isInstanceOfSatisfying(
              Answer.Acquired.class, acquired -> acquired.generation().release());
    }
    cold.close();
  }

  /** As an owner must not do. */
  @Test
  void shouldNotHandOutAGenerationThatSomebodyElseClosed() {
    Generation generation = versions.started(1);
    try (CurrentGeneration current = new CurrentGeneration(generation)) {
      generation.close();

      assertThatThrownBy(() -> current.acquire(VideoRequest.of(Fixtures.reference("v"))))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("was closed while it was in use");
    }
  }
}
