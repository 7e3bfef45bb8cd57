package io.clipstream.streams.live;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.CutResult;
import io.clipstream.streams.classify.Cutter;
import io.clipstream.streams.classify.Fetcher;
import io.clipstream.streams.classify.GenerationSource;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Steady load on the versions of a model through the product's pipeline, for measurements: videos
 * of one clip each, of noise that lies in memory instead of being fetched and decoded. All threads.
 */
final class SwapLoad implements AutoCloseable {
  /** Videos whose outcomes are to come, at most, whatever rate is asked for. */
  private static final int IN_FLIGHT = 4_000;

  private static final VideoInfo INFO = new VideoInfo("mp4", "h264", 320, 240, 0, 25, 4, 100);

  /**
   * A video that was labelled.
   *
   * @param at when, as {@link System#nanoTime}
   * @param nanos since it was due
   */
  record Done(long at, long nanos, String version) {}

  private final ClipBuffers buffers;
  private final ByteBuffer noise;
  private final Path file;
  private final LabelPipeline pipeline;
  private final Queue<Done> done = new ConcurrentLinkedQueue<>();
  private final Queue<String> faults = new ConcurrentLinkedQueue<>();

  /**
   * @param generations stay the caller's, who closes them first
   * @param clip of all of their versions
   * @param file any one that is there; nobody reads it
   */
  SwapLoad(
      LiveGenerations generations,
      ClipSpec clip,
      BatchPolicy batch,
      PixelBudget budget,
      int decodeThreads,
      Path file) {
    this.file = file;
    buffers = new ClipBuffers(clip.clipBytes(), budget);
    byte[] bytes = new byte[clip.clipBytes()];
    new Random(3).nextBytes(bytes);
    noise = ByteBuffer.wrap(bytes);
    pipeline =
        new LabelPipeline(
            new InMemory(),
            new Source(generations),
            new PipelineSettings(decodeThreads, batch, 4, 5),
            PipelineObserver.NONE);
    pipeline.start();
  }

  private final class InMemory implements Fetcher {
    @Override
    public FetchResult fetch(VideoRequest request) {
      try {
        return new FetchResult.Fetched(LocalFile.of(file));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** As the generations answer, but for what cuts the clips. */
  private final class Source implements GenerationSource {
    private final LiveGenerations generations;
    private final Cutter cutter = (video, range, sink) -> cut(sink::accept);

    Source(LiveGenerations generations) {
      this.generations = generations;
    }

    @Override
    public Answer acquire(VideoRequest request) {
      Answer answer = generations.acquire(request);
      return answer instanceof Answer.Acquired acquired
          ? new Answer.Acquired(acquired.generation(), cutter, acquired.rollout())
          : answer;
    }

    @Override
    public void close() {
      generations.close();
    }
  }

  private interface Taker {
    void accept(Clip clip) throws InterruptedException;
  }

  private CutResult cut(Taker sink) throws InterruptedException {
    Clip made = buffers.take(new TimeRange(0, 1), 0);
    made.pixels().duplicate().clear().put(noise.duplicate());
    sink.accept(made);
    return new CutResult.Cut(INFO, 1, true, "", "", 0);
  }

  /** Videos at one rate or as many as there is room for, until it is closed. */
  @SuppressWarnings("try") // its end waits, which may be interrupted
  final class Phase implements AutoCloseable {
    private final Semaphore room;
    private final int places;
    private final Thread thread;
    private volatile boolean over;

    private Phase(double perSecond, int places) {
      this.places = places;
      room = new Semaphore(places);
      thread = new Thread(() -> submit(perSecond), "load");
      thread.setDaemon(true);
      thread.start();
    }

    private void submit(double perSecond) {
      long start = System.nanoTime();
      try {
        for (long number = 0; !over; number++) {
          long due = System.nanoTime();
          if (perSecond > 0) {
            due = start + (long) (number * 1e9 / perSecond);
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
          }
          room.acquire();
          submit("v" + start + "-" + number, perSecond > 0 ? due : System.nanoTime());
        }
      } catch (InterruptedException e) {
        faults.add("the load was interrupted");
      }
    }

    private void submit(String id, long due) {
      VideoReference reference =
          VideoReference.newBuilder().setId(id).setUri("file:///" + id + ".mp4").build();
      var unused =
          pipeline.submit(
              VideoRequest.of(reference),
              outcome -> {
                room.release();
                ended(outcome, due);
              },
              error -> faults.add(String.valueOf(error)));
    }

    /** Ends the load and waits until every video has its outcome. */
    @Override
    public void close() throws InterruptedException {
      over = true;
      thread.join();
      if (!room.tryAcquire(places, 60, TimeUnit.SECONDS)) {
        faults.add("videos have no outcome after 60 s");
      }
    }
  }

  /** Videos come evenly. */
  Phase even(double perSecond) {
    return new Phase(perSecond, IN_FLIGHT);
  }

  /** As many as are asked for are always on their way. */
  Phase saturated(int inFlight) {
    return new Phase(0, inFlight);
  }

  private void ended(Outcome outcome, long due) {
    long now = System.nanoTime();
    if (outcome instanceof Outcome.Labelled labelled) {
      done.add(new Done(now, now - due, labelled.labels().getModel().getVersion()));
    } else {
      faults.add(outcome.toString());
    }
  }

  /** What was labelled since the last call. */
  List<Done> take() {
    List<Done> taken = new ArrayList<>();
    for (Done each = done.poll(); each != null; each = done.poll()) {
      taken.add(each);
    }
    return taken;
  }

  /** What went wrong, in words. */
  List<String> faults() {
    return List.copyOf(faults);
  }

  /** Closes the generations too. */
  @Override
  public void close() {
    pipeline.close();
  }
}
