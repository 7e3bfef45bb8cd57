package io.clipstream.streams.intake;

import io.clipstream.model.fetch.Fault;
import io.clipstream.model.fetch.FetchResult.Unavailable;
import io.clipstream.model.fetch.Origin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;

/**
 * Lets guests go to work, by the rules that this package's documentation states. All threads;
 * nobody waits here. {@link #tick} is called by a {@link RoomClock} or a test.
 */
public final class WaitingRoom {
  private static final long INSTANCE_PAUSE = Duration.ofSeconds(1).toNanos();

  private static final Duration LONGEST_WAIT = Duration.ofDays(30);

  /** Origins that are remembered though nothing waits for them. */
  private static final int REMEMBERED = 1000;

  private final WaitRules rules;
  private final Places places;
  private final Patience patience;
  private final LongSupplier clock;
  private final TroubleLog log = new TroubleLog();

  /** Guards what follows, and everything of tickets, places, lanes and patience. */
  private final Object lock = new Object();

  private final Map<Origin, Lane> lanes = new HashMap<>();

  private final PriorityQueue<Ticket> pausing =
      new PriorityQueue<>((a, b) -> Long.signum(a.notBefore - b.notBefore));

  private int waitingVideos;
  private long waitingBytes;

  /** No file descriptors, by the last that was seen: nobody is late for that. */
  private boolean outOfFiles;

  private long outOfFilesSince;

  /** Nobody begins before {@link #instanceUntil}. */
  private boolean instancePauses;

  private long instanceUntil;
  private boolean shut;

  /**
   * @param places of hosts' guests at work together, at least 1
   * @param clock as {@link System#nanoTime}
   */
  public WaitingRoom(WaitRules rules, int places, LongSupplier clock) {
    this.rules = rules;
    this.places = new Places(places);
    this.patience = new Patience(rules.patience());
    this.clock = clock;
  }

  /** Who is to blame for a failure. */
  public enum Verdict {
    /** The guest: others of its origin succeeded meanwhile. */
    GUEST,
    /** The guest if the origin answers a probe, else the origin. */
    ASK,
    /** Perhaps the origin: the guest waits. */
    ORIGIN
  }

  /**
   * Takes a guest in, and lets it begin at once if it may.
   *
   * @param bytes that it holds, about
   * @param waited for how long it had waited for its origin before, elsewhere; its patience counts
   *     on, unless something comes from there
   */
  public Ticket enter(Origin origin, long bytes, Duration waited, Guest guest) {
    long before = (waited.compareTo(LONGEST_WAIT) < 0 ? waited : LONGEST_WAIT).toNanos();
    Ticket ticket;
    List<Place> begun = new ArrayList<>();
    synchronized (lock) {
      long now = clock.getAsLong();
      ticket = new Ticket(new Lane(origin), guest, bytes, now, before);
      takeIn(ticket, now, begun);
    }
    begin(begun);
    return ticket;
  }

  /** Takes a guest in once more, that gave its place back for other reasons than its origin. */
  public void enterAgain(Ticket ticket) {
    List<Place> begun = new ArrayList<>();
    synchronized (lock) {
      takeIn(ticket, clock.getAsLong(), begun);
    }
    begin(begun);
  }

  private void takeIn(Ticket ticket, long now, List<Place> begun) {
    if (shut) {
      return;
    }
    ticket.lane = lanes.computeIfAbsent(ticket.lane.origin, Lane::new); // It may be forgotten.
    addWaiting(ticket, 1);
    makeReady(ticket);
    letBegin(ticket.lane, now, begun);
  }

  /** A guest goes, if it waits here. */
  public void leave(Ticket ticket) {
    synchronized (lock) {
      if (ticket.waiting) {
        remove(ticket);
      }
    }
  }

  /** The origin served the guest, or answered that it has nothing for it. */
  public void answered(Place place) {
    List<Place> begun = new ArrayList<>();
    synchronized (lock) {
      Lane lane = place.ticket.lane;
      long now = clock.getAsLong();
      place.judged = true;
      if (outOfFiles) {
        outOfFiles = false;
        log.filesAgain();
      }
      succeeded(lane, place.begun, now, begun);
    }
    begin(begun);
  }

  private void succeeded(Lane lane, long since, long now, List<Place> begun) {
    places.prove(lane);
    if (lane.circuit.succeeded(since, now)) {
      log.closed(lane.origin, now - lane.circuit.openedAt(), lane.waiting);
      letBegin(lane, now, begun);
    }
  }

  /** Says who is to blame if a guest at work failed so; changes nothing. */
  public Verdict judge(Place place, Unavailable failure) {
    synchronized (lock) {
      Ticket ticket = place.ticket;
      Circuit circuit = blamed(ticket, failure).circuit;
      if (failure.fault() != Fault.EITHER
          || ticket.attempts + failure.attempts() < rules.attempts()
          || !circuit.isClosed()) {
        return Verdict.ORIGIN;
      }
      if (circuit.succeededSince(ticket.rounds == 0 ? place.begun : ticket.firstFailed)) {
        return Verdict.GUEST;
      }
      return ticket.rounds > 0 ? Verdict.ASK : Verdict.ORIGIN;
    }
  }

  /** Where a guest failed: its own origin, or one that this led to. */
  private Lane blamed(Ticket ticket, Unavailable failure) {
    return failure
        .elsewhere()
        .map(origin -> lanes.computeIfAbsent(origin, Lane::new))
        .orElse(ticket.lane);
  }

  /** Attempts that were made for a guest before this time at work. */
  public int attempts(Place place) {
    synchronized (lock) {
      return place.ticket.attempts;
    }
  }

  /** A guest at work failed, perhaps not by its own fault: it gives its place back and waits. */
  public void failed(Place place, Unavailable failure) {
    List<Place> begun = new ArrayList<>();
    synchronized (lock) {
      Ticket ticket = place.ticket;
      long now = clock.getAsLong();
      place.judged = true;
      places.free(place);
      Lane lane = blamed(ticket, failure);
      if (lane != ticket.lane) { // Its own origin answered, with where to go.
        succeeded(ticket.lane, place.begun, now, begun);
        ticket.lane = lane;
      }
      if (failure.fault() == Fault.INSTANCE) {
        pauseInstance(failure, now);
        lane.circuit.learnedNothing(now);
        ticket.notBefore = now;
      } else if (failure.fault() == Fault.DISK) {
        lane.circuit.learnedNothing(now);
        ticket.noRoomSince = ticket.noRoom == 0 ? now : ticket.noRoomSince;
        ticket.noRoom++;
        ticket.notBefore = now + Patience.growing(ticket.noRoom);
      } else {
        patience.failed(place, failure);
        if (lane.circuit.failed(ticket.identity, failure, lane.hasNew(), rules.patience(), now)) {
          log.opened(lane.origin, failure.problem(), lane.circuit.until() - now);
        }
        ticket.notBefore = now + patience.pause(ticket);
      }
      if (!shut) {
        addWaiting(ticket, 1);
        pausing.add(ticket);
      }
      takeTurns(now, begun);
    }
    begin(begun);
  }

  /** A guest stopped its work for others: it waits for another turn, and is not blamed. */
  public void makeWay(Place place) {
    List<Place> begun = new ArrayList<>();
    synchronized (lock) {
      long now = clock.getAsLong();
      place.judged = true;
      places.free(place);
      place.ticket.lane.circuit.learnedNothing(now);
      place.ticket.notBefore = now;
      if (!shut) {
        addWaiting(place.ticket, 1);
        pausing.add(place.ticket);
      }
      takeTurns(now, begun);
    }
    begin(begun);
  }

  /** A guest's work is over, or it is not worked on after all. A second call does nothing. */
  public void giveBack(Place place) {
    List<Place> begun = new ArrayList<>();
    synchronized (lock) {
      if (place.taken) {
        long now = clock.getAsLong();
        places.free(place);
        if (!place.judged) {
          place.ticket.lane.circuit.learnedNothing(now);
        }
        takeTurns(now, begun);
      }
    }
    begin(begun);
  }

  /** Looks at the time: who paused long enough, whose patience is over. Every now and then. */
  void tick() {
    List<Place> begun = new ArrayList<>();
    Map<Ticket, GivenUp> late = new HashMap<>();
    List<Place> silent;
    synchronized (lock) {
      long now = clock.getAsLong();
      if (instancePauses && now - instanceUntil >= 0) {
        instancePauses = false;
      }
      while (!pausing.isEmpty() && now - pausing.peek().notBefore >= 0) {
        makeReady(pausing.remove());
      }
      for (Lane lane : lanes.values()) {
        if (!lane.origin.isHost()) {
          letBegin(lane, now, begun);
        }
        lane.ready.removeIf(ticket -> isLate(ticket, now, late));
      }
      pausing.removeIf(ticket -> isLate(ticket, now, late));
      takeTurns(now, begun);
      silent = places.silent(now);
      lanes.values().removeIf(lane -> isForgotten(lane, now));
    }
    begin(begun);
    late.forEach((ticket, why) -> ticket.guest.giveUp(why));
    silent.forEach(place -> place.ticket.guest.makeWay(place));
  }

  private boolean isForgotten(Lane lane, long now) {
    if (lane.isDeserted() && !lane.circuit.isClosed() && now - lane.circuit.until() >= 0) {
      log.forgotten(lane.origin);
      return true;
    }
    return lanes.size() > REMEMBERED && lane.isIdle();
  }

  private boolean isLate(Ticket ticket, long now, Map<Ticket, GivenUp> late) {
    Optional<GivenUp> why = outOfFiles ? Optional.empty() : patience.lost(ticket, now);
    why.ifPresent(
        lost -> {
          late.put(ticket, lost);
          addWaiting(ticket, -1);
        });
    return why.isPresent();
  }

  /** For how long a guest has waited for its origin, before it came here included; also later. */
  public Duration waited(Ticket ticket) {
    synchronized (lock) {
      return patience.waited(ticket, clock.getAsLong());
    }
  }

  /** Lets as many of a lane begin as may. */
  private void letBegin(Lane lane, long now, List<Place> begun) {
    while (letOneBegin(lane, now, begun)) {
      // The next.
    }
  }

  private boolean letOneBegin(Lane lane, long now, List<Place> begun) {
    if (shut
        || instancePauses
        || lane.ready.isEmpty()
        || !lane.circuit.admits(now)
        || !places.hasRoom(lane)) {
      return false;
    }
    Ticket ticket = lane.next();
    addWaiting(ticket, -1);
    lane.circuit.begin();
    Place place = new Place(ticket, now);
    places.take(place);
    begun.add(place);
    return true;
  }

  private void takeTurns(long now, List<Place> begun) {
    places.takeTurns(lane -> letOneBegin(lane, now, begun));
  }

  private void makeReady(Ticket ticket) {
    ticket.lane.ready.add(ticket);
    places.addTurn(ticket.lane);
  }

  private void addWaiting(Ticket ticket, int change) {
    ticket.waiting = change > 0;
    ticket.lane.waiting += change;
    waitingVideos += change;
    waitingBytes += change * ticket.bytes;
  }

  private void remove(Ticket ticket) {
    if (!ticket.lane.ready.remove(ticket)) {
      pausing.remove(ticket);
    }
    addWaiting(ticket, -1);
  }

  private void pauseInstance(Unavailable failure, long now) {
    if (!outOfFiles) {
      outOfFiles = true;
      outOfFilesSince = now;
      log.outOfFiles(failure.problem(), now);
    }
    instancePauses = true;
    instanceUntil = now + INSTANCE_PAUSE;
  }

  private static void begin(List<Place> begun) {
    begun.forEach(place -> place.ticket.guest.begin(place));
  }

  /** Lets nobody begin any more and forgets who waits; they are not told. */
  public void shut() {
    synchronized (lock) {
      shut = true;
      for (Lane lane : lanes.values()) {
        lane.ready.forEach(ticket -> ticket.waiting = false);
        lane.ready.clear();
        lane.waiting = 0;
      }
      pausing.forEach(ticket -> ticket.waiting = false);
      pausing.clear();
      places.shut();
      waitingVideos = 0;
      waitingBytes = 0;
    }
  }

  /** What waits, for whatever. */
  public Waiting waiting() {
    synchronized (lock) {
      return new Waiting(waitingVideos, waitingBytes, rules.maxWaiting(), rules.maxWaitingBytes());
    }
  }

  /** Whether a guest waits because something is out of order, not for a place alone. */
  public boolean isHeldUp(Ticket ticket) {
    synchronized (lock) {
      return ticket.waiting
          && (ticket.rounds > 0
              || ticket.noRoom > 0
              || outOfFiles
              || !ticket.lane.circuit.isClosed());
    }
  }

  /** What is out of order, the one first that was so first. */
  public List<Trouble> troubles() {
    synchronized (lock) {
      long now = clock.getAsLong();
      List<Trouble> troubles = new ArrayList<>();
      for (Lane lane : lanes.values()) {
        if (!lane.circuit.isClosed()) {
          troubles.add(lane.trouble(now));
        }
      }
      if (outOfFiles) {
        troubles.add(
            new Trouble(
                Origin.INSTANCE,
                "no file descriptor is left (ulimit -n)",
                Duration.ofNanos(now - outOfFilesSince),
                Duration.ofNanos(Math.max(0, instanceUntil - now)),
                waitingVideos));
      }
      List<Ticket> large = pausing.stream().filter(ticket -> ticket.noRoom > 0).toList();
      if (!large.isEmpty()) {
        troubles.add(
            new Trouble(
                Origin.INSTANCE,
                "the disk for downloads has no room for them",
                Duration.ofNanos(
                    now - large.stream().mapToLong(ticket -> ticket.noRoomSince).min().orElse(now)),
                Duration.ofNanos(Math.max(0, large.get(0).notBefore - now)),
                large.size()));
      }
      troubles.sort(Comparator.comparing(Trouble::since).reversed());
      return troubles;
    }
  }
}
