package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FairQueueTest {
  private final FairQueue<String> queue = new FairQueue<>();

  @Test
  void shouldTakeTurnsBetweenFlows() {
    for (int i = 0; i < 4; i++) {
      queue.add(7, "long-" + i);
    }
    queue.add(8, "short-0");
    queue.add(9, "other-0");
    queue.add(9, "other-1");

    assertThat(queue.poll()).isEqualTo("long-0");
    assertThat(queue.poll()).isEqualTo("short-0");
    assertThat(queue.poll()).isEqualTo("other-0");
    assertThat(queue.poll()).isEqualTo("long-1");
    assertThat(queue.poll()).isEqualTo("other-1");
    assertThat(queue.remove(7, "long-2")).isTrue();
    assertThat(queue.remove(7, "long-2")).isFalse();
    assertThat(queue.poll()).isEqualTo("long-3");
    assertThat(queue.poll()).isNull();
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void shouldWaitForTheNext() {
    CompletableFuture<String> taken =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return queue.take();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });

    queue.add(1, "a");

    assertThat(taken).succeedsWithin(Duration.ofSeconds(30)).isEqualTo("a");
    queue.add(1, "b");
    assertThat(queue.remove(1, "b")).isTrue();
    assertThat(queue.isEmpty()).isTrue();
  }
}
