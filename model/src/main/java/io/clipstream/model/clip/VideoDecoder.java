package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_DEFAULT;
import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_NONREF;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_NONE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_PROP_INTRA_ONLY;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PROFILE_H264_HIGH_444_PREDICTIVE;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_alloc_context3;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_descriptor_get;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_find_decoder;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_flush_buffers;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_open2;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_parameters_to_context;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_receive_frame;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_send_packet;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.atomic.LongAdder;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecDescriptor;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * Cuts clips from video files with FFmpeg. Reentrant: all threads; each decode uses the thread that
 * called it and no other.
 *
 * <p>A first pass reads the packets without decoding them, so that the true number of frames and
 * their presentation times are known whatever the header says. {@link ClipSampler} then chooses
 * frames, and a second pass decodes from the key frame before each wanted span, skips pictures that
 * neither a clip nor another picture needs, and scales each wanted one once into the clip.
 *
 * <p>Where a container leaves out times of presentation (raw streams, MPEG program streams and AVI
 * with B-frames) or they jump, there is nothing to seek by: such a file is decoded from its start
 * to the last wanted frame, and where times are missing, frames are counted as they come out.
 *
 * <p>A decode holds clips that are not full yet, one per crop and overlapping window, and waits for
 * a buffer while it does. So that many decodes cannot each wait for the others, a decode first
 * waits, holding nothing, until its open clips fit into {@link ClipBuffers#capacity()} along with
 * those of the decodes that are running ({@link ClipBuffers#enter}). Any number of threads may
 * share a pool; clips that went to a sink must come back without the help of a further decode.
 */
public final class VideoDecoder {
  /** Reading through fewer packets than this is cheaper than a seek. */
  private static final int SEEK_FRAMES = 64;

  // Macros of libavutil/frame.h that the Java presets leave out.
  private static final int AV_FRAME_FLAG_CORRUPT = 1;
  private static final int AV_FRAME_FLAG_INTERLACED = 1 << 3;

  private final ClipSpec spec;
  private final DecodeLimits limits;
  private final ClipBuffers buffers;
  private final LongAdder packetsDecoded = new LongAdder();

  /**
   * @param buffers for clips of the size of {@code spec}
   */
  public VideoDecoder(ClipSpec spec, DecodeLimits limits, ClipBuffers buffers) {
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
    try (Deadline deadline = new Deadline(limits.timeout());
        VideoSource source = VideoSource.open(file, limits)) {
      return decode(source, deadline, sampling, range, sink);
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
      ClipSink sink)
      throws UnusableVideoException, InterruptedException {
    AVCodec codec = avcodec_find_decoder(source.stream().codecpar().codec_id());
    if (codec == null) {
      throw new UnusableVideoException(
          DecodeReason.UNSUPPORTED_CODEC, "there is no decoder for its codec" + name(source));
    }
    Timeline timeline = source.scan();
    checkLength(source, timeline);
    int from = range.isPresent() ? firstIn(timeline, range.get()) : 0;
    int to = range.isPresent() ? timeline.firstFrom(range.get().endSeconds()) : timeline.frames();
    double end = timeline.endSeconds();
    if (range.isPresent()) {
      end = Math.min(end, range.get().endSeconds());
    }
    if (from >= to) {
      throw new UnusableVideoException(
          DecodeReason.RANGE_OUTSIDE_VIDEO,
          String.format(
              Locale.ROOT,
              "the range %.3f to %.3f s has no frame, the video is %.3f s long",
              range.get().startSeconds(),
              range.get().endSeconds(),
              timeline.endSeconds()));
    }
    List<ClipSampler.Window> windows =
        ClipSampler.sample(sampling, spec, timeline.seconds(), from, to, end);
    try (Decoding decoding =
        new Decoding(source, codec, timeline, windows, sampling.crops(), deadline, sink)) {
      return decoding.run();
    }
  }

  private static String name(VideoSource source) {
    if (source.stream().codecpar().codec_id() != AV_CODEC_ID_NONE) {
      return " " + source.codecName();
    }
    return source.codecTag().isEmpty() ? ", which is unknown" : " '" + source.codecTag() + "'";
  }

  private void checkLength(VideoSource source, Timeline timeline) throws UnusableVideoException {
    if (timeline.frames() == 0 && source.promisedFrames() > 1) {
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          "its header promises "
              + source.promisedFrames()
              + " frames, none can be read"
              + (source.fault().isEmpty() ? "" : ": " + source.fault()));
    }
    if (timeline.frames() < 2 && source.hiddenFrames() > 1) {
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          String.format(
              "its edit list or times leave %d of %d frames to show",
              timeline.frames(), timeline.frames() + source.hiddenFrames()));
    }
    if (timeline.frames() < 2) {
      String detail =
          "its video has "
              + timeline.frames()
              + " frame"
              + (timeline.frames() == 1 ? "" : "s")
              + ", expected at least 2";
      throw source.broken()
          ? new UnusableVideoException(DecodeReason.CORRUPT, detail + ": " + source.fault())
          : new UnusableVideoException(DecodeReason.TOO_SHORT, detail);
    }
    if (timeline.endSeconds() > limits.maxSeconds()) {
      throw new UnusableVideoException(
          DecodeReason.TOO_LONG,
          String.format(
              Locale.ROOT,
              "it is %.0f s long, allowed are %.0f s",
              timeline.endSeconds(),
              limits.maxSeconds()));
    }
  }

  /** The frame on display when the range starts. */
  private static int firstIn(Timeline timeline, TimeRange range) {
    if (range.startSeconds() >= timeline.endSeconds()) {
      return timeline.frames();
    }
    int from = timeline.firstFrom(range.startSeconds());
    boolean starts = from < timeline.frames() && timeline.seconds()[from] == range.startSeconds();
    return starts ? from : Math.max(0, from - 1);
  }

  /** The second pass over one file: owns the codec, the scaler and the clips that are not full. */
  private final class Decoding implements AutoCloseable {
    private final VideoSource source;
    private final AVCodec codec;
    private final Timeline timeline;
    private final List<ClipSampler.Window> windows;
    private final int crops;
    private final Deadline deadline;
    private final ClipSink sink;
    private final long[] slots; // frame << 32 | window << 12 | place in clip, ascending
    private final BitSet wanted = new BitSet();
    private final Clip[][] open;
    private final int[] left; // places of each window that are not filled yet
    private final int entered;

    private PictureScaler scaler;
    private AVFrame frame;
    private AVCodecContext context;

    private int slot; // the first that is not filled
    private int packetNumber; // in the file, where packets are counted
    private int frameNumber; // decoded, where frames are counted
    private int newest = -1; // last frame that came out
    private boolean trustKeys; // whether decoding may start at key frames
    private boolean justSought; // nothing came out since the last seek
    private final boolean intraOnly; // every picture stands alone
    private int clips;
    private int decoded;
    private int errors;
    private int damaged;
    private int missed;
    private int droppedClips;
    private double pixelAspect = 1;
    private Orientation orientation = Orientation.UPRIGHT;
    private int width;
    private int height;

    Decoding(
        VideoSource source,
        AVCodec codec,
        Timeline timeline,
        List<ClipSampler.Window> windows,
        int crops,
        Deadline deadline,
        ClipSink sink)
        throws InterruptedException {
      this.source = source;
      this.codec = codec;
      this.timeline = timeline;
      this.windows = windows;
      this.crops = crops;
      this.deadline = deadline;
      this.sink = sink;
      // x264 before build 151 wrote 4:4:4 in its own way; only the first packet says which build.
      boolean firstPacketTells =
          codec.id() == AV_CODEC_ID_H264
              && source.stream().codecpar().profile() == AV_PROFILE_H264_HIGH_444_PREDICTIVE;
      this.trustKeys = timeline.mode() == Timeline.Mode.SEEKABLE && !firstPacketTells;
      AVCodecDescriptor descriptor = avcodec_descriptor_get(codec.id());
      this.intraOnly = descriptor != null && (descriptor.props() & AV_CODEC_PROP_INTRA_ONLY) != 0;
      int places = spec.frames();
      slots = new long[windows.size() * places];
      for (int w = 0; w < windows.size(); w++) {
        int[] frames = windows.get(w).frames();
        for (int i = 0; i < places; i++) {
          slots[w * places + i] = (long) frames[i] << 32 | (long) w << 12 | i;
          wanted.set(frames[i]);
        }
      }
      Arrays.sort(slots);
      open = new Clip[windows.size()][];
      left = new int[windows.size()];
      Arrays.fill(left, places);
      entered = mostOpen() * crops;
      long before = System.nanoTime();
      buffers.enter(entered);
      deadline.extend(System.nanoTime() - before);
    }

    /** Most windows that are partly filled at the same time. */
    private int mostOpen() {
      int[] filled = new int[windows.size()];
      int now = 0;
      int most = 0;
      for (long at : slots) {
        int w = window(at);
        if (filled[w]++ == 0) {
          now++;
        }
        most = Math.max(most, now);
        if (filled[w] == spec.frames()) {
          now--;
        }
      }
      return most;
    }

    DecodeResult run() throws UnusableVideoException, InterruptedException {
      scaler = new PictureScaler(spec, crops);
      frame = av_frame_alloc();
      openCodec();
      decodeWanted();
      finishOpen();
      if (decoded == 0) {
        source.checkAnnouncedSize();
      }
      if (clips == 0) {
        throw new UnusableVideoException(
            DecodeReason.CORRUPT,
            decoded == 0
                ? "none of its " + timeline.frames() + " frames can be decoded"
                : "too few of the wanted frames can be decoded");
      }
      String note = note();
      VideoInfo info =
          new VideoInfo(
              source.containerName(),
              source.codecName(),
              width,
              height,
              orientation.degrees(),
              timeline.rate(),
              timeline.endSeconds(),
              timeline.frames());
      return new DecodeResult.Decoded(info, clips, note.isEmpty(), note);
    }

    private void openCodec() throws UnusableVideoException {
      context = avcodec_alloc_context3(codec);
      int error = avcodec_parameters_to_context(context, source.stream().codecpar());
      context.thread_count(1);
      context.max_pixels(limits.maxPicturePixels());
      context.pkt_timebase(source.stream().time_base());
      if (error >= 0) {
        error = avcodec_open2(context, codec, (AVDictionary) null);
      }
      if (error < 0) {
        throw new UnusableVideoException(
            DecodeReason.CORRUPT,
            "its " + source.codecName() + " stream cannot be opened: " + Ffmpeg.message(error));
      }
    }

    private void decodeWanted() throws UnusableVideoException, InterruptedException {
      long key = trustKeys ? timeline.keyAtOrBefore(frame(slots[0])) : Timeline.MISSING;
      if (key == Timeline.MISSING || !seek(key)) {
        startOver();
      }
      while (slot < slots.length) {
        skipAhead();
        if (source.next()) {
          send();
        } else {
          boolean trusted = trustKeys;
          avcodec_send_packet(context, null); // pictures that it still holds
          receive();
          if (slot == slots.length || (trustKeys == trusted && !justSought)) {
            return;
          }
          if (justSought) {
            startOver(); // nothing at all came after the seek
          }
        }
      }
    }

    /** Jumps over frames that nobody wants, if there is a key frame well beyond them. */
    private void skipAhead() throws UnusableVideoException, InterruptedException {
      int next = frame(slots[slot]);
      if (!trustKeys || next <= newest + SEEK_FRAMES) {
        return;
      }
      long key = timeline.keyAtOrBefore(next);
      if (key != Timeline.MISSING && timeline.indexOf(key) > newest + SEEK_FRAMES) {
        avcodec_flush_buffers(context);
        if (!seek(key)) {
          startOver();
        }
      }
    }

    /** Goes to a key frame or somewhere before it. */
    private boolean seek(long key) {
      newest = timeline.indexOf(key) - 1;
      justSought = true;
      return source.seek(key, timeline.decodedAt(key));
    }

    /** Decodes from the first packet of the file on. */
    private void startOver() throws UnusableVideoException, InterruptedException {
      trustKeys = false;
      justSought = false;
      source.restart();
      avcodec_free_context(context);
      openCodec();
      packetNumber = 0;
      frameNumber = 0;
      newest = -1;
    }

    private void send() throws UnusableVideoException, InterruptedException {
      var packet = source.packet();
      boolean shown = source.shown();
      if (timeline.mode() == Timeline.Mode.REWRITTEN) {
        packet.dts(Timeline.MISSING);
        packet.pts(shown ? timeline.rewritten(packetNumber++) : Timeline.MISSING);
      }
      boolean needed =
          timeline.mode() == Timeline.Mode.COUNTED
              || packet.pts() == Timeline.MISSING
              || wanted.get(timeline.indexOf(packet.pts()));
      context.skip_frame(needed ? AVDISCARD_DEFAULT : AVDISCARD_NONREF);
      if (intraOnly && !needed) {
        return;
      }
      packetsDecoded.increment();
      int error = avcodec_send_packet(context, packet);
      if (error < 0 && error != AVERROR_EAGAIN()) {
        errors++;
      }
      receive();
    }

    private void receive() throws UnusableVideoException, InterruptedException {
      while (slot < slots.length) {
        int error = avcodec_receive_frame(context, frame);
        if (error == AVERROR_EAGAIN() || error == AVERROR_EOF) {
          return;
        }
        if (error < 0) {
          errors++;
          return;
        }
        try {
          decoded++;
          take();
        } finally {
          av_frame_unref(frame);
        }
        VideoSource.checkDeadline();
      }
    }

    /** Fills every place that wants this picture, or wanted an earlier one that never came. */
    private void take() throws UnusableVideoException, InterruptedException {
      int number = number();
      newest = Math.max(newest, number);
      if (justSought) {
        justSought = false;
        if (number > frame(slots[slot])) {
          startOver(); // the container's key frames or its seeking are wrong
          return;
        }
      }
      if (number < frame(slots[slot])) {
        return;
      }
      if ((frame.flags() & AV_FRAME_FLAG_CORRUPT) != 0 || frame.decode_error_flags() != 0) {
        damaged++;
      }
      source.checkSize(frame.width(), frame.height());
      pixelAspect = source.pixelAspect(frame);
      orientation = source.orientation(frame);
      boolean interlaced = (frame.flags() & AV_FRAME_FLAG_INTERLACED) != 0;
      scaler.scale(frame, pixelAspect, orientation);
      if (width == 0) {
        int across = (int) Math.max(1, Math.round(frame.width() * pixelAspect));
        width = orientation.swap() ? frame.height() : across;
        height = orientation.swap() ? across : frame.height();
      }
      while (slot < slots.length && frame(slots[slot]) <= number) {
        // The second field of an interlaced picture may have a time but is no picture of its own.
        if (frame(slots[slot]) < number && !interlaced) {
          missed++;
        }
        fill(window(slots[slot]), place(slots[slot]));
        slot++;
      }
    }

    private int number() {
      if (timeline.mode() == Timeline.Mode.COUNTED) {
        return frameNumber++;
      }
      long time = frame.pts() != Timeline.MISSING ? frame.pts() : frame.best_effort_timestamp();
      return time == Timeline.MISSING ? newest + 1 : timeline.indexOf(time);
    }

    private void fill(int window, int place) throws InterruptedException {
      if (open[window] == null) {
        Clip[] taken = new Clip[crops];
        open[window] = taken;
        long before = System.nanoTime();
        for (int crop = 0; crop < crops; crop++) {
          taken[crop] = buffers.take(windows.get(window).range(), crop);
        }
        deadline.extend(System.nanoTime() - before);
      }
      int offset = place * spec.frameBytes();
      for (int crop = 0; crop < crops; crop++) {
        scaler.copy(crop, open[window][crop].pixels(), offset);
      }
      if (--left[window] == 0) {
        handOver(window);
      }
    }

    private void handOver(int window) throws InterruptedException {
      long before = System.nanoTime();
      for (int crop = 0; crop < crops; crop++) {
        Clip clip = open[window][crop];
        open[window][crop] = null;
        sink.accept(clip);
        clips++;
      }
      open[window] = null;
      deadline.extend(System.nanoTime() - before);
    }

    /**
     * Ends clips whose last frames never came: at least half full, they repeat the last picture;
     * otherwise they are dropped.
     */
    private void finishOpen() throws InterruptedException {
      for (int at = slot; at < slots.length; at++) {
        int window = window(slots[at]);
        if (open[window] != null && left[window] * 2 <= spec.frames()) {
          missed++;
          fill(window, place(slots[at]));
        }
      }
      for (int w = 0; w < windows.size(); w++) {
        if (left[w] > 0) {
          droppedClips += crops;
        }
      }
    }

    private String note() {
      StringJoiner note = new StringJoiner("; ");
      if (!source.fault().isEmpty()) {
        note.add(source.fault());
      }
      if (errors > 0) {
        note.add(count(errors, "packet") + " cannot be decoded");
      }
      if (damaged > 0) {
        note.add(count(damaged, "frame") + " damaged");
      }
      if (missed > 0) {
        note.add(count(missed, "frame") + " missing and replaced by neighbours");
      }
      if (droppedClips > 0) {
        note.add(count(droppedClips, "clip") + " left out");
      }
      return note.toString();
    }

    private static String count(int number, String what) {
      return number + " " + what + (number == 1 ? "" : "s");
    }

    private static int frame(long slot) {
      return (int) (slot >>> 32);
    }

    private static int window(long slot) {
      return (int) slot >>> 12;
    }

    private static int place(long slot) {
      return (int) slot & 0xfff;
    }

    @Override
    public void close() {
      for (Clip[] taken : open) {
        if (taken != null) {
          for (Clip clip : taken) {
            if (clip != null) {
              clip.close();
            }
          }
        }
      }
      buffers.leave(entered);
      if (scaler != null) {
        scaler.close();
      }
      if (frame != null) {
        av_frame_free(frame);
      }
      if (context != null) {
        avcodec_free_context(context);
      }
    }
  }
}
