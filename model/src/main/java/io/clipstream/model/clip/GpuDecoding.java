package io.clipstream.model.clip;

import io.clipstream.model.cuda.CudaException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
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

  /**
   * Page-locked buffers; guarded by itself. Of the process: addresses of a buffer that Java frees
   * without {@link #free} stay locked, and CUDA refuses to copy to what lies there in part later.
   */
  private static final Map<ByteBuffer, Card> locked = new IdentityHashMap<>();

  private final List<Card> all;
  private final CardPlaces<Card> places;
  private final Map<LeftToCpu, LongAdder> left = new EnumMap<>(LeftToCpu.class);
  private volatile IntSupplier queue = () -> 0;

  private GpuDecoding(List<Card> all) {
    this.all = List.copyOf(all);
    places = new CardPlaces<>(this.all, System::nanoTime);
    for (LeftToCpu why : LeftToCpu.values()) {
      left.put(why, new LongAdder());
    }
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
    return places.count();
  }

  /** The GPUs, also one that failed since and gets no videos. */
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
    Optional<Card> card = places.any();
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
      try {
        card.gpu().unlock(buffer);
      } catch (CudaException e) { // it is lost, and nothing is copied there any more
        log.debug("A buffer is freed although {}", e.getMessage());
      }
    }
    DirectMemory.free(buffer);
  }

  /**
   * A turn on a GPU for a video, to be closed; empty if the CPU decodes it. Waits for one if that
   * is faster.
   *
   * @param sound whether nothing is known to be wrong with the video
   */
  Optional<CardTurn> begin(VideoTrack track, boolean sound, DecodeLimits limits, Deadline deadline)
      throws InterruptedException {
    if (places.count() == 0) {
      return Optional.empty();
    }
    if (!sound || !CardRules.admit(track)) {
      return leave(sound ? LeftToCpu.FORMAT : LeftToCpu.UNSOUND);
    }
    Optional<Card> taken = places.take(queue, deadline);
    if (taken.isEmpty()) {
      return leave(places.isAnyReady() ? LeftToCpu.BUSY : LeftToCpu.PAUSED);
    }
    Card card = taken.get();
    Optional<Codec> codec = Optional.empty();
    try {
      codec = card.pool().lease(track, limits);
    } catch (UnusableVideoException e) {
      log.debug("The CPU decodes a video: on a GPU {}", e.getMessage());
    } finally {
      if (codec.isEmpty()) {
        places.give(card);
      }
    }
    if (codec.isEmpty()) {
      return leave(LeftToCpu.NO_DECODER);
    }
    return Optional.of(new CardTurn(card, codec.get(), () -> places.give(card)));
  }

  private Optional<CardTurn> leave(LeftToCpu why) {
    left.get(why).increment();
    return Optional.empty();
  }

  /** A video was decoded on a GPU. */
  void took(CardTurn turn, long nanos) {
    turn.card().took();
    places.took(turn.card(), nanos);
  }

  /** The CPU decoded a video; counts if a GPU could have. */
  void cpuTook(VideoTrack track, long nanos) {
    if (places.count() > 0 && CardRules.admit(track)) {
      places.cpuTook(nanos);
    }
  }

  /** A GPU did not do what it should have; after an error of CUDA's it gets no videos for now. */
  void failed(CardTurn turn, VideoTrack track, RuntimeException e) {
    left.get(LeftToCpu.FAILED).increment();
    Card card = turn.card();
    if (e instanceof CudaException failure) {
      if (!failure.isOutOfMemory()) {
        card.pool().refuse(track); // if it is for its kind, others shall not suffer
      }
      places.failed(card, failure.isSticky(), e.getMessage());
      return;
    }
    if (e instanceof CardFailedException failure && failure.isAlways()) {
      card.pool().refuse(track);
    }
    log.debug("The CPU decodes a video instead of a GPU: {}", e.getMessage());
  }
}
