package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class PixelBudgetTest {
  private static final TimeRange RANGE = new TimeRange(0, 1);

  /** The crop of the clip after the last. */
  private static final int END = 7;

  @Test
  void shouldKeepBuffersForTheNextClipOfTheirSize() throws Exception {
    PixelBudget budget = new PixelBudget(1000);
    ClipBuffers first = new ClipBuffers(100, budget);
    ClipBuffers second = new ClipBuffers(100, budget);
    Clip clip = first.take(RANGE, 0);
    Object pixels = clip.pixels();
    clip.close();

    try (Clip next = second.take(RANGE, 0)) {
      assertThat(next.pixels()).isSameAs(pixels);
      assertThat(first.lent()).isZero();
      assertThat(second.lent()).isEqualTo(1);
    }
    assertThat(budget.lentBytes()).isZero();
    assertThat(budget.allocatedBytes()).isEqualTo(100);
  }

  @Test
  void shouldFreeKeptBuffersOfAnotherSizeOnlyWhenTheirMemoryIsNeeded() throws Exception {
    PixelBudget budget = new PixelBudget(1000);
    ClipBuffers small = new ClipBuffers(100, budget);
    ClipBuffers large = new ClipBuffers(450, budget);
    List<Clip> clips = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      clips.add(small.take(RANGE, 0));
    }
    assertThat(budget.allocatedBytes()).isEqualTo(1000);
    clips.forEach(Clip::close);
    assertThat(budget.allocatedBytes()).isEqualTo(1000);

    try (Clip one = large.take(RANGE, 0);
        Clip two = large.take(RANGE, 0);
        Clip three = small.take(RANGE, 0)) {
      assertThat(List.of(one, two, three))
          .extracting(clip -> clip.pixels().capacity())
          .containsExactly(450, 450, 100);
      assertThat(budget.allocatedBytes()).isEqualTo(1000); // one small one was kept
      assertThat(budget.lentBytes()).isEqualTo(1000);
    }
    assertThat(budget.lentBytes()).isZero();
  }

  @Test
  void shouldLetNobodyPassWhoWaitsForMuch() throws Exception {
    PixelBudget budget = new PixelBudget(1000);
    ClipBuffers small = new ClipBuffers(100, budget);
    ClipBuffers large = new ClipBuffers(900, budget);
    Clip held = small.take(RANGE, 0);
    Clip more = small.take(RANGE, 0);
    FutureTask<Clip> first = new FutureTask<>(() -> large.take(RANGE, 0));
    Thread firstThread = start(first);
    FutureTask<Clip> second = new FutureTask<>(() -> small.take(RANGE, 0));
    Thread secondThread = start(second);

    held.close(); // 900 bytes are free: the first may go on, the second is behind it

    first.get(30, TimeUnit.SECONDS).close();
    second.get(30, TimeUnit.SECONDS).close();
    more.close();
    firstThread.join();
    secondThread.join();
    assertThat(budget.lentBytes()).isZero();
  }

  @Test
  void shouldLetTheNextGoOnWhenTheFirstInLineIsInterrupted() throws Exception {
    PixelBudget budget = new PixelBudget(1000);
    ClipBuffers small = new ClipBuffers(100, budget);
    ClipBuffers large = new ClipBuffers(1000, budget);
    try (Clip held = small.take(RANGE, 0)) {
      assertThat(held.pixels()).isNotNull();
      FutureTask<Clip> first = new FutureTask<>(() -> large.take(RANGE, 0));
      Thread firstThread = start(first);
      FutureTask<Clip> second = new FutureTask<>(() -> small.take(RANGE, 0));
      Thread secondThread = start(second);

      firstThread.interrupt();

      second.get(30, TimeUnit.SECONDS).close();
      assertThatThrownBy(() -> first.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(InterruptedException.class);
      secondThread.join();
    }
    assertThat(budget.lentBytes()).isZero();
  }

  /** Starts it and waits until it waits. */
  private static Thread start(Runnable work) {
    Thread thread = new Thread(work);
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return thread;
  }

  /**
   * Three sizes, more threads than the budget has room for, each holding up to its number of
   * unfinished clips while it waits for the next one and handing full ones to a consumer, as a
   * decode does. Every byte of a clip must stay its holder's until it is closed.
   */
  @Test
  void shouldServeManyThreadsOfSeveralSizesWithoutWaitingForEver() throws Exception {
    long seed = System.nanoTime();
    PixelBudget budget = new PixelBudget(10_000);
    List<ClipBuffers> sizes =
        List.of(
            new ClipBuffers(700, budget),
            new ClipBuffers(2300, budget),
            new ClipBuffers(4900, budget));
    BlockingQueue<Clip> full = new ArrayBlockingQueue<>(100);
    int threads = 12;
    int rounds = 1500;
    ExecutorService executor = Executors.newFixedThreadPool(threads + 1);
    try {
      Future<Void> consumer = executor.submit(() -> closeAll(full, budget));
      List<Future<Void>> producers = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        Random random = new Random(seed + t);
        byte mark = (byte) (t + 1);
        producers.add(
            executor.submit(
                () -> {
                  for (int i = 0; i < rounds; i++) {
                    ClipBuffers buffers = sizes.get(random.nextInt(sizes.size()));
                    fill(buffers, 1 + random.nextInt(buffers.capacity()), mark, full, random);
                  }
                  return null;
                }));
      }
      for (Future<Void> producer : producers) {
        producer.get(100, TimeUnit.SECONDS);
      }
      full.put(new ClipBuffers(1, 1).take(RANGE, END));
      consumer.get(30, TimeUnit.SECONDS);
    } catch (Exception | AssertionError e) {
      throw new AssertionError("with seed " + seed, e);
    } finally {
      executor.shutdownNow();
    }
    assertThat(sizes).allMatch(buffers -> buffers.lent() == 0);
    assertThat(budget.lentBytes()).isZero();
    assertThat(budget.allocatedBytes()).isLessThanOrEqualTo(budget.maxBytes());
  }

  /** As a decode does: enters, opens as many clips as it said, hands them over, leaves. */
  private static void fill(
      ClipBuffers buffers, int open, byte mark, BlockingQueue<Clip> full, Random random)
      throws InterruptedException {
    buffers.enter(open);
    List<Clip> clips = new ArrayList<>();
    try {
      for (int i = 0; i < open; i++) {
        Clip clip = buffers.take(RANGE, 0);
        for (int at = 0; at < buffers.clipBytes(); at++) {
          clip.pixels().put(at, mark);
        }
        clips.add(clip);
      }
      for (Clip clip : clips) {
        for (int at = 0; at < buffers.clipBytes(); at++) {
          assertThat(clip.pixels().get(at)).isEqualTo(mark);
        }
      }
      while (!clips.isEmpty()) {
        Clip clip = clips.remove(clips.size() - 1);
        if (random.nextBoolean()) {
          full.put(clip);
        } else {
          clip.close();
        }
      }
    } finally {
      clips.forEach(Clip::close);
      buffers.leave(open);
    }
  }

  private static Void closeAll(BlockingQueue<Clip> full, PixelBudget budget)
      throws InterruptedException {
    while (true) {
      try (Clip clip = full.take()) {
        if (clip.crop() == END) {
          return null;
        }
        assertThat(budget.allocatedBytes()).isLessThanOrEqualTo(budget.maxBytes());
        assertThat(budget.lentBytes()).isLessThanOrEqualTo(budget.maxBytes());
      }
    }
  }

  @Test
  void shouldGiveMemoryBackAtOnce() throws Exception {
    int size = 64 << 20;
    PixelBudget budget = new PixelBudget(2L * size);
    long before = directBytes();
    for (int i = 0; i < 25; i++) {
      ClipBuffers buffers = new ClipBuffers(size + i, budget);
      buffers.take(RANGE, 0).close();
      assertThat(budget.allocatedBytes()).isLessThanOrEqualTo(budget.maxBytes());
    }
    assertThat(directBytes() - before).isLessThanOrEqualTo(budget.maxBytes());
  }

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
