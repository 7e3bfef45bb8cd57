package io.clipstream.streams.intake;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** The places at work that hosts share, and whose turn it is. Guarded by the room's lock. */
final class Places {
  private final int all;

  /** Hosts' lanes with somebody who is ready, the one whose turn it is first. */
  private final Set<Lane> turns = new LinkedHashSet<>();

  /** Places of hosts that nothing had come from when they were taken, the oldest first. */
  private final Set<Place> trials = new LinkedHashSet<>();

  private int out;
  private int outOfUnproven;

  Places(int all) {
    this.all = all;
  }

  /** Somebody of a lane is ready. */
  void addTurn(Lane lane) {
    if (lane.origin.isHost()) {
      turns.add(lane);
    }
  }

  /** Whether there is a place for one more of a lane; for roots there always is. */
  boolean hasRoom(Lane lane) {
    return !lane.origin.isHost()
        || (out < all
            && lane.out < lane.share(all)
            && (lane.circuit.isProven() || outOfUnproven < Lane.large(all)));
  }

  void take(Place place) {
    Lane lane = place.ticket.lane;
    lane.out++;
    if (lane.origin.isHost()) {
      out++;
      if (!lane.circuit.isProven()) {
        outOfUnproven++;
        trials.add(place);
      }
    }
  }

  /** A second call does nothing. */
  void free(Place place) {
    if (!place.taken) {
      return;
    }
    place.taken = false;
    trials.remove(place);
    Lane lane = place.ticket.lane;
    lane.out--;
    if (lane.origin.isHost()) {
      out--;
      outOfUnproven -= lane.circuit.isProven() ? 0 : 1;
    }
  }

  /** Something comes from a lane's origin. Before its circuit is told. */
  void prove(Lane lane) {
    if (lane.origin.isHost() && !lane.circuit.isProven()) {
      outOfUnproven -= lane.out;
    }
  }

  /**
   * One of each host after the other, while there are places; who may not keeps its turn.
   *
   * @param letOneBegin whether one of the lane began
   */
  void takeTurns(Predicate<Lane> letOneBegin) {
    List<Lane> served = new ArrayList<>();
    do {
      turns.addAll(served);
      served.clear();
      for (Iterator<Lane> each = turns.iterator(); each.hasNext() && out < all; ) {
        Lane lane = each.next();
        if (lane.ready.isEmpty()) {
          each.remove();
        } else if (letOneBegin.test(lane)) {
          each.remove();
          served.add(lane);
        }
      }
    } while (!served.isEmpty());
  }

  /** Who hears nothing and makes way for hosts that were not tried yet, if these have no place. */
  List<Place> silent(long now) {
    List<Place> silent = new ArrayList<>();
    if (out < all && outOfUnproven < Lane.large(all)) {
      return silent;
    }
    long untried = turns.stream().filter(Lane::isUntried).count();
    for (Place place : trials) {
      Lane lane = place.ticket.lane;
      if (silent.size() < untried
          && !place.served
          && !place.makesWay
          && !lane.circuit.isProven()
          && now - place.begun >= lane.silence()) {
        place.makesWay = true;
        lane.madeWay++;
        silent.add(place);
      }
    }
    return silent;
  }

  /** Nobody's turn comes any more. */
  void shut() {
    turns.clear();
  }
}
