package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ClipBuffersTest {
  private static final TimeRange RANGE = new TimeRange(0, 1);

  private final ClipBuffers buffers = new ClipBuffers(100, 250);

  @Test
  void shouldLendNoMoreThanFit() throws Exception {
    assertThat(buffers.capacity()).isEqualTo(2);
    Clip first = buffers.take(RANGE, 0);
    Clip second = buffers.take(RANGE, 1);
    assertThat(buffers.lent()).isEqualTo(2);

    CompletableFuture<Clip> third = CompletableFuture.supplyAsync(() -> take());
    assertThat(third).isNotDone();
    ByteBuffer pixels = first.pixels();
    first.close();

    assertThat(third.get(10, TimeUnit.SECONDS).pixels()).isSameAs(pixels); // reused
    third.get().close();
    second.close();
    assertThat(buffers.lent()).isZero();
  }

  @Test
  void shouldTakeEachClipBackOnce() throws Exception {
    Clip clip = buffers.take(RANGE, 0);
    clip.close();
    clip.close();

    assertThat(buffers.lent()).isZero();
    assertThatThrownBy(clip::pixels).isInstanceOf(IllegalStateException.class);
    try (Clip one = buffers.take(RANGE, 0);
        Clip two = buffers.take(RANGE, 0)) {
      assertThat(one.pixels()).isNotSameAs(two.pixels());
    }
  }

  @Test
  void shouldRefuseToHoldLessThanAClip() {
    assertThatThrownBy(() -> new ClipBuffers(100, 99))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxBytes is 99, expected at least one clip of 100 bytes");
  }

  private Clip take() {
    try {
      return buffers.take(RANGE, 2);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
