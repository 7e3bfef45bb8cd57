package io.clipstream.streams.live.rollout;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The other instances, and those that failed or died while they took up a version. */
final class Peers {
  private final Map<String, Peer> living;
  // Gone while busy, or failed, in the rollout that is wanted now or in one not read yet.
  private final Map<String, Peer> remembered;

  Peers() {
    living = new TreeMap<>();
    remembered = new TreeMap<>();
  }

  Peers(Peers other) {
    living = new TreeMap<>(other.living);
    remembered = new TreeMap<>(other.remembered);
  }

  /** Whether a report says nothing new, as most do: those that are written to be heard alone. */
  boolean knows(String instance, Report report, long offset) {
    return report.phase() != Phase.STOPPED && Peer.of(report, offset).equals(living.get(instance));
  }

  void heard(String instance, Report report, long offset) {
    remembered.remove(instance);
    if (report.phase() == Phase.STOPPED) {
      living.remove(instance);
    } else {
      living.put(instance, Peer.of(report, offset));
    }
  }

  /**
   * @param rollout the one that is wanted now: deaths in earlier ones say nothing
   */
  void gone(String instance, long rollout) {
    Peer peer = living.remove(instance);
    if (peer != null && peer.rollout() > 0 && peer.rollout() >= rollout) {
      remembered.put(instance, peer);
    }
  }

  void rollout(long rollout) {
    remembered.values().removeIf(peer -> peer.rollout() < rollout);
  }

  void clear() {
    living.clear();
    remembered.clear();
  }

  /** How many are to be counted as changing before the instance with this place in the queue. */
  long before(long place) {
    return living.values().stream().filter(peer -> peer.before(place)).count();
  }

  /** Whether all of them that serve anything serve this and change nothing. */
  boolean allSettledOn(String version) {
    return living.values().stream().noneMatch(peer -> peer.unsettles(version));
  }

  /** What failures and deaths answer; those to other rollouts are void. */
  List<Answer> answers(int deathsToStop) {
    List<Answer> answers = new ArrayList<>();
    Map<Peer.Busy, List<String>> died = new TreeMap<>(Peers::byVersion);
    living.values().forEach(peer -> failure(peer, answers));
    remembered.forEach(
        (instance, peer) -> {
          failure(peer, answers);
          if (peer instanceof Peer.Busy busy) {
            died.computeIfAbsent(busy, key -> new ArrayList<>()).add(instance);
          }
        });
    died.forEach(
        (busy, instances) -> {
          if (instances.size() >= deathsToStop) {
            String reason = "died while taking it up: " + String.join(", ", instances);
            answers.add(new Answer(Answer.Kind.STOP, busy.rollout(), busy.version(), reason));
          }
        });
    return answers;
  }

  private static void failure(Peer peer, List<Answer> answers) {
    if (peer instanceof Peer.Failed failed) {
      answers.add(failed.answer());
    }
  }

  private static int byVersion(Peer.Busy one, Peer.Busy other) {
    return one.version().compareTo(other.version());
  }

  /** All that is known. */
  List<Object> state() {
    return List.of(living, remembered);
  }

  Map<String, Peer> living() {
    return living;
  }

  Map<String, Peer> remembered() {
    return remembered;
  }
}
