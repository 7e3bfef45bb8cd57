package io.clipstream.streams.classify;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipSink;
import io.clipstream.model.clip.DecodeReason;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.ingest.FetchResult;
import io.clipstream.streams.ingest.LocalVideo;
import io.clipstream.streams.ingest.VideoFetcher;
import io.clipstream.streams.outcome.Rejections;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Clips of videos that are fetched to a local file and decoded. All threads: each fetches what it
 * reads, downloads many at once, and then decodes it when it is its turn, since only so many decode
 * at once. Who waits for a turn holds nothing but its local file, so all get theirs.
 */
public final class FetchedClips implements ClipSource {
  private static final Logger log = LoggerFactory.getLogger(FetchedClips.class);

  private final VideoFetcher fetcher;
  private final VideoDecoder decoder;
  private final Sampling sampling;

  /** First come, first served. Tests ask whether a thread waits. */
  final Semaphore turns;

  /**
   * @param fetcher closed by this source
   * @param sampling whose clips, as many as are open at once, fit into the decoder's buffers
   * @param maxDecodes videos decoded at once, at least 1
   */
  public FetchedClips(
      VideoFetcher fetcher, VideoDecoder decoder, Sampling sampling, int maxDecodes) {
    if (maxDecodes < 1) {
      throw new IllegalArgumentException("maxDecodes is " + maxDecodes + ", expected at least 1");
    }
    this.fetcher = fetcher;
    this.decoder = decoder;
    this.sampling = sampling;
    this.turns = new Semaphore(maxDecodes, true);
  }

  @Override
  public boolean isRemote(VideoReference reference) {
    return VideoFetcher.isDownload(reference.getUri());
  }

  @Override
  public int maxRemote() {
    return fetcher.maxDownloads();
  }

  @Override
  public Result read(VideoReference reference, ClipSink sink) throws InterruptedException {
    long start = System.nanoTime();
    FetchResult fetched =
        fetcher.fetch(reference.getUri(), Optional.ofNullable(reference.getSha256()));
    long fetchNanos = System.nanoTime() - start;
    if (fetched instanceof FetchResult.Rejected rejected) {
      return new Result.Rejected(
          Rejections.of(rejected.reason()), rejected.detail(), rejected.attempts());
    }
    try (LocalVideo video = ((FetchResult.Fetched) fetched).video()) {
      turns.acquire();
      try {
        return decode(reference, video, sink, fetchNanos);
      } finally {
        turns.release();
      }
    }
  }

  private Result decode(VideoReference reference, LocalVideo video, ClipSink sink, long fetchNanos)
      throws InterruptedException {
    long start = System.nanoTime();
    Waiting waiting = new Waiting(sink);
    DecodeResult result;
    try {
      result = decoder.decode(video.path(), sampling, range(reference), waiting);
    } catch (SinkFailure e) {
      throw e.cause;
    } catch (IllegalArgumentException e) {
      throw e; // The buffers are too small for the sampling: no video is to blame.
    } catch (UncheckedIOException e) {
      if (video.unchanged()) {
        throw e;
      }
      return changed(video);
    } catch (RuntimeException e) {
      // The decoder meets hostile files: what it trips over must not stop every other video.
      log.error("The decoder failed on {}", reference.getId(), e);
      result = new DecodeResult.Rejected(DecodeReason.CORRUPT, "the decoder failed: " + e);
    }
    if (!video.unchanged()) {
      return changed(video);
    }
    if (result instanceof DecodeResult.Rejected rejected) {
      return new Result.Rejected(Rejections.of(rejected.reason()), rejected.detail(), 1);
    }
    DecodeResult.Decoded decoded = (DecodeResult.Decoded) result;
    return new Result.Read(
        decoded.info(),
        decoded.clips(),
        decoded.complete(),
        decoded.note(),
        fetchNanos,
        System.nanoTime() - start - waiting.nanos);
  }

  private static Result changed(LocalVideo video) {
    return new Result.Rejected(
        RejectionReason.FETCH_FAILED,
        "the file changed or went away while it was read",
        video.attempts());
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
    fetcher.close();
  }

  /** Tells what the sink throws from what the decoder throws, and measures how long it blocks. */
  private static final class Waiting implements ClipSink {
    private final ClipSink sink;
    private long nanos;

    Waiting(ClipSink sink) {
      this.sink = sink;
    }

    @Override
    public void accept(Clip clip) throws InterruptedException {
      long start = System.nanoTime();
      try {
        sink.accept(clip);
      } catch (RuntimeException e) {
        throw new SinkFailure(e);
      } finally {
        nanos += System.nanoTime() - start;
      }
    }
  }

  private static final class SinkFailure extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final RuntimeException cause;

    SinkFailure(RuntimeException cause) {
      super(cause);
      this.cause = cause;
    }
  }
}
