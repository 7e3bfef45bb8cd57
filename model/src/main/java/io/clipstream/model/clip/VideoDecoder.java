package io.clipstream.model.clip;

import io.clipstream.model.Count;
import io.clipstream.model.cuda.CudaException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Cuts clips from video files with FFmpeg. Reentrant: all threads; each decode uses the thread that
 * called it and no other.
 *
 * <p>A first pass ({@link PacketScan}) reads the packets without decoding them, so that the true
 * number of frames and their presentation times are known whatever the header says ({@link
 * Timeline}). {@link FramePlan} then chooses frames, and a second pass ({@link FrameReader})
 * decodes from the key frame before each wanted span, skips pictures that neither a clip nor
 * another picture needs, and scales each wanted one once into the clip ({@link ClipAssembly}).
 *
 * <p>Which packets decoding may start with, the stream itself tells ({@link SeekPoints}). A frame
 * is known by its packet, counted from there on, and not by a time stamp, which several may share.
 * Where a container leaves out times of presentation (raw streams, MPEG program streams and AVI
 * with B-frames), has wrong ones (MXF with B-frames, or joined) or they jump back, there is nothing
 * to seek by: such a file is decoded from its start to the last wanted frame, and where times are
 * missing or wrong, frames are counted as they come out. A file in which a palette or the codec's
 * header changes is decoded from its start, too: FFmpeg gives them with one packet alone.
 *
 * <p>A decode holds clips that are not full yet, one per crop and overlapping window, and waits for
 * a buffer while it does. So that many decodes cannot each wait for the others, a decode first
 * waits, holding nothing, until its open clips fit into {@link ClipBuffers#capacity()} along with
 * those of the decodes that are running ({@link ClipBuffers#enter}). Any number of threads may
 * share a pool; clips that went to a sink must come back without the help of a further decode.
 */
public final class VideoDecoder {
  private final ClipSpec spec;
  private final DecodeLimits limits;
  private final ClipBuffers buffers;
  private final GpuDecoding gpus;
  private final LongAdder packetsDecoded = new LongAdder();

  /**
   * A decoder on the CPU.
   *
   * @param buffers for clips of the size of {@code spec}
   */
  public VideoDecoder(ClipSpec spec, DecodeLimits limits, ClipBuffers buffers) {
    this(spec, limits, buffers, GpuDecoding.off());
  }

  /**
   * @param buffers for clips of the size of {@code spec}
   * @param gpus that decode what they can
   */
  public VideoDecoder(ClipSpec spec, DecodeLimits limits, ClipBuffers buffers, GpuDecoding gpus) {
    if (buffers.clipBytes() != spec.clipBytes()) {
      throw new IllegalArgumentException(
          "the buffers hold "
              + buffers.clipBytes()
              + " bytes, expected the clip's "
              + spec.clipBytes());
    }
    Ffmpeg.load();
    // Largest plane that a picture may need: 8 bytes a pixel (RGBA of 16 bits), and room for edges.
    Ffmpeg.allowAllocation(8 * limits.maxPicturePixels() + (32 << 20));
    this.spec = spec;
    this.limits = limits;
    this.buffers = buffers;
    this.gpus = gpus;
  }

  /**
   * Whether a file's name ends as those of videos that are read do. Only folders go by it: what a
   * file is, its content tells.
   */
  public static boolean isVideoName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    int dot = name.lastIndexOf('.');
    return dot >= 0 && ContainerFormat.suffixes().contains(name.substring(dot + 1));
  }

  /**
   * Decodes only what the clips need and hands each to the sink as soon as it is full.
   *
   * @param file a local file; its name does not matter
   * @param range the part of the video to sample, in seconds from its first frame; empty: all
   * @param sink takes the clips over, in the order in which they end
   * @return what was decoded, or why nothing was
   * @throws InterruptedException if the thread was interrupted; clips in the sink stay there
   * @throws java.io.UncheckedIOException if the file is missing or cannot be read
   * @throws IllegalArgumentException if the clips open at once can never fit into the buffers
   */
  public DecodeResult decode(Path file, Sampling sampling, Optional<TimeRange> range, ClipSink sink)
      throws InterruptedException {
    return decode(file, sampling, range, sink, times -> {});
  }

  /**
   * As the other.
   *
   * @param sampled takes the times of the frames that were chosen, in seconds from the first frame,
   *     ascending, before the first clip
   */
  public DecodeResult decode(
      Path file,
      Sampling sampling,
      Optional<TimeRange> range,
      ClipSink sink,
      Consumer<List<Double>> sampled)
      throws InterruptedException {
    try (Deadline deadline = new Deadline(limits.timeout());
        VideoSource source = VideoSource.open(file, limits)) {
      try {
        return decode(source, deadline, sampling, range, sink, sampled);
      } catch (UnusableVideoException e) {
        throw e.hasNoPicture() ? source.container().noPicture(e) : e;
      }
    } catch (UnusableVideoException e) {
      return e.rejected();
    }
  }

  /** Packets given to codecs since this was made, in all decodes: what seeking is there to save. */
  long packetsDecoded() {
    return packetsDecoded.sum();
  }

  private DecodeResult decode(
      VideoSource source,
      Deadline deadline,
      Sampling sampling,
      Optional<TimeRange> range,
      ClipSink sink,
      Consumer<List<Double>> sampled)
      throws UnusableVideoException, InterruptedException {
    Codec.find(source.track());
    PacketScan scan = PacketScan.of(source, limits);
    scan.check(source, limits);
    limits.checkPicture(source.track().width(), source.track().height());
    FramePlan plan = FramePlan.of(scan.timeline(), sampling, spec, range);
    sampled.accept(plan.seconds(scan.timeline()));
    boolean sound = scan.fault().isEmpty() && !scan.broken() && !scan.timeline().counted();
    Optional<CardTurn> turn = gpus.begin(source.track(), sound, limits, deadline);
    try (CardTurn card = turn.orElse(null);
        ClipAssembly clips =
            new ClipAssembly(spec, plan, sampling.crops(), buffers, deadline, sink)) {
      Work work = new Work(source, scan, scan.timeline(), plan, clips, deadline);
      Read read = card == null ? readOnCpu(work) : readOnCard(work, card);
      checkAny(source, scan.timeline(), read.decoded, clips.clips());
      VideoInfo info = info(source, scan.timeline(), read.first);
      return new DecodeResult.Decoded(
          info, clips.clips(), read.note.isEmpty(), read.note, scan.timeline().remark());
    }
  }

  /** What is to be read, and into which clips. */
  private record Work(
      VideoSource source,
      PacketScan scan,
      Timeline timeline,
      FramePlan plan,
      ClipAssembly clips,
      Deadline deadline) {
    Work with(Timeline other) {
      return new Work(source, scan, other, plan, clips, deadline);
    }
  }

  /**
   * What was read.
   *
   * @param decoded frames
   * @param first wanted picture, null if none came
   * @param note what was lost; empty if nothing
   */
  private record Read(int decoded, ShownPicture first, String note) {}

  /** On a GPU; where that fails, on the CPU: then clips that went to the sink are left out. */
  private Read readOnCard(Work work, CardTurn card)
      throws UnusableVideoException, InterruptedException {
    try (Scaler scaler = card.scaler(spec, work.clips.crops())) {
      long begun = System.nanoTime() - work.deadline.waited();
      Read read = read(work, new Losses(false), card, scaler, false);
      gpus.took(card, System.nanoTime() - work.deadline.waited() - begun);
      return read;
    } catch (CardFailedException | CudaException e) {
      gpus.failed(card, work.source.track(), e);
    } catch (UnusableVideoException e) {
      if (e.rejected().reason() == DecodeReason.DECODE_TIMEOUT) {
        throw e;
      }
      gpus.failed(card, work.source.track(), new CardFailedException(e.getMessage()));
    }
    card.close();
    work.clips.again();
    return readOnCpu(work);
  }

  private Read readOnCpu(Work work) throws UnusableVideoException, InterruptedException {
    try (Scaler scaler = new PictureScaler(spec, work.clips.crops())) {
      long begun = System.nanoTime() - work.deadline.waited();
      Read read = readOnCpu(work, scaler);
      gpus.cpuTook(work.source.track(), System.nanoTime() - work.deadline.waited() - begun);
      return read;
    }
  }

  /** By their times; where those contradict the order of pictures, by their order, if all come. */
  private Read readOnCpu(Work work, Scaler scaler)
      throws UnusableVideoException, InterruptedException {
    Codecs codecs = Codecs.onCpu(limits);
    boolean sound = work.scan.fault().isEmpty() && !work.scan.broken();
    try {
      return read(work, new Losses(true), codecs, scaler, sound);
    } catch (OutputOrder.Contradicted e) {
      boolean complete = OutputOrder.isComplete(work.source, work.timeline, limits);
      Work again = complete ? work.with(work.timeline.countedOut()) : work;
      work.clips.again();
      return read(again, new Losses(true), codecs, scaler, false);
    }
  }

  private Read read(Work work, Losses losses, Codecs codecs, Scaler scaler, boolean ordered)
      throws UnusableVideoException, InterruptedException {
    try (FrameReader reader =
        new FrameReader(
            work.source,
            work.timeline,
            work.plan,
            work.clips,
            losses,
            codecs,
            scaler,
            limits,
            ordered)) {
      try {
        reader.read();
      } finally {
        packetsDecoded.add(reader.sent());
      }
      return new Read(reader.decoded(), reader.first(), losses.note(work.scan.fault()));
    }
  }

  private void checkAny(VideoSource source, Timeline timeline, int decoded, int clips)
      throws UnusableVideoException, InterruptedException {
    if (decoded == 0) {
      AnnouncedSize.check(source, limits);
    }
    if (clips == 0) {
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          decoded == 0
              ? "none of its %s can be decoded".formatted(Count.of(timeline.frames(), "frame"))
              : "too few of the wanted frames can be decoded");
    }
  }

  private static VideoInfo info(VideoSource source, Timeline timeline, ShownPicture picture) {
    return new VideoInfo(
        source.container().name(),
        source.track().codecName(),
        picture.width(),
        picture.height(),
        picture.orientation().degrees(),
        timeline.rate(),
        timeline.endSeconds(),
        timeline.frames());
  }
}
