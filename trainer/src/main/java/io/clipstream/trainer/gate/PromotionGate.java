package io.clipstream.trainer.gate;

import io.clipstream.model.Count;
import io.clipstream.model.Printable;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.eval.PairedTest;
import io.clipstream.trainer.recipe.GateSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compares a candidate with the model that serves, on the same held-out videos with the same
 * protocol. A label that the live model does not know counts as one that it gets wrong.
 */
public final class PromotionGate {
  private static final double EPSILON = 1e-9;
  private static final double MIB = 1 << 20;

  private final GateSettings settings;

  public PromotionGate(GateSettings settings) {
    this.settings = settings;
  }

  /** Lets a model pass that replaces none. */
  public static GateDecision first(String candidate) {
    return new GateDecision(
        candidate,
        "",
        List.of(new GateDecision.Check("live model", true, "there is none to compare with")));
  }

  public GateDecision decide(Contender live, Contender candidate) {
    return new GateDecision(
        candidate.id(),
        live.id(),
        List.of(
            protocol(live, candidate),
            labels(live, candidate),
            better(live, candidate),
            noLabelWorse(live, candidate),
            cost(
                "latency",
                "ms a clip",
                settings.maxLatency(),
                live.cost().latencyMillis(),
                candidate.cost().latencyMillis()),
            cost(
                "memory",
                "MiB",
                settings.maxMemory(),
                live.cost().bytes() / MIB,
                candidate.cost().bytes() / MIB)));
  }

  private GateDecision.Check protocol(Contender live, Contender candidate) {
    return new GateDecision.Check(
        "protocol",
        live.answers().views().equals(candidate.answers().views()),
        "%s of split %s, %s"
            .formatted(
                Count.of(live.answers().videos().size(), "video"),
                settings.split(),
                Stream.of(live, candidate)
                    .map(model -> model.answers().protocol())
                    .distinct()
                    .collect(Collectors.joining(" and "))));
  }

  private static GateDecision.Check labels(Contender live, Contender candidate) {
    Optional<String> lacking = lacking(live.labels(), candidate.labels());
    return new GateDecision.Check(
        "labels",
        lacking.isEmpty(),
        lacking.orElseGet(
            () ->
                "all %d of the live model, and %d more"
                    .formatted(
                        live.labels().size(), candidate.labels().size() - live.labels().size())));
  }

  /** Which labels of the live model a candidate will not know, as far as it is refused for it. */
  public static Optional<String> lacking(List<String> live, List<String> candidate) {
    List<String> missing = new ArrayList<>(live);
    missing.removeAll(candidate);
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "it lacks %d of the live model, such as %s"
                .formatted(missing.size(), Printable.name(missing.get(0))));
  }

  private GateDecision.Check better(Contender live, Contender candidate) {
    PairedTest test = PairedTest.of(live.answers(), candidate.answers());
    boolean passed =
        test.difference() >= settings.margin() - EPSILON
            && test.difference() > 0
            && test.chance() <= 1 - settings.confidence() + EPSILON;
    return new GateDecision.Check(
        "better",
        passed,
        String.format(
            Locale.ROOT,
            "%s; wanted: at least %.1f points, chance at most %.4f",
            test,
            100 * settings.margin(),
            1 - settings.confidence()));
  }

  private GateDecision.Check noLabelWorse(Contender live, Contender candidate) {
    List<ClipList.Entry> videos = live.answers().videos();
    Map<String, int[]> counts = new TreeMap<>();
    for (int i = 0; i < videos.size(); i++) {
      int[] count = counts.computeIfAbsent(videos.get(i).label(), label -> new int[3]);
      count[0]++;
      count[1] += live.answers().right(i) ? 1 : 0;
      count[2] += candidate.answers().right(i) ? 1 : 0;
    }
    String worst = "";
    double largest = Double.NEGATIVE_INFINITY;
    for (Map.Entry<String, int[]> label : counts.entrySet()) {
      int[] count = label.getValue();
      double drop = (count[1] - count[2]) / (double) count[0];
      if (drop > largest) {
        largest = drop;
        worst =
            "%s has %d of %d right, had %d".formatted(label.getKey(), count[2], count[0], count[1]);
      }
    }
    return new GateDecision.Check(
        "no label worse",
        largest <= settings.maxClassDrop() + EPSILON,
        String.format(
            Locale.ROOT,
            "%s (%+.1f points); wanted: no loss of more than %.1f points",
            worst,
            100 * (0 - largest), // no loss is none, without a sign
            100 * settings.maxClassDrop()));
  }

  private static GateDecision.Check cost(
      String name, String unit, double most, double live, double candidate) {
    return new GateDecision.Check(
        name,
        candidate <= most * live,
        String.format(
            Locale.ROOT,
            "%.1f %s, live %.1f; wanted: at most %.2f times that",
            candidate,
            unit,
            live,
            most));
  }
}
