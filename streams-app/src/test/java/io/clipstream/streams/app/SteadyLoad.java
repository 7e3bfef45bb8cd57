package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.VideoLabels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Videos at an even rate, and how long each took. One thread, which reads the outcomes too. */
final class SteadyLoad {
  private static final Duration LIMIT = Duration.ofMinutes(4);

  private final Cluster cluster;
  private final long intervalNanos;
  private final Supplier<?> state;
  private final Map<String, Sent> sent = new HashMap<>();
  private String phase = "";

  private record Sent(String phase, long millis) {}

  /**
   * @param perSecond videos
   * @param state told when something does not happen in time
   */
  SteadyLoad(Cluster cluster, int perSecond, Supplier<?> state) {
    this.cluster = cluster;
    this.intervalNanos = 1_000_000_000L / perSecond;
    this.state = state;
  }

  /** What goes on from now on. */
  void phase(String name) {
    phase = name;
  }

  void goOn(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    until(() -> System.nanoTime() >= end);
  }

  /** Goes on until what waited has its outcomes, or for {@code most} on a machine that is slow. */
  void calm(Duration most) {
    long end = System.nanoTime() + most.toNanos();
    long few = TimeUnit.SECONDS.toNanos(2) / intervalNanos;
    until(() -> cluster.produced() - cluster.seen() < few || System.nanoTime() >= end);
  }

  /** Goes on until the condition holds. A pause is not made up for. */
  void until(BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    long next = System.nanoTime();
    while (!condition.getAsBoolean()) {
      long now = System.nanoTime();
      if (now > end) {
        throw new AssertionError("not within " + LIMIT + ": " + state.get());
      }
      if (now - next >= 0) {
        sent.put("video-" + cluster.produced(), new Sent(phase, System.currentTimeMillis()));
        cluster.produce(1);
        next = Math.max(next + intervalNanos, System.nanoTime());
      }
      cluster.read(Duration.ofNanos(Math.max(0, next - System.nanoTime())));
    }
  }

  /** What may take long and is not the load's own. */
  interface Work {
    void run() throws Exception;
  }

  /**
   * Goes on while work is done on a thread of its own.
   *
   * @return seconds that it took
   */
  double during(Work work) throws Exception {
    CompletableFuture<Double> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              long start = System.nanoTime();
              try {
                work.run();
                done.complete((System.nanoTime() - start) / 1e9);
              } catch (Exception | AssertionError e) {
                done.completeExceptionally(e);
              }
            });
    thread.start();
    until(done::isDone);
    return done.get();
  }

  /** When a video was sent, in milliseconds since 1970. */
  long sentAt(String id) {
    return sent.get(id).millis();
  }

  /** From sending to the labels, ms, of the videos that were sent in a phase; sorted. */
  double[] latencies(String of) {
    return sorted(of, labels -> labels.getLabelledAt().toEpochMilli() - sentAt(labels.getId()));
  }

  /** Forward passes of a video's batches, ms, of the videos that were sent in a phase; sorted. */
  double[] batches(String of) {
    return sorted(of, labels -> labels.getTimings().getClassifyMillis());
  }

  private double[] sorted(String of, ToDoubleFunction<VideoLabels> value) {
    List<Double> values = new ArrayList<>();
    for (VideoLabels labels : cluster.labelled.values()) {
      if (sent.get(labels.getId()).phase().equals(of)) {
        values.add(value.applyAsDouble(labels));
      }
    }
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }

  /**
   * @param sorted not empty
   * @param share 0 to 1
   */
  static double quantile(double[] sorted, double share) {
    assertThat(sorted).isNotEmpty();
    return sorted[(int) Math.min(sorted.length - 1L, Math.round(share * sorted.length))];
  }
}
