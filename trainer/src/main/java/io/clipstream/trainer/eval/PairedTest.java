package io.clipstream.trainer.eval;

import io.clipstream.model.Count;
import io.clipstream.trainer.data.ClipList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Whether one model is better than another on the same videos: the difference of their mean class
 * accuracies, with the chance that models of equal worth would show as large a one.
 *
 * <p>The chance is that of the sign-flip test (Fisher's randomisation of paired data): where the
 * models are alike, each difference might as well have the other sign. Videos of one source stand
 * and fall together, so signs belong to sources. All flips are counted for up to 20 sources that
 * tell the models apart, 100,000 random ones beyond. With one video a source and labels of equal
 * size it is the exact McNemar test. The interval is a bootstrap over sources (Efron 1979,
 * percentiles).
 *
 * @param difference of the second model over the first, -1 to 1
 * @param low end of its 95 % interval
 * @param high end of its 95 % interval
 * @param chance that equal models differ so far in this direction (one-sided)
 * @param better videos that the second alone has right
 * @param worse videos that the first alone has right
 */
public record PairedTest(
    double difference, double low, double high, double chance, int better, int worse) {
  private static final int ALL_FLIPS = 20;
  private static final int RANDOM_FLIPS = 100_000;
  private static final int RESAMPLES = 4_000;
  private static final double TINY = 1e-12;
  private static final long SEED = 1;

  /**
   * Compares.
   *
   * @param first answers of one model
   * @param second answers of the other to the same videos
   */
  public static PairedTest of(Answers first, Answers second) {
    List<ClipList.Entry> videos = first.videos();
    if (!videos.equals(second.videos())) {
      throw new IllegalArgumentException("the models were asked other videos");
    }
    Map<String, Integer> sizes = new LinkedHashMap<>();
    videos.forEach(video -> sizes.merge(video.label(), 1, Integer::sum));
    Map<String, Double> sources = new LinkedHashMap<>();
    int better = 0;
    int worse = 0;
    for (int i = 0; i < videos.size(); i++) {
      ClipList.Entry video = videos.get(i);
      int gain = (second.right(i) ? 1 : 0) - (first.right(i) ? 1 : 0);
      better += gain > 0 ? 1 : 0;
      worse += gain < 0 ? 1 : 0;
      double weight = 1.0 / (sizes.size() * sizes.get(video.label()));
      String source = video.source().isEmpty() ? "video " + i : "source " + video.source();
      sources.merge(source, gain * weight, Double::sum);
    }
    double[] gains = sources.values().stream().mapToDouble(d -> d).toArray();
    double difference = Arrays.stream(gains).sum();
    double[] interval = bootstrap(gains);
    return new PairedTest(
        difference, interval[0], interval[1], chance(gains, difference), better, worse);
  }

  private static double chance(double[] gains, double difference) {
    double[] sizes = Arrays.stream(gains).map(Math::abs).filter(g -> g > TINY).toArray();
    if (sizes.length <= ALL_FLIPS) {
      int all = 1 << sizes.length;
      int asLarge = 0;
      for (int signs = 0; signs < all; signs++) {
        asLarge += flipped(sizes, signs) >= difference - TINY ? 1 : 0;
      }
      return asLarge / (double) all;
    }
    SplittableRandom random = new SplittableRandom(SEED);
    int asLarge = 1; // the signs as they are
    for (int i = 0; i < RANDOM_FLIPS; i++) {
      double sum = 0;
      for (double size : sizes) {
        sum += random.nextBoolean() ? size : -size;
      }
      asLarge += sum >= difference - TINY ? 1 : 0;
    }
    return asLarge / (RANDOM_FLIPS + 1.0);
  }

  private static double flipped(double[] sizes, int signs) {
    double sum = 0;
    for (int i = 0; i < sizes.length; i++) {
      sum += ((signs >> i) & 1) == 0 ? sizes[i] : -sizes[i];
    }
    return sum;
  }

  private static double[] bootstrap(double[] gains) {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Double> sums = new ArrayList<>();
    for (int i = 0; i < RESAMPLES; i++) {
      double sum = 0;
      for (int k = 0; k < gains.length; k++) {
        sum += gains[random.nextInt(gains.length)];
      }
      sums.add(sum);
    }
    sums.sort(null);
    return new double[] {
      Math.max(-1, sums.get((int) (0.025 * RESAMPLES))),
      Math.min(1, sums.get((int) (0.975 * RESAMPLES)))
    };
  }

  /** As it is written to JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("difference", difference);
    map.put("interval", List.of(low, high));
    map.put("chance", chance);
    map.put("better", better);
    map.put("worse", worse);
    return map;
  }

  /** For people. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "mean of the labels %+.1f points (%+.1f to %+.1f), %s better and %d worse;"
            + " equal models would differ so far with a chance of %.4f",
        100 * difference,
        100 * low,
        100 * high,
        Count.of(better, "video"),
        worse,
        chance);
  }
}
