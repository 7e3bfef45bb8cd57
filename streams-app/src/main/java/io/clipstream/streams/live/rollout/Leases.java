package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who is alive, judged by what arrives here and by this machine's monotonic clock alone. Times are
 * nanoseconds of one such clock.
 *
 * <p>An instance loses its own lease when the newest beat that it has read back was <em>sent</em>
 * more than half a lease ago; others count a whole lease from when that beat <em>arrived</em>,
 * which is later. So it knows before they do, unless the process stood still in between.
 */
final class Leases {
  private static final int BEATS_REMEMBERED = 1_024;

  private final long lease;
  private final long forget;
  private final TreeMap<Long, Long> unread = new TreeMap<>();
  // Both in the order of their times: with every record somebody asks who has run out, and of a
  // large group only the first need be looked at.
  private final Map<String, Long> living = new LinkedHashMap<>();
  private final Map<String, Long> dead = new LinkedHashMap<>();
  private long ownBeatSent;
  private boolean ownLost;

  /**
   * @param lease and {@code forget} in nanoseconds
   */
  Leases(long lease, long forget, long now) {
    this.lease = lease;
    this.forget = forget;
    ownBeatSent = now;
  }

  void sent(long beat, long now) {
    unread.put(beat, now);
    if (unread.size() > BEATS_REMEMBERED) {
      unread.pollFirstEntry();
    }
  }

  /** An own record was read back. */
  void readBack(long beat, long now) {
    Long sent = unread.get(beat);
    if (sent == null) {
      return;
    }
    unread.headMap(beat, true).clear();
    ownBeatSent = sent;
    if (ownLost && now - sent <= lease / 2) {
      ownLost = false;
      // Nothing was heard meanwhile, of the others neither: their leases begin again.
      living.replaceAll((instance, heard) -> now);
    }
  }

  void heard(String instance, long now) {
    dead.remove(instance);
    living.remove(instance); // so that it goes to the end
    living.put(instance, now);
  }

  void left(String instance) {
    living.remove(instance);
    dead.remove(instance);
  }

  void clear() {
    living.clear();
    dead.clear();
  }

  /** Whether the own lease has run out just now. */
  boolean ownRunsOut(long now) {
    boolean out = !ownLost && now - ownBeatSent > lease / 2;
    ownLost |= out;
    return out;
  }

  boolean ownLost() {
    return ownLost;
  }

  /** Those whose lease has run out since the last call; nobody while the own one is lost. */
  List<String> runOut(long now) {
    return move(living, dead, ownLost ? Long.MAX_VALUE : lease, now);
  }

  /** Those dead for so long that their records may go, if it is for {@code self} to delete them. */
  List<String> forgotten(String self, long now) {
    if (dead.isEmpty() || ownLost) {
      return List.of();
    }
    boolean first = living.keySet().stream().allMatch(other -> self.compareTo(other) < 0);
    return first ? move(dead, null, forget, now) : List.of();
  }

  private static List<String> move(
      Map<String, Long> from, Map<String, Long> to, long after, long now) {
    List<String> moved = new ArrayList<>();
    Iterator<Map.Entry<String, Long>> oldestFirst = from.entrySet().iterator();
    while (oldestFirst.hasNext()) {
      Map.Entry<String, Long> next = oldestFirst.next();
      if (now - next.getValue() <= after) {
        break;
      }
      moved.add(next.getKey());
      oldestFirst.remove();
    }
    if (to != null) {
      moved.forEach(instance -> to.put(instance, now));
    }
    return moved;
  }
}
