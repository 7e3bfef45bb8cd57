package io.clipstream.streams.classify;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClipBatcherTest {
  private static final BatchPolicy POLICY = BatchPolicy.upTo(8, Duration.ofMillis(20));
  private final ClipBatcher<String> batcher = new ClipBatcher<>(POLICY);

  @Test
  void shouldReleasePartialBatchOnceOldestClipHasWaitedMaxDelay() {
    batcher.add("a", 0);

    assertThat(batcher.poll(MILLISECONDS.toNanos(19))).isEmpty();
    assertThat(batcher.nextRelease()).hasValue(MILLISECONDS.toNanos(20));
    assertThat(batcher.poll(MILLISECONDS.toNanos(20))).containsExactly("a");
    assertThat(batcher.nextRelease()).isEmpty();
  }

  @Test
  void shouldReleaseFullBatchAtOnceInOrder() {
    for (int i = 0; i < 10; i++) {
      batcher.add("clip" + i, 0);
    }

    assertThat(batcher.poll(0)).hasSize(8).startsWith("clip0", "clip1");
    assertThat(batcher.poll(0)).isEmpty();
    assertThat(batcher.size()).isEqualTo(2);
  }

  @Test
  void shouldGiveAWholeBatchOrNothingAhead() {
    for (int i = 0; i < 15; i++) {
      batcher.add("clip" + i, 0);
    }

    assertThat(batcher.pollFull()).hasSize(8).startsWith("clip0");
    assertThat(batcher.pollFull()).isEmpty();
    assertThat(batcher.size()).isEqualTo(7);
  }

  @Test
  void shouldReleaseOnlySizesThatNeedNoPadding() {
    for (int i = 0; i < 7; i++) {
      batcher.add("clip" + i, 0);
    }
    long late = MILLISECONDS.toNanos(25);

    assertThat(List.of(batcher.poll(late).size(), batcher.poll(late).size())).containsExactly(4, 2);
    assertThat(batcher.poll(late)).containsExactly("clip6");
  }

  @Test
  void shouldWorkWithAClockThatPassesItsLargestValue() {
    batcher.add("a", Long.MAX_VALUE - 5);

    assertThat(batcher.poll(Long.MAX_VALUE)).isEmpty();
    assertThat(batcher.poll(Long.MIN_VALUE + MILLISECONDS.toNanos(20))).containsExactly("a");
  }

  @Test
  void shouldOfferPowersOfTwoAndTheLargestBatch() {
    assertThat(BatchPolicy.upTo(12, Duration.ZERO).sizes()).containsExactly(1, 2, 4, 8, 12);
    assertThat(BatchPolicy.upTo(1, Duration.ZERO).sizes()).containsExactly(1);
  }
}
