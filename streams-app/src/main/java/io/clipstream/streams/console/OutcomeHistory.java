package io.clipstream.streams.console;

import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The last outcomes of the group, counts of all since the console was started, and which of them
 * are new. Labelled and rejected ones have each bounds of their own, so that neither push out the
 * others. All threads.
 */
final class OutcomeHistory {
  private static final int LABELLED = 300;
  private static final int REJECTED = 200;
  private static final int NEW = 40;
  private static final Comparator<SeenOutcome> NEWEST_FIRST =
      Comparator.comparing(OutcomeHistory::millis).reversed();

  /** Of the records of one kind that are kept, as they are in Kafka; in memory they take more. */
  private static final long MOST_BYTES = 4 << 20;

  /** The last ones of one kind, newest first. */
  private static final class Kept {
    private final int most;
    private final Deque<SeenOutcome> outcomes = new ArrayDeque<>();
    private long bytes;

    Kept(int most) {
      this.most = most;
    }

    void add(SeenOutcome outcome) {
      outcomes.addFirst(outcome);
      bytes += outcome.bytes();
    }

    /** The oldest, if there are too many; null: there are not. The newest is always kept. */
    SeenOutcome takeSurplus() {
      if (outcomes.size() <= most && (bytes <= MOST_BYTES || outcomes.size() == 1)) {
        return null;
      }
      SeenOutcome oldest = outcomes.removeLast();
      bytes -= oldest.bytes();
      return oldest;
    }
  }

  private final Map<String, SeenOutcome> byPlace = new HashMap<>();
  private final Kept labelled = new Kept(LABELLED);
  private final Kept rejected = new Kept(REJECTED);

  /** Pages of those that nobody was told of. */
  private final Deque<Object> fresh = new ArrayDeque<>();

  private final Map<String, Long> reasons = new TreeMap<>();
  private long labelledCount;
  private long rejectedCount;

  /**
   * @param live whether it came while the console watched; one that was there before is neither
   *     counted nor new
   */
  synchronized void add(SeenOutcome outcome, boolean live) {
    Kept kept = outcome.isLabelled() ? labelled : rejected;
    kept.add(outcome);
    byPlace.put(outcome.place(), outcome);
    for (SeenOutcome old = kept.takeSurplus(); old != null; old = kept.takeSurplus()) {
      byPlace.remove(old.place());
    }
    if (live) {
      fresh.addFirst(outcome.page());
      if (fresh.size() > NEW) {
        fresh.removeLast();
      }
    }
    if (outcome.record() instanceof RejectedVideo video) {
      reasons.merge(video.getReason().toString(), 1L, Long::sum);
    }
    if (live && outcome.isLabelled()) {
      labelledCount++;
    } else if (live) {
      rejectedCount++;
    }
  }

  synchronized Optional<SeenOutcome> find(String place) {
    return Optional.ofNullable(byPlace.get(place));
  }

  /** The newest that came since the last call, newest first, at most {@value #NEW}. */
  synchronized List<Object> takeNew() {
    List<Object> pages = List.copyOf(fresh);
    fresh.clear();
    return pages;
  }

  /** The last ones of both kinds as the page gets them, so many of each, newest first. */
  synchronized List<Object> last(int most) {
    return Stream.of(labelled, rejected)
        .flatMap(kept -> kept.outcomes.stream().sorted(NEWEST_FIRST).limit(most))
        .sorted(NEWEST_FIRST)
        .map(SeenOutcome::page)
        .toList();
  }

  private static long millis(SeenOutcome outcome) {
    return outcome.record() instanceof VideoLabels labels
        ? labels.getLabelledAt().toEpochMilli()
        : ((RejectedVideo) outcome.record()).getRejectedAt().toEpochMilli();
  }

  /** How many there were since the console was started, and why those that are known failed. */
  synchronized Map<String, Object> counts() {
    Map<String, Object> counts = new LinkedHashMap<>();
    counts.put("labelled", labelledCount);
    counts.put("rejected", rejectedCount);
    counts.put("reasons", new TreeMap<>(reasons));
    return counts;
  }
}
