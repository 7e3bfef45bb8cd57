package io.clipstream.streams.console;

import io.clipstream.schemas.VideoLabels;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * What the last {@value #WINDOW} labelled videos of each version were like, for those that compare
 * versions. The {@value #VERSIONS} versions that labelled last are kept. All threads.
 */
final class VersionFigures {
  private static final int WINDOW = 500;
  private static final int VERSIONS = 8;
  private static final int LABELS = 6;

  private record Seen(String label, double score, double classifyMillis, double totalMillis) {}

  /** In the order in which they labelled last. */
  private final LinkedHashMap<List<String>, Deque<Seen>> versions =
      new LinkedHashMap<>(16, 0.75f, true);

  synchronized void add(VideoLabels labels) {
    if (labels.getLabels().isEmpty()) {
      return; // Anybody may have written it.
    }
    Deque<Seen> seen =
        versions.computeIfAbsent(
            List.of(
                Shown.text(labels.getModel().getName()),
                Shown.text(labels.getModel().getVersion())),
            added -> new ArrayDeque<>());
    seen.addLast(
        new Seen(
            Shown.text(labels.getLabels().get(0).getName()),
            labels.getLabels().get(0).getScore(),
            labels.getTimings().getClassifyMillis(),
            labels.getTimings().getTotalMillis()));
    if (seen.size() > WINDOW) {
      seen.removeFirst();
    }
    if (versions.size() > VERSIONS) {
      versions.remove(versions.keySet().iterator().next());
    }
  }

  synchronized List<Map<String, Object>> page() {
    return versions.entrySet().stream().map(e -> figures(e.getKey(), e.getValue())).toList();
  }

  private static Map<String, Object> figures(List<String> version, Deque<Seen> seen) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("model", version.get(0));
    page.put("version", version.get(1));
    page.put("videos", seen.size());
    OptionalDouble score = // Without what is no number: one of them would take the mean away.
        seen.stream().mapToDouble(Seen::score).filter(Double::isFinite).average();
    page.put("score", score.isPresent() ? score.getAsDouble() : null);
    page.put("classify", quantiles(seen, Seen::classifyMillis));
    page.put("total", quantiles(seen, Seen::totalMillis));
    Map<String, Long> counts =
        seen.stream().collect(Collectors.groupingBy(Seen::label, Collectors.counting()));
    page.put(
        "labels",
        counts.entrySet().stream()
            .sorted(
                Map.Entry.<String, Long>comparingByValue()
                    .reversed()
                    .thenComparing(Map.Entry.comparingByKey()))
            .limit(LABELS)
            .map(e -> List.<Object>of(e.getKey(), e.getValue() / (double) seen.size()))
            .toList());
    return page;
  }

  private static Double[] quantiles(Deque<Seen> seen, ToDoubleFunction<Seen> number) {
    return Quantiles.of(seen.stream().mapToDouble(number).toArray(), 0.5, 0.95);
  }
}
