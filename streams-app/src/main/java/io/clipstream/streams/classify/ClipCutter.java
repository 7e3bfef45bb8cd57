package io.clipstream.streams.classify;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSink;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeReason;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.DecoderProcesses;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.OpenClips;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.streams.outcome.Rejections;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Cuts clips with the {@link VideoDecoder}, and tells whose fault it is if that fails. */
public final class ClipCutter implements Cutter {
  private static final Logger log = LoggerFactory.getLogger(ClipCutter.class);

  private final Decode decode;

  /** {@link VideoDecoder#decode} with the sampling of this cutter. */
  interface Decode {
    DecodeResult apply(Path file, Optional<TimeRange> range, ClipSink sink)
        throws InterruptedException;
  }

  ClipCutter(Decode decode) {
    this.decode = decode;
  }

  /**
   * A cutter for clips of one kind.
   *
   * @param budget that their pixels are taken from
   * @throws UserError if the budget has no room for the clips that are open at once
   */
  public static ClipCutter of(
      ClipSpec spec, Sampling sampling, DecodeLimits limits, PixelBudget budget) {
    return of(spec, sampling, limits, budget, Optional.empty(), GpuDecoding.off());
  }

  /**
   * As the other.
   *
   * @param processes that decode, if this one does not
   * @param gpus that decode too, if this process decodes
   */
  static ClipCutter of(
      ClipSpec spec,
      Sampling sampling,
      DecodeLimits limits,
      PixelBudget budget,
      Optional<DecoderProcesses> processes,
      GpuDecoding gpus) {
    int open = OpenClips.atMost(sampling);
    long needed = (long) open * spec.clipBytes();
    if (budget.maxBytes() < needed) {
      throw new UserError(
          "pipeline.max-decoded is "
              + budget.maxBytes()
              + " bytes, expected at least "
              + needed
              + ": the model's clips have "
              + spec.clipBytes()
              + " bytes, and "
              + open
              + " of a video may be open at once");
    }
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), budget);
    if (processes.isPresent()) {
      DecoderProcesses elsewhere = processes.get();
      return new ClipCutter(
          (file, range, sink) ->
              elsewhere.decode(file, spec, sampling, limits, range, buffers, sink));
    }
    VideoDecoder decoder = new VideoDecoder(spec, limits, buffers, gpus);
    return new ClipCutter((file, range, sink) -> decoder.decode(file, sampling, range, sink));
  }

  @Override
  public CutResult cut(LocalFile video, Optional<TimeRange> range, ClipSink sink)
      throws InterruptedException {
    long start = System.nanoTime();
    Waiting waiting = new Waiting(sink);
    DecodeResult result;
    try {
      result = decode.apply(video.path(), range, waiting);
    } catch (SinkFailure e) {
      throw e.cause;
    } catch (UncheckedIOException e) {
      if (video.unchanged()) {
        throw e;
      }
      return changed(video);
    } catch (RuntimeException e) {
      // The decoder meets hostile files: what it trips over must not stop every other video.
      log.error("The decoder failed on {}", video, e);
      result = new DecodeResult.Rejected(DecodeReason.CORRUPT, "the decoder failed: " + e);
    }
    if (!video.unchanged()) {
      return changed(video);
    }
    if (result instanceof DecodeResult.Rejected rejected) {
      return new CutResult.Rejected(Rejections.of(rejected.reason()), rejected.detail(), 1);
    }
    DecodeResult.Decoded decoded = (DecodeResult.Decoded) result;
    return new CutResult.Cut(
        decoded.info(),
        decoded.clips(),
        decoded.complete(),
        decoded.note(),
        decoded.remark(),
        System.nanoTime() - start - waiting.nanos);
  }

  private static CutResult changed(LocalFile video) {
    return new CutResult.Rejected(
        RejectionReason.FETCH_FAILED,
        "the file changed or went away while it was read",
        video.attempts());
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
