package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class TimedTaskTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  @Test
  void shouldGiveWhatItsWorkGivesOrThrows() {
    assertThat(new TimedTask<>("work", LONG, () -> 7, late -> {}).result().join()).isEqualTo(7);
    TimedTask<Integer> failing =
        new TimedTask<>(
            "work",
            LONG,
            () -> {
              throw new IOException("no disk");
            },
            late -> {});
    assertThatThrownBy(() -> failing.result().join()).hasRootCauseMessage("no disk");
  }

  @Test
  void shouldGiveUpWorkThatHangsAndDiscardWhatItGivesLater() throws Exception {
    CountDownLatch hangs = new CountDownLatch(1);
    CompletableFuture<Integer> discarded = new CompletableFuture<>();
    TimedTask<Integer> task =
        new TimedTask<>(
            "load of m-1",
            Duration.ofMillis(100),
            () -> {
              while (hangs.getCount() > 0) {
                try {
                  hangs.await();
                } catch (InterruptedException ignored) {
                  Thread.interrupted(); // as native code would
                }
              }
              return 7;
            },
            discarded::complete);

    assertThatThrownBy(() -> task.result().join())
        .hasRootCauseMessage("load of m-1 took longer than 0.1 s");
    assertThat(discarded).isNotDone();
    hangs.countDown();
    assertThat(discarded.get(30, TimeUnit.SECONDS)).isEqualTo(7);
  }

  @Test
  void shouldInterruptWorkThatIsNotWantedAnyMore() {
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    TimedTask<Integer> task =
        new TimedTask<>(
            "work",
            LONG,
            () -> {
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.complete(true);
              }
              return 0;
            },
            late -> {});
    task.giveUp("it is not wanted any more");

    assertThat(interrupted.join()).isTrue();
    assertThatThrownBy(() -> task.result().join()).hasRootCauseMessage("it is not wanted any more");
  }
}
