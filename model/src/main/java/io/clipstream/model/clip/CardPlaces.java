package io.clipstream.model.clip;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which GPU decodes a video, and which videos wait for one. All threads.
 *
 * <p>A GPU that failed gets no videos for a while, twice as long each time until it decodes one
 * again. One that its process cannot use any more gets none at all.
 */
final class CardPlaces<C extends DecodingGpu> {
  private static final Logger log = LoggerFactory.getLogger(CardPlaces.class);

  /** Videos that a GPU decodes at once: more do not keep its decoders any busier. */
  private static final int PLACES = 16;

  /** How often who waits for a place looks whether the CPU would be faster by now. */
  private static final long LOOK_MILLIS = 50;

  private static final long FIRST_PAUSE = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST_PAUSE = TimeUnit.MINUTES.toNanos(10);

  private final LongSupplier clock;
  private final List<Place<C>> places;
  private final CpuHelp help; // guarded by this, as is what follows
  private final Deque<Object> line = new ArrayDeque<>(); // who came first is the first

  /** A GPU, how many videos it decodes now, and its last pause. */
  private static final class Place<C> {
    final C card;
    int taken;
    long pause; // 0 if it has decoded since
    long pauseEnd;
    boolean lost;

    Place(C card) {
      this.card = card;
    }

    boolean isReady(long now) {
      return !lost && (pause == 0 || now - pauseEnd >= 0);
    }
  }

  /**
   * @param clock nanoseconds, as {@link System#nanoTime} counts them
   */
  CardPlaces(List<C> cards, LongSupplier clock) {
    this.clock = clock;
    places = cards.stream().map(Place::new).toList();
    help = new CpuHelp(count());
  }

  /** Videos that all GPUs decode at once. */
  int count() {
    return PLACES * places.size();
  }

  /** Whether any GPU may get videos now. */
  synchronized boolean isAnyReady() {
    return ready().findAny().isPresent();
  }

  /** A GPU that is of use to this process; empty if there is none. */
  synchronized Optional<C> any() {
    return places.stream().filter(place -> !place.lost).map(place -> place.card).findFirst();
  }

  private Stream<Place<C>> ready() {
    long now = clock.getAsLong();
    return places.stream().filter(place -> place.isReady(now));
  }

  /**
   * The GPU that a video gets a place on, to be given back with {@link #give}; empty if the CPU
   * decodes it. Waits for a place if that is faster, behind those that came before: else the last
   * ones would wait for long where more come than there are places.
   *
   * @param queue tells how many videos wait, beside those that wait here
   * @param deadline is extended by the wait
   */
  Optional<C> take(IntSupplier queue, Deadline deadline) throws InterruptedException {
    long before = System.nanoTime();
    synchronized (this) {
      Object self = new Object();
      line.addLast(self);
      try {
        while (true) {
          Optional<Place<C>> freest = ready().min(Comparator.comparingInt(place -> place.taken));
          if (freest.isEmpty()) {
            return Optional.empty();
          }
          boolean full = freest.get().taken == PLACES;
          if (!full && line.peekFirst() == self) {
            freest.get().taken++;
            return Optional.of(freest.get().card);
          }
          if (full && help.isWanted(line.size() + queue.getAsInt())) {
            return Optional.empty();
          }
          wait(LOOK_MILLIS);
        }
      } finally {
        line.remove(self);
        notifyAll(); // somebody else is the first now
        deadline.extend(System.nanoTime() - before);
      }
    }
  }

  synchronized void give(C card) {
    of(card).taken--;
    notifyAll();
  }

  /** A GPU decoded a video. */
  synchronized void took(C card, long nanos) {
    help.gpuTook(nanos);
    Place<C> place = of(card);
    if (place.pause > 0 && place.isReady(clock.getAsLong())) {
      place.pause = 0;
      log.info("GPU {} decodes videos again", card.number());
    }
  }

  /** The CPU decoded a video that a GPU could have decoded. */
  synchronized void cpuTook(long nanos) {
    help.cpuTook(nanos);
  }

  /**
   * A GPU failed. Others of the videos that it decodes at the time may fail of the same, so only
   * the first one counts.
   *
   * @param lost whether this process cannot use it any more
   * @param why for the log, one line
   */
  synchronized void failed(C card, boolean lost, String why) {
    Place<C> place = of(card);
    long now = clock.getAsLong();
    if (place.lost || !lost && !place.isReady(now)) {
      return;
    }
    if (lost) {
      place.lost = true;
      log.warn("GPU {} decodes no more videos in this process: {}", card.number(), why);
    } else {
      place.pause = place.pause == 0 ? FIRST_PAUSE : Math.min(2 * place.pause, LONGEST_PAUSE);
      place.pauseEnd = now + place.pause;
      log.warn(
          "GPU {} decodes no videos for {} s: {}",
          card.number(),
          TimeUnit.NANOSECONDS.toSeconds(place.pause),
          why);
    }
    notifyAll();
  }

  private Place<C> of(C card) {
    for (Place<C> place : places) {
      if (place.card == card) {
        return place;
      }
    }
    throw new IllegalArgumentException("GPU " + card.number() + " has no places here");
  }
}
