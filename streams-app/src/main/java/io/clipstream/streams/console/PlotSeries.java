package io.clipstream.streams.console;

import io.clipstream.schemas.VideoLabels;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Throughput, latency and lag of the group over the last {@value #MINUTES} minutes, a point every
 * {@value #SECONDS} seconds. All threads.
 */
final class PlotSeries {
  static final int SECONDS = 2;
  private static final int MINUTES = 10;
  private static final int POINTS = MINUTES * 60 / SECONDS;

  /** Latencies of a point; of more, these are sample enough. */
  private static final int LATENCIES = 4096;

  /** The numbers of a point, in their order. */
  private static final List<String> NAMES =
      List.of("at", "labelled", "rejected", "median", "p95", "lag");

  private final Deque<Double[]> points = new ArrayDeque<>();
  private final double[] latencies = new double[LATENCIES];
  private int labelled;
  private int rejected;

  synchronized void add(SeenOutcome outcome) {
    if (outcome.record() instanceof VideoLabels labels) {
      latencies[labelled % LATENCIES] = labels.getTimings().getTotalMillis();
      labelled++;
    } else {
      rejected++;
    }
  }

  /**
   * Ends a point.
   *
   * @param atMillis since 1970
   * @param seconds that it took
   * @param lag references that nobody has taken; null: not known
   */
  synchronized Map<String, Object> point(long atMillis, double seconds, Long lag) {
    Double[] latency =
        Quantiles.of(Arrays.copyOf(latencies, Math.min(labelled, LATENCIES)), 0.5, 0.95);
    Double[] point = {
      atMillis / 1000.0,
      labelled / seconds,
      rejected / seconds,
      latency[0],
      latency[1],
      lag == null ? null : lag.doubleValue()
    };
    labelled = 0;
    rejected = 0;
    points.addLast(point);
    if (points.size() > POINTS) {
      points.removeFirst();
    }
    Map<String, Object> page = new LinkedHashMap<>();
    for (int i = 0; i < NAMES.size(); i++) {
      page.put(NAMES.get(i), point[i]);
    }
    return page;
  }

  /** All points, by the names of their numbers, oldest first. */
  synchronized Map<String, Object> all() {
    Map<String, Object> page = new LinkedHashMap<>();
    for (int i = 0; i < NAMES.size(); i++) {
      List<Double> column = new ArrayList<>();
      for (Double[] point : points) {
        column.add(point[i]);
      }
      page.put(NAMES.get(i), column);
    }
    return page;
  }
}
