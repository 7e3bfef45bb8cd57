package io.clipstream.model.clip;

import io.clipstream.model.cuda.CudaException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The GPUs that decode videos beside the CPU. Clips are the same, byte for byte, wherever they come
 * from; what a GPU cannot do, or does wrong as far as that can be seen, the CPU does. All threads.
 * Lives as long as the process.
 */
public final class GpuDecoding {
  private static final Logger log = LoggerFactory.getLogger(GpuDecoding.class);

  /** Videos that a GPU decodes at once: more do not keep its decoders any busier. */
  private static final int PLACES = 16;

  /** How often who waits for a place looks whether the CPU would be faster by now. */
  private static final long LOOK_MILLIS = 50;

  private final List<Card> all; // those that failed since, too
  private final List<Place> cards = new ArrayList<>(); // guarded by this
  private final CpuHelp help; // guarded by this
  private final int places;
  private final Map<LeftToCpu, LongAdder> left = new EnumMap<>(LeftToCpu.class);
  private final Map<ByteBuffer, Card> locked = new IdentityHashMap<>(); // guarded by itself
  private int waiting; // guarded by this
  private volatile IntSupplier queue = () -> 0;

  /** A GPU and how many videos it decodes now. */
  private static final class Place {
    final Card card;
    int taken;

    Place(Card card) {
      this.card = card;
    }
  }

  private GpuDecoding(List<Card> all) {
    this.all = List.copyOf(all);
    all.forEach(card -> cards.add(new Place(card)));
    for (LeftToCpu why : LeftToCpu.values()) {
      left.put(why, new LongAdder());
    }
    places = PLACES * all.size();
    help = new CpuHelp(places);
  }

  /** Without GPUs. */
  public static GpuDecoding off() {
    return new GpuDecoding(List.of());
  }

  /**
   * With those of these GPUs that can decode; the log says which, and why others cannot.
   *
   * @param gpus their numbers, as CUDA counts
   */
  public static GpuDecoding on(Collection<Integer> gpus) {
    String processor = System.getProperty("os.arch");
    if (!gpus.isEmpty() && !processor.equals("amd64")) {
      log.info("The CPU decodes videos: a GPU's clips are those of x86-64, this is {}", processor);
      return off();
    }
    Ffmpeg.load();
    List<Card> all = new ArrayList<>();
    for (int gpu : gpus) {
      try {
        Card card = Card.open(gpu);
        log.info("GPU {}, {}, decodes videos", gpu, card.gpu().name());
        all.add(card);
      } catch (CudaException | CardFailedException e) {
        log.info("GPU {} does not decode videos, the CPU does: {}", gpu, e.getMessage());
      }
    }
    return new GpuDecoding(all);
  }

  /** Videos that GPUs decode at once; 0 without any. */
  public int places() {
    return places;
  }

  /** The GPUs, also one that failed since and gets no more videos. */
  public List<DecodingGpu> gpus() {
    return List.copyOf(all);
  }

  /** Videos decoded on GPUs. */
  public long decoded() {
    return all.stream().mapToLong(Card::decoded).sum();
  }

  /** Videos that were left to the CPU for this reason; none if there is no GPU. */
  public long left(LeftToCpu why) {
    return left.get(why).sum();
  }

  /**
   * Lets it know how many videos wait to be decoded, beside those that are being decoded: with
   * many, CPU threads decode what GPUs could.
   */
  public void watch(IntSupplier videosWaiting) {
    queue = videosWaiting;
  }

  /**
   * A direct buffer, page-locked where there are GPUs, which copy to such memory without the CPU.
   */
  ByteBuffer allocate(int bytes) {
    ByteBuffer buffer = DirectMemory.allocate(bytes);
    Optional<Card> card = any();
    if (card.isPresent() && card.get().gpu().lock(buffer)) {
      synchronized (locked) {
        locked.put(buffer, card.get());
      }
    }
    return buffer;
  }

  /** Frees a buffer that {@link #allocate} gave. */
  void free(ByteBuffer buffer) {
    Card card;
    synchronized (locked) {
      card = locked.remove(buffer);
    }
    if (card != null) {
      card.gpu().unlock(buffer);
    }
    DirectMemory.free(buffer);
  }

  private synchronized Optional<Card> any() {
    return cards.stream().map(place -> place.card).findFirst();
  }

  /**
   * A turn on a GPU for a video, to be closed; empty if the CPU decodes it. Waits for one if that
   * is faster.
   *
   * @param sound whether nothing is known to be wrong with the video
   */
  Optional<CardTurn> begin(VideoTrack track, boolean sound, DecodeLimits limits, Deadline deadline)
      throws InterruptedException {
    if (places == 0) {
      return Optional.empty();
    }
    if (!sound || !CardRules.admit(track)) {
      return leave(sound ? LeftToCpu.FORMAT : LeftToCpu.UNSOUND);
    }
    Optional<Place> place = take(deadline);
    if (place.isEmpty()) {
      return leave(LeftToCpu.BUSY);
    }
    Optional<Codec> codec = Optional.empty();
    try {
      codec = place.get().card.pool().lease(track, limits);
    } catch (UnusableVideoException e) {
      log.debug("The CPU decodes a video: on a GPU {}", e.getMessage());
    } finally {
      if (codec.isEmpty()) {
        give(place.get());
      }
    }
    if (codec.isEmpty()) {
      return leave(LeftToCpu.NO_DECODER);
    }
    return Optional.of(new CardTurn(place.get().card, codec.get(), () -> give(place.get())));
  }

  private Optional<CardTurn> leave(LeftToCpu why) {
    left.get(why).increment();
    return Optional.empty();
  }

  private Optional<Place> take(Deadline deadline) throws InterruptedException {
    long before = System.nanoTime();
    synchronized (this) {
      waiting++;
      try {
        while (true) {
          Optional<Place> freest =
              cards.stream().min(Comparator.comparingInt(place -> place.taken));
          if (freest.isEmpty()) {
            return freest;
          }
          if (freest.get().taken < PLACES) {
            freest.get().taken++;
            return freest;
          }
          if (help.isWanted(waiting + queue.getAsInt())) {
            return Optional.empty();
          }
          wait(LOOK_MILLIS);
        }
      } finally {
        waiting--;
        deadline.extend(System.nanoTime() - before);
      }
    }
  }

  private synchronized void give(Place place) {
    place.taken--;
    notify();
  }

  /** A video was decoded on a GPU. */
  synchronized void took(CardTurn turn, long nanos) {
    turn.card().took();
    help.gpuTook(nanos);
  }

  /** The CPU decoded a video; counts if a GPU could have. */
  synchronized void cpuTook(VideoTrack track, long nanos) {
    if (places > 0 && CardRules.admit(track)) {
      help.cpuTook(nanos);
    }
  }

  /** A GPU did not do what it should have; one that fails itself gets no more videos. */
  void failed(CardTurn turn, VideoTrack track, RuntimeException e) {
    left.get(LeftToCpu.FAILED).increment();
    if (e instanceof CardFailedException failure && failure.isAlways()) {
      turn.card().pool().refuse(track);
    }
    if (e instanceof CudaException failure && !failure.isOutOfMemory()) {
      log.warn("GPU {} decodes no more videos", turn.card().gpu().number(), e);
      synchronized (this) {
        cards.removeIf(place -> place.card == turn.card());
        notifyAll();
      }
    } else {
      log.debug("The CPU decodes a video instead of a GPU: {}", e.getMessage());
    }
  }
}
