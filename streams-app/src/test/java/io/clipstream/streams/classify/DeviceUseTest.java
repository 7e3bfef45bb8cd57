package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceUseTest {
  private static final long HOUR = TimeUnit.HOURS.toNanos(1);

  @Test
  void shouldNotWaitWhereNoWorkerHasABatch() throws Exception {
    DeviceUse use = DeviceUse.of("free");
    DeviceUse.of("another").works();

    use.giveWay(HOUR);
    use.works();
    use.waits();

    use.giveWay(HOUR);
  }

  @Test
  void shouldWaitUntilTheLastWorkerWaits() throws Exception {
    DeviceUse use = DeviceUse.of("two workers");
    use.works();
    use.works();
    FutureTask<Void> pause = pause(use);
    use.waits();
    assertThat(pause.isDone()).isFalse();

    use.waits();

    assertThat(pause.get()).isNull();
  }

  @Test
  void shouldWaitSevenTimesAsLongAsThePassWhereTheDeviceIsNeverFree() throws Exception {
    DeviceUse use = DeviceUse.of("never free");
    use.works();
    long start = System.nanoTime();

    use.giveWay(TimeUnit.MILLISECONDS.toNanos(10));

    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(70));
  }

  @Test
  void shouldNotWaitForHoursBehindAPassOfAnHour() throws Exception {
    DeviceUse use = DeviceUse.of("slow");
    use.works();

    use.giveWay(HOUR);
  }

  @Test
  void shouldEndItsPauseWhenItIsInterrupted() {
    DeviceUse use = DeviceUse.of("given up");
    use.works();
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> use.awaitFree(HOUR)).isInstanceOf(InterruptedException.class);
  }

  private static FutureTask<Void> pause(DeviceUse use) {
    FutureTask<Void> pause =
        new FutureTask<>(
            () -> {
              use.awaitFree(HOUR);
              return null;
            });
    Thread thread = new Thread(pause);
    thread.setDaemon(true);
    thread.start();
    return pause;
  }
}
