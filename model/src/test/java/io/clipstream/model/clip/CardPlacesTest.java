package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class CardPlacesTest {
  private static final int OF_EACH = 16;
  private static final String WHY = "CUDA's copy fails: CUDA_ERROR_INVALID_VALUE (1)";

  private final Counted first = new Counted(0);
  private final Counted second = new Counted(1);
  private final CardPlaces<Counted> one = new CardPlaces<>(List.of(first), this::now);
  private final CardPlaces<Counted> two = new CardPlaces<>(List.of(first, second), this::now);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private long now = Long.MAX_VALUE - 5; // overflows, as it may

  /** A GPU that is nothing but its number. */
  private record Counted(int number) implements DecodingGpu {
    @Override
    public long decoded() {
      return 0;
    }

    @Override
    public int decoders() {
      return 0;
    }

    @Override
    public long decoderBytes() {
      return 0;
    }

    @Override
    public long opened() {
      return 0;
    }
  }

  @BeforeEach
  void listen() {
    log.start();
    logger().addAppender(log);
    logger().setLevel(Level.INFO);
  }

  @AfterEach
  void listenNoMore() {
    logger().detachAppender(log);
    logger().setLevel(null);
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(CardPlaces.class);
  }

  private long now() {
    return now;
  }

  private void after(long seconds) {
    now += TimeUnit.SECONDS.toNanos(seconds);
  }

  private static Optional<Counted> take(CardPlaces<Counted> places) throws InterruptedException {
    try (Deadline deadline = new Deadline(Duration.ofMinutes(1))) {
      return places.take(() -> 0, deadline);
    }
  }

  /** Takes a place, and counts down when it is about to wait. */
  private static Optional<Counted> take(CardPlaces<Counted> places, CountDownLatch waits)
      throws InterruptedException {
    try (Deadline deadline = new Deadline(Duration.ofMinutes(1))) {
      return places.take(
          () -> {
            waits.countDown();
            return 0;
          },
          deadline);
    }
  }

  /** Takes a place and gives it back. */
  private static boolean isOpen(CardPlaces<Counted> places) throws InterruptedException {
    Optional<Counted> gpu = take(places);
    gpu.ifPresent(places::give);
    return gpu.isPresent();
  }

  @Test
  void shouldTakeTheFreestGpu() throws Exception {
    assertThat(two.count()).isEqualTo(2 * OF_EACH);
    assertThat(take(two)).contains(first);
    assertThat(take(two)).contains(second);
    assertThat(take(two)).contains(first);
    two.give(second);
    assertThat(take(two)).contains(second);
  }

  @Test
  void shouldComeBackToAGpuThatFailed() throws Exception {
    one.failed(first, false, WHY);

    assertThat(isOpen(one)).isFalse();
    assertThat(one.isAnyReady()).isFalse();
    assertThat(one.any()).contains(first);
    after(1);
    assertThat(one.isAnyReady()).isTrue();
    assertThat(isOpen(one)).isTrue();
    one.took(first, 1);
    assertThat(log.list)
        .extracting(ILoggingEvent::getLevel)
        .containsExactly(Level.WARN, Level.INFO);
    assertThat(log.list.get(0).getFormattedMessage())
        .isEqualTo("GPU 0 decodes no videos for 1 s: " + WHY);
    assertThat(log.list.get(0).getThrowableProxy()).isNull();
  }

  @Test
  void shouldWaitTwiceAsLongEachTimeUntilAVideoIsDecoded() throws Exception {
    for (long seconds : new long[] {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600}) {
      one.failed(first, false, WHY);
      after(seconds - 1);
      assertThat(isOpen(one)).as("before %d s", seconds).isFalse();
      after(1);
      assertThat(isOpen(one)).as("after %d s", seconds).isTrue();
    }

    one.took(first, 1);
    one.failed(first, false, WHY);
    after(1);
    assertThat(isOpen(one)).isTrue();
  }

  @Test
  void shouldCountWhatFailsAtOnceOnce() throws Exception {
    for (int i = 0; i < OF_EACH; i++) {
      one.failed(first, false, WHY);
    }
    one.took(first, 1); // begun before

    assertThat(log.list).hasSize(1);
    assertThat(isOpen(one)).isFalse();
    after(1);
    assertThat(isOpen(one)).isTrue();
  }

  @Test
  void shouldGiveUpForGoodWhatThisProcessCannotUse() throws Exception {
    two.failed(first, false, WHY);
    two.failed(first, true, "lost");
    two.failed(first, true, "lost");
    after(TimeUnit.DAYS.toSeconds(1));

    assertThat(take(two)).contains(second);
    assertThat(take(two)).contains(second);
    assertThat(two.any()).contains(second);
    assertThat(log.list).hasSize(2);
    assertThat(log.list.get(1).getLevel()).isEqualTo(Level.WARN);
    assertThat(log.list.get(1).getFormattedMessage())
        .isEqualTo("GPU 0 decodes no more videos in this process: lost");
    two.failed(second, true, "lost");
    assertThat(take(two)).isEmpty();
    assertThat(two.any()).isEmpty();
  }

  @Test
  void shouldLetOthersDecodeMeanwhile() throws Exception {
    two.failed(first, false, WHY);

    assertThat(take(two)).contains(second);
    assertThat(take(two)).contains(second);
    assertThat(two.isAnyReady()).isTrue();
  }

  @Test
  void shouldLetGoWhoWaitsForAGpuThatFails() throws Exception {
    for (int i = 0; i < OF_EACH; i++) {
      assertThat(take(one)).contains(first);
    }
    one.took(first, 1);
    one.cpuTook(TimeUnit.HOURS.toNanos(1)); // so slow that it waits
    CountDownLatch waits = new CountDownLatch(1);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<Optional<Counted>> taken = thread.submit(() -> take(one, waits));
      waits.await();
      one.failed(first, false, WHY);

      assertThat(taken.get(30, TimeUnit.SECONDS)).isEmpty();
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void shouldGiveAPlaceToWhoWaitsAlready() throws Exception {
    for (int i = 0; i < OF_EACH; i++) {
      assertThat(take(one)).contains(first);
    }
    one.took(first, 1);
    one.cpuTook(TimeUnit.HOURS.toNanos(1)); // so slow that all wait
    CountDownLatch waits = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<Optional<Counted>> early = threads.submit(() -> take(one, waits));
      waits.await();
      Future<Optional<Counted>> late =
          threads.submit(
              () -> {
                synchronized (one) { // nobody gets it in between
                  one.give(first);
                  return take(one);
                }
              });

      assertThat(early.get(10, TimeUnit.SECONDS)).contains(first);
      assertThat(late).isNotDone();
      one.give(first);
      assertThat(late.get(10, TimeUnit.SECONDS)).contains(first);
    } finally {
      threads.shutdownNow();
    }
  }
}
