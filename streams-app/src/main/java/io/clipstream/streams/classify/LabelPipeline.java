package io.clipstream.streams.classify;

import io.clipstream.schemas.RejectionReason;
import io.clipstream.streams.classify.GenerationSource.Answer;
import io.clipstream.streams.intake.RoomClock;
import io.clipstream.streams.intake.Trouble;
import io.clipstream.streams.intake.Waiting;
import io.clipstream.streams.intake.WaitingRoom;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.Rejections;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a video through this process:
 *
 * <pre>
 *           ┌── host or root out of order ──┐
 *           ▼                                │
 * submit ─▶ WaitingRoom ─┬▶ local threads ───┤   ┌──────────── Generation ────────────┐
 *                        └▶ remote threads ──┼──▶│ cut ─▶ ClipQueue ─▶ GpuWorkers     │
 *                                   rejected │   └──────────────────────────┬─────────┘
 *                                            └──▶ outcome ◀── labelled ─────┘
 * </pre>
 *
 * <p>A video is given to a generation, one version of a model, when the {@link WaitingRoom} lets it
 * begin, and stays with it to its outcome; one that goes back to the room leaves it. A thread reads
 * a video to its last clip: fetches it, and has the generation cut it. Remote videos have threads
 * of their own, many, as most of them wait for a server; local ones never wait behind them. How
 * many videos are decoded at once, {@link VideoReader} sees to. Partitions take turns.
 *
 * <p>What is held is bounded: references by the caller (who asks {@link #waiting} for those that
 * are not worked on), clips by the budget that all generations take them from. No lock is held
 * while a thread waits, and every clip in a queue leaves it, whatever the threads that read do; so
 * as the budget lends each of them the clips that it fills at once, none waits for ever.
 *
 * <p>All threads.
 */
public final class LabelPipeline implements VideoLabeller {
  private static final Logger log = LoggerFactory.getLogger(LabelPipeline.class);
  private static final long CLOSE_MILLIS = 30_000;

  private final GenerationSource generations;
  private final PipelineSettings settings;
  private final PipelineObserver observer;
  private final VideoReader reader;
  private final WaitingRoom room;

  /** By the partitions that their references came from. */
  private final FairQueue<VideoInFlight> local = new FairQueue<>();

  private final FairQueue<VideoInFlight> remote = new FairQueue<>();
  private final Set<VideoInFlight> inFlight = ConcurrentHashMap.newKeySet();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();

  /** Videos whose end nobody was told yet; guarded by itself, notified while it drains. */
  private final AtomicInteger untold = new AtomicInteger();

  private volatile Optional<RoomClock> clock = Optional.empty();
  private volatile Throwable failure;
  private volatile boolean draining;
  private volatile boolean closed;

  /**
   * Starts nothing.
   *
   * @param fetcher closed by the pipeline
   * @param generations closed by the pipeline
   */
  public LabelPipeline(
      Fetcher fetcher,
      GenerationSource generations,
      PipelineSettings settings,
      PipelineObserver observer) {
    this(fetcher, generations, settings, ReadGate.OPEN, observer);
  }

  /**
   * As the other.
   *
   * @param gate that every video and every clip passes before it is worked on
   */
  LabelPipeline(
      Fetcher fetcher,
      GenerationSource generations,
      PipelineSettings settings,
      ReadGate gate,
      PipelineObserver observer) {
    this.generations = generations;
    this.settings = settings;
    this.observer = GuardedObserver.of(observer);
    this.reader = new VideoReader(fetcher, settings.decodeThreads(), gate, this.observer);
    this.room = new WaitingRoom(settings.waits(), reader.maxRemote(), System::nanoTime);
  }

  /**
   * Starts a generation, and when it is ready a pipeline that gives every video to it.
   *
   * @param fetcher closed by the pipeline
   * @param generation closed by the pipeline
   * @throws RuntimeException what making a classifier threw; both are closed then
   */
  public static LabelPipeline open(
      Fetcher fetcher,
      Generation generation,
      PipelineSettings settings,
      PipelineObserver observer) {
    try {
      generation.start();
      generation.awaitReady();
    } catch (RuntimeException e) {
      generation.close();
      fetcher.close();
      awaitClosed(generation);
      throw e;
    }
    LabelPipeline pipeline =
        new LabelPipeline(fetcher, new CurrentGeneration(generation), settings, observer);
    pipeline.start();
    return pipeline;
  }

  private static void awaitClosed(Generation generation) {
    try {
      if (!generation.awaitClosed(Duration.ofMillis(CLOSE_MILLIS))) {
        log.warn("{} did not end within {} ms", generation, CLOSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts the threads that read videos. Once. */
  public void start() {
    clock = Optional.of(RoomClock.of(room));
    reader.onLost(this::replace);
    for (int i = 1; i <= settings.decodeThreads(); i++) {
      start("local-" + i, local);
    }
    for (int i = 1; i <= reader.maxRemote(); i++) {
      start("remote-" + i, remote);
    }
  }

  @Override
  public Submission submit(
      VideoRequest request, Consumer<Outcome> done, Consumer<Throwable> broken) {
    Attempt attempt = request.attempt();
    if (attempt.refusal().isPresent()) {
      String why = attempt.refusal().get();
      return reject(request, RejectionReason.CRASHED, why, attempt.deaths(), done);
    }
    Optional<String> problem = ReferenceCheck.problem(request.reference());
    if (problem.isPresent()) {
      return reject(request, RejectionReason.INVALID_REFERENCE, problem.get(), 1, done);
    }
    WaitingVideo video =
        new WaitingVideo(
            request,
            room,
            generations,
            (acquired, turn) -> begin(request, acquired, done, broken, Optional.of(turn)),
            observer,
            done,
            broken);
    video.entered(room.enter(reader.origin(request), request.bytes(), request.waited(), video));
    return video;
  }

  /**
   * As {@link #submit}, with a generation that the caller has acquired for the video, which does
   * not wait for an origin that is out of order.
   */
  Submission begin(
      VideoRequest request,
      Answer.Acquired acquired,
      Consumer<Outcome> done,
      Consumer<Throwable> broken) {
    return begin(request, acquired, done, broken, Optional.empty());
  }

  private VideoInFlight begin(
      VideoRequest request,
      Answer.Acquired acquired,
      Consumer<Outcome> done,
      Consumer<Throwable> broken,
      Optional<Turn> turn) {
    Generation generation = acquired.generation();
    VideoInFlight video =
        new VideoInFlight(
            request,
            acquired,
            settings,
            observer,
            done,
            broken,
            inFlight::remove,
            this::told,
            turn);
    untold.incrementAndGet();
    inFlight.add(video);
    generation.admit(video);
    FairQueue<VideoInFlight> queue = reader.isRemote(video) ? remote : local;
    queue.add(request.partition(), video);
    Throwable error = failure;
    if (error != null) {
      video.fail(error);
    }
    if (closed || (draining && queue.remove(request.partition(), video))) {
      video.cancel();
    }
    return video;
  }

  private Submission reject(
      VideoRequest request,
      RejectionReason reason,
      String detail,
      int attempts,
      Consumer<Outcome> done) {
    Outcome outcome = Rejections.reject(request.reference(), reason, detail, attempts);
    observer.outcome(request, Optional.empty(), outcome, 0);
    done.accept(outcome);
    return () -> {};
  }

  @Override
  public Waiting waiting() {
    return room.waiting();
  }

  @Override
  public List<Trouble> troubles() {
    return room.troubles();
  }

  /** Videos that could be read now, if there were threads for them. */
  public int queued() {
    return local.size() + remote.size();
  }

  /** Videos without an outcome. */
  public int inFlight() {
    return inFlight.size() + room.waiting().videos();
  }

  /**
   * Whether more work would hold up what there is: every thread that decodes has a video, or a full
   * batch waits for a device.
   */
  boolean isBusy() {
    return !local.isEmpty()
        || reader.isFull()
        || inFlight.stream().anyMatch(video -> video.generation().isBehind());
  }

  /** What a thread reads, or a classifier has, was begun. */
  @Override
  public boolean drain(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    draining = true;
    room.shut();
    for (FairQueue<VideoInFlight> queue : List.of(local, remote)) {
      for (VideoInFlight video = queue.poll(); video != null; video = queue.poll()) {
        video.cancel();
      }
    }
    synchronized (untold) {
      while (untold.get() > 0) {
        long nanos = end - System.nanoTime();
        if (nanos <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(untold, nanos);
      }
    }
    return true;
  }

  private void told() {
    if (untold.decrementAndGet() == 0 && draining) {
      synchronized (untold) {
        untold.notifyAll();
      }
    }
  }

  /** Not by a thread of the pipeline. */
  @Override
  public void close() {
    closed = true;
    clock.ifPresent(RoomClock::close);
    room.shut();
    threads.forEach(Thread::interrupt);
    long end = System.nanoTime() + CLOSE_MILLIS * 1_000_000;
    try {
      for (Thread thread : threads) {
        thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        if (thread.isAlive()) {
          log.warn("{} did not end within {} ms", thread.getName(), CLOSE_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    inFlight.forEach(VideoInFlight::cancel);
    generations.close();
    reader.close();
  }

  private void start(String name, FairQueue<VideoInFlight> videos) {
    Thread thread = new Thread(() -> readAll(videos), name);
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  /** A thread hangs in a file system of local videos, perhaps for ever. */
  private void replace(Thread hung) {
    threads.remove(hung);
    if (!closed && !draining) {
      start(hung.getName(), local);
    }
  }

  private void readAll(FairQueue<VideoInFlight> videos) {
    try {
      while (!closed && !draining && !reader.isReplaced()) {
        VideoInFlight video = videos.take();
        try {
          reader.read(video);
        } finally {
          video.endTurn();
        }
      }
    } catch (InterruptedException end) {
      log.debug("{} ends", Thread.currentThread().getName());
    } catch (Throwable e) {
      fail(e);
    }
  }

  /** The system is broken: every video in flight and every later one is told so. */
  private void fail(Throwable error) {
    log.error("The pipeline is broken", error);
    failure = error;
    inFlight.forEach(video -> video.fail(error));
  }
}
