package io.clipstream.streams.classify;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.DecodeSystemException;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.fetch.Fault;
import io.clipstream.model.fetch.FetchReason;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.FetchSystemException;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.model.fetch.Origin;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.outcome.Rejections;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * What a thread does that reads videos: fetches one, has its generation cut the clips, and queues
 * them there. Many fetch at once, but only so many decode: who waits for a turn holds nothing but
 * its local file, so all get theirs. All threads.
 */
final class VideoReader implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(VideoReader.class);

  /** Each line of a JSON log that is written meanwhile has the video's id under this name. */
  private static final String LOGGED = "video";

  private static final String OUT_OF_FILES = "Too many open files";

  /** Rejections that an origin has to work for. */
  private static final Set<FetchReason> ANSWERS =
      EnumSet.of(
          FetchReason.NOT_FOUND,
          FetchReason.ACCESS_DENIED,
          FetchReason.FILE_TOO_LARGE,
          FetchReason.TOO_MANY_REDIRECTS,
          FetchReason.DIGEST_MISMATCH);

  private final Fetcher fetcher;
  private final ReadGate gate;
  private final PipelineObserver observer;

  private final HangWatch hangs;

  /** Threads that hang, or did: others read in their stead. */
  private final Set<Thread> lost = ConcurrentHashMap.newKeySet();

  /** Takes those threads. */
  private volatile Consumer<Thread> onLost = thread -> {};

  /** First come, first served. Tests ask whether a thread waits. */
  final Semaphore turns;

  /**
   * @param fetcher closed with this
   * @param maxDecodes videos decoded at once, at least 1
   * @param gate that every video and every clip passes
   */
  VideoReader(Fetcher fetcher, int maxDecodes, ReadGate gate, PipelineObserver observer) {
    this.fetcher = fetcher;
    this.gate = gate;
    this.turns = new Semaphore(maxDecodes, true);
    this.observer = observer;
    this.hangs = new HangWatch(fetcher, this::lose);
  }

  /**
   * Before anything is read.
   *
   * @param replace takes a thread that hangs in a file system: another one is to read in its stead
   */
  void onLost(Consumer<Thread> replace) {
    onLost = replace;
  }

  /** What the thread holds is given back in its stead. */
  private void lose(Thread thread, VideoInFlight video) {
    lost.add(thread);
    turns.release();
    video.generation().release();
    onLost.accept(thread);
  }

  /** Whether another thread reads in the stead of the calling one, which is to end. */
  boolean isReplaced() {
    return lost.contains(Thread.currentThread());
  }

  boolean isRemote(VideoInFlight video) {
    return fetcher.isRemote(video.request());
  }

  /** Whether as many videos are decoded as may be. */
  boolean isFull() {
    return turns.availablePermits() == 0;
  }

  int maxRemote() {
    return fetcher.maxRemote();
  }

  Origin origin(VideoRequest request) {
    return fetcher.origin(request);
  }

  /**
   * Reads a video to its last clip, on the calling thread, and rejects it if that cannot be done.
   *
   * @throws RuntimeException if the system, not the video, is at fault
   */
  void read(VideoInFlight video) throws InterruptedException {
    Generation generation = video.generation();
    if (!generation.tryHold()) {
      return; // The video is over, and was the last.
    }
    MDC.put(LOGGED, video.request().reference().getId());
    if (isRemote(video)) {
      video.startReading(); // A server may be slow; local videos come to their next clip soon.
    }
    try {
      if (!video.isOver()) {
        fetchAndCut(video);
      }
    } catch (InterruptedException e) {
      if (!video.isOver()) {
        throw e;
      }
      // Its end interrupted this thread.
    } catch (RuntimeException e) {
      if (video.isOver()) {
        return; // queue() saw it.
      }
      if (isOfSystem(e)) {
        throw e;
      }
      // It comes from what is odd about this video, and must not meet the next instance, too.
      log.error("{} cannot be read", video.request().reference().getId(), e);
      video.reject(RejectionReason.CORRUPT, "it cannot be read: " + e, 1);
    } finally {
      MDC.remove(LOGGED);
      video.stopReading();
      if (!isReplaced()) {
        generation.release();
      }
    }
  }

  /** Settings, a disk, a process that does not start: the next video would meet it as well. */
  private static boolean isOfSystem(RuntimeException e) {
    return e instanceof UserError
        || e instanceof FetchSystemException
        || e instanceof DecodeSystemException
        || e instanceof UncheckedIOException;
  }

  private void fetchAndCut(VideoInFlight video) throws InterruptedException {
    VideoRequest request = video.request();
    gate.pass(video);
    if (video.isOver()) {
      return;
    }
    long start = System.nanoTime();
    FetchResult fetched = fetcher.fetch(request, video::served);
    long fetchNanos = System.nanoTime() - start;
    if (fetched instanceof FetchResult.Unavailable failure) {
      unavailable(video, failure);
      return;
    }
    if (fetched instanceof FetchResult.Rejected rejected) {
      if (ANSWERS.contains(rejected.reason())) {
        video.answered();
      }
      video.reject(Rejections.of(rejected.reason()), rejected.detail(), rejected.attempts());
      return;
    }
    video.answered();
    CutResult result;
    try (LocalFile local = ((FetchResult.Fetched) fetched).file()) {
      observer.fetched(request, local.bytes(), fetchNanos);
      result = cutInTurn(local, video);
    } catch (UncheckedIOException broken) {
      String why = String.valueOf(broken.getCause().getMessage());
      if (why.contains(OUT_OF_FILES)) {
        unavailable(video, noFiles(why));
        return;
      }
      if (!isOfRoot(video)) {
        throw broken;
      }
      unavailable(video, unreadable(video, why));
      return;
    }
    if (result == null) {
      video.cancel();
      return;
    }
    if (result instanceof CutResult.Rejected rejected) {
      if (rejected.reason() == RejectionReason.FETCH_FAILED && isOfRoot(video)) {
        FetchResult.Unavailable gone = unreadable(video, rejected.detail());
        if (gone.fault() == Fault.ORIGIN) {
          unavailable(video, gone);
          return;
        }
      }
      if (rejected.detail().contains(OUT_OF_FILES)) {
        unavailable(video, noFiles(rejected.detail()));
        return;
      }
      video.reject(rejected.reason(), rejected.detail(), rejected.attempts());
      return;
    }
    CutResult.Cut cut = (CutResult.Cut) result;
    ServedModel model = video.generation().model();
    observer.decoded(request, model, cut.clips(), cut.nanos(), cut.complete());
    video.read(cut, fetchNanos);
  }

  private boolean isOfRoot(VideoInFlight video) {
    return video.mayComeBack() && origin(video.request()).kind() == Origin.Kind.ROOT;
  }

  /** A file that was there could not be read to its end: its root may be gone by now. */
  private FetchResult.Unavailable unreadable(VideoInFlight video, String detail)
      throws InterruptedException {
    boolean inOrder = fetcher.answers(video.request());
    String problem = inOrder ? detail : "file " + origin(video.request()) + " went away: " + detail;
    return new FetchResult.Unavailable(
        inOrder ? Fault.EITHER : Fault.ORIGIN,
        FetchReason.FETCH_FAILED,
        problem,
        problem,
        1,
        Optional.empty());
  }

  /** FFmpeg opens the file once more, and has a file descriptor for it or not. */
  private static FetchResult.Unavailable noFiles(String detail) {
    return new FetchResult.Unavailable(
        Fault.INSTANCE, FetchReason.FETCH_FAILED, detail, detail, 1, Optional.empty());
  }

  /** Only what is wrong with this video rejects it; for anything else it waits. */
  private void unavailable(VideoInFlight video, FetchResult.Unavailable failure)
      throws InterruptedException {
    boolean own =
        switch (video.judge(failure)) {
          case GUEST -> true;
          case ASK ->
              failure.elsewhere().isPresent()
                  ? fetcher.answers(failure.elsewhere().get())
                  : fetcher.answers(video.request());
          case ORIGIN -> false;
        };
    if (own) {
      video.reject(failure);
    } else {
      video.comeBack(failure);
    }
  }

  /** Null if nobody wants the video any more. */
  private CutResult cutInTurn(LocalFile local, VideoInFlight video) throws InterruptedException {
    Optional<TimeRange> range = range(video.request().reference());
    turns.acquire();
    HangWatch.Decode decode = null;
    try {
      if (!video.request().attempt().begin()) { // Within a turn, so that few are in work at once.
        return null;
      }
      HangWatch.Decode begun = hangs.begin(video);
      decode = begun;
      return video
          .cutter()
          .cut(
              local,
              range,
              clip -> {
                begun.waits();
                try {
                  queue(video, clip);
                } finally {
                  begun.goesOn();
                }
              });
    } finally {
      if (decode == null || decode.end()) {
        turns.release();
      } else {
        lost.add(Thread.currentThread()); // Whoever found it may be about to say so.
      }
    }
  }

  private void queue(VideoInFlight video, Clip clip) throws InterruptedException {
    try {
      gate.pass(video);
      video.awaitPlace();
    } catch (InterruptedException e) {
      clip.close();
      throw e;
    }
    QueuedClip queued = new QueuedClip(video, clip, System.nanoTime());
    if (video.isOver() || !video.generation().queue(queued)) {
      queued.release();
      throw new CancellationException("the video is over");
    }
  }

  /** A range without an end goes on to the end of any video. */
  private static Optional<TimeRange> range(VideoReference reference) {
    Long start = reference.getStartMillis();
    Long end = reference.getEndMillis();
    if (start == null && end == null) {
      return Optional.empty();
    }
    return Optional.of(
        new TimeRange(
            start == null ? 0 : start / 1000.0,
            end == null ? Double.POSITIVE_INFINITY : end / 1000.0));
  }

  @Override
  public void close() {
    hangs.close();
    fetcher.close();
  }
}
