package io.clipstream.streams.live;

import io.clipstream.schemas.ModelState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was labelled when, split at the steps of swaps. Times are {@link System#nanoTime}. */
final class SwapMeasures {
  /** From, inclusive, to, exclusive. */
  record Span(long from, long to) {
    double seconds() {
      return (to - from) / 1e9;
    }
  }

  /**
   * One swap.
   *
   * @param steps when each step of preparing and loading began, in order
   * @param inUse when videos began to go to the new version
   * @param closed when the old one had ended
   */
  record Swap(long begun, Map<ModelState, Long> steps, long inUse, long closed, long deviceBytes) {
    Span all() {
      return new Span(begun, closed);
    }

    Span loading() {
      return new Span(steps.get(ModelState.LOADING), inUse);
    }

    /** A step ends where the next one begins. */
    Span step(ModelState step) {
      long from = steps.get(step);
      long to = steps.values().stream().filter(at -> at > from).min(Long::compare).orElse(inUse);
      return new Span(from, to);
    }
  }

  private final long[] at;
  private final List<SwapLoad.Done> done;

  SwapMeasures(List<SwapLoad.Done> done) {
    this.done = done.stream().sorted((one, other) -> Long.compare(one.at(), other.at())).toList();
    at = this.done.stream().mapToLong(SwapLoad.Done::at).toArray();
  }

  private int index(long time) {
    int found = Arrays.binarySearch(at, time);
    return found < 0 ? -found - 1 : found;
  }

  /** Videos a second, over all of the spans. */
  double perSecond(List<Span> spans) {
    long videos = 0;
    double seconds = 0;
    for (Span span : spans) {
      videos += index(span.to()) - index(span.from());
      seconds += span.seconds();
    }
    return videos / seconds;
  }

  /**
   * Milliseconds that this part of the videos of the spans took at most.
   *
   * @param part 0 to 1
   */
  double latency(List<Span> spans, double part) {
    List<Long> nanos = new ArrayList<>();
    for (Span span : spans) {
      for (int i = index(span.from()); i < index(span.to()); i++) {
        nanos.add(done.get(i).nanos());
      }
    }
    nanos.sort(null);
    return nanos.isEmpty()
        ? Double.NaN
        : nanos.get(Math.min(nanos.size() - 1, (int) (part * nanos.size()))) / 1e6;
  }

  /** A table of the whole. */
  String report(String what, List<Span> steady, List<Swap> swaps) {
    double rate = perSecond(steady);
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s, %d swaps%n%-22s %9s %9s %7s %9s %9s %9s%n",
            what,
            swaps.size(),
            "",
            "seconds",
            "videos/s",
            "ratio",
            "p50 ms",
            "p99 ms",
            "max ms"));
    row(text, "steady", steady, rate);
    row(text, "rollout", swaps.stream().map(Swap::all).toList(), rate);
    row(text, "of it, load to use", swaps.stream().map(Swap::loading).toList(), rate);
    Map<ModelState, List<Span>> steps = new EnumMap<>(ModelState.class);
    for (Swap swap : swaps) {
      for (ModelState step : swap.steps().keySet()) {
        steps.computeIfAbsent(step, key -> new ArrayList<>()).add(swap.step(step));
      }
    }
    steps.forEach((step, spans) -> row(text, "  " + step, spans, rate));
    row(
        text,
        "  use to closed",
        swaps.stream().map(swap -> new Span(swap.inUse(), swap.closed())).toList(),
        rate);
    return text.toString();
  }

  private void row(StringBuilder text, String name, List<Span> spans, double steady) {
    double seconds = spans.stream().mapToDouble(Span::seconds).sum();
    double rate = perSecond(spans);
    text.append(
        String.format(
            Locale.ROOT,
            "%-22s %9.2f %9.1f %7.3f %9.1f %9.1f %9.1f%n",
            name,
            seconds,
            rate,
            rate / steady,
            latency(spans, 0.5),
            latency(spans, 0.99),
            latency(spans, 1)));
  }
}
