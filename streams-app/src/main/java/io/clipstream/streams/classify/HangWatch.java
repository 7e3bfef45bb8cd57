package io.clipstream.streams.classify;

import io.clipstream.model.fetch.Fault;
import io.clipstream.model.fetch.FetchReason;
import io.clipstream.model.fetch.FetchResult.Unavailable;
import io.clipstream.model.fetch.Origin;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds videos whose file system hangs while they are decoded, as NFS does whose server goes away:
 * native code stays in the kernel then, whatever its deadline. Such a video waits for its root like
 * any other; its thread is given up, and so is its turn to decode, until the kernel answers. All
 * threads.
 */
final class HangWatch implements AutoCloseable {
  /** A decode that gives nothing for so long is looked into; that may be slow, or hang. */
  static final Duration SILENCE = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(HangWatch.class);

  private final Fetcher fetcher;
  private final BiConsumer<Thread, VideoInFlight> lost;
  private final Set<Decode> decodes = ConcurrentHashMap.newKeySet();

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "hang-watch");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Starts.
   *
   * @param fetcher tells whether a root answers; stays the caller's
   * @param lost takes a thread that will read nothing more, with its video, which waits again
   */
  HangWatch(Fetcher fetcher, BiConsumer<Thread, VideoInFlight> lost) {
    this.fetcher = fetcher;
    this.lost = lost;
    var unused = timer.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
  }

  /** The calling thread decodes a video from now on, to {@link Decode#end}. */
  Decode begin(VideoInFlight video) {
    Decode decode = new Decode(video);
    if (video.mayComeBack() && fetcher.origin(video.request()).kind() == Origin.Kind.ROOT) {
      decodes.add(decode);
    }
    return decode;
  }

  private void look() {
    try {
      for (Decode decode : decodes) {
        if (decode.isSilent() && !fetcher.answers(decode.video.request()) && decode.lose()) {
          giveUp(decode);
        }
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("Decodes that hang are not found this time", e);
    }
  }

  private void giveUp(Decode decode) {
    decodes.remove(decode);
    Origin origin = fetcher.origin(decode.video.request());
    log.warn("{} hangs while a video is decoded, {} is given up", origin, decode.thread.getName());
    String problem = "file " + origin + " does not answer while a video is decoded";
    decode.video.comeBack(
        new Unavailable(
            Fault.ORIGIN, FetchReason.FETCH_FAILED, problem, problem, 1, Optional.empty()));
    lost.accept(decode.thread, decode.video);
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  /** One video that a thread decodes. */
  final class Decode {
    private final VideoInFlight video;
    private final Thread thread = Thread.currentThread();
    private long since = System.nanoTime();
    private boolean waits;
    private boolean over;
    private boolean isLost;

    private Decode(VideoInFlight video) {
      this.video = video;
    }

    /** It has a clip, and waits for those who take it. */
    synchronized void waits() {
      waits = true;
    }

    synchronized void goesOn() {
      waits = false;
      since = System.nanoTime();
    }

    /**
     * The last step of the decoding thread.
     *
     * @return whether it still has its turn
     */
    synchronized boolean end() {
      over = true;
      decodes.remove(this);
      return !isLost;
    }

    private synchronized boolean isSilent() {
      return !waits && System.nanoTime() - since > SILENCE.toNanos();
    }

    /** False if it went on meanwhile. */
    private synchronized boolean lose() {
      isLost = !over && isSilent();
      return isLost;
    }
  }
}
