package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avformat.AVFMT_DURATION_FROM_STREAM;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;
import static org.bytedeco.ffmpeg.global.avutil.AV_TIME_BASE;

import io.clipstream.model.Count;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avutil.AVRational;

/**
 * What the packets of a file tell without decoding one: when each frame is shown, and what is wrong
 * with the file.
 *
 * @param timeline when each frame is shown
 * @param hiddenFrames packets that show no picture
 * @param broken whether packets are damaged or cut off, or reading them failed: then fault says so
 * @param fault what is wrong; empty if nothing
 */
record PacketScan(Timeline timeline, int hiddenFrames, boolean broken, String fault) {
  /** Frames that FFmpeg promises in an AVI file whose header it cannot go back to. */
  private static final int NO_COUNT = 1 << 30;

  /** Reads all packets of a source that was just opened, and chooses the track. */
  static PacketScan of(VideoSource source, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    AVPacket packet = source.packet();
    AVFormatContext context = source.container().context();
    Map<Integer, TrackScan> tracks = new LinkedHashMap<>(); // the likeliest first
    source.tracks().forEach(track -> tracks.put(track.index(), new TrackScan(track)));
    double lastEnd = 0;
    long last = 0; // byte at which the last packet ends
    boolean dense = source.container().format().isDense();
    NavigableSet<Long> gaps = source.fragmentGaps();
    long read = -1; // bytes of the file
    int error;
    while ((error = source.read()) == 0) {
      boolean skipped = dense && read >= 0 && packet.pos() > read + StatedEnd.BETWEEN_PACKETS;
      if (skipped || source.container().format().hasEachFrame()) {
        tracks.values().forEach(TrackScan::skipped);
      }
      read = packet.pos() < 0 ? -1 : packet.pos() + packet.size();
      last = Math.max(last, read);
      lastEnd = Math.max(lastEnd, endSeconds(context, packet));
      TrackScan track = tracks.get(packet.stream_index());
      if (track != null) {
        Long gap = gaps.ceiling(track.end());
        if (gap != null && gap < packet.pos()) {
          track.skipped();
        }
        track.add(packet);
        if (track.packets().frames() > limits.maxFrames()) {
          throw new UnusableVideoException(
              DecodeReason.TOO_LONG,
              "it has more than " + limits.maxFrames() + " frames, the most allowed");
        }
      }
    }
    TrackScan chosen =
        tracks.values().stream()
            .filter(track -> track.packets().frames() > 1)
            .findFirst()
            .orElse(tracks.get(source.track().index()));
    source.choose(chosen.track(), chosen.hasChecksums());
    boolean broken = error != AVERROR_EOF || chosen.packets().damaged() > 0;
    String fault = fault(source, chosen, error, lastEnd, last);
    return new PacketScan(
        FirstPicture.timeline(source, chosen, limits), chosen.hidden(), broken, fault);
  }

  private static String fault(
      VideoSource source, TrackScan scan, int error, double lastEnd, long last)
      throws UnusableVideoException, InterruptedException {
    if (error != AVERROR_EOF) {
      return "the file breaks off or is damaged (" + Ffmpeg.message(error) + ")";
    }
    long lost = scan.lost();
    if (lost > 0) {
      return Count.of(lost, "frame", "is", "are") + " lost where its data is damaged";
    }
    long missing = missing(source, scan);
    if (missing > 0) {
      return "of the %d frames that its header promises %d cannot be read"
          .formatted(missing + given(source, scan), missing);
    }
    TransportPackets.Jumps jumps = source.jumps();
    int damaged =
        source.container().format().marksJumps()
            ? scan.damaged(jumps.all() > 0)
            : scan.packets().damaged();
    if (damaged > 0) {
      return Count.of(damaged, "packet", "is", "are") + " cut off or damaged";
    }
    if (jumps.lost() > 0) {
      return "data of it is lost or damaged at " + Count.of(jumps.lost(), "place");
    }
    double promised = unreached(source, scan, lastEnd, last);
    if (promised > 0) {
      return String.format(
          Locale.ROOT, "its header says %.2f s, its data ends at %.2f s", promised, lastEnd);
    }
    boolean all =
        source.container().format().countsFrames()
            && scan.track().promisedFrames() > 0
            && scan.track().promisedFrames() <= given(source, scan);
    long cut = all ? 0 : source.missing(last);
    if (cut > 0) {
      return "the file is cut off: at least %s missing"
          .formatted(Count.of(cut, "byte", "is", "are"));
    }
    String open = source.openEnd(last);
    if (!open.isEmpty()) {
      return open + ": it may be cut off";
    }
    long unreadable = source.unreadable(last);
    if (unreadable > 0) {
      return "the file is damaged: at least %s of it cannot be read"
          .formatted(Count.of(unreadable, "byte"));
    }
    if (scan.dropped() > 0) {
      return Count.of(scan.dropped(), "frame", "is", "are") + " left out where times jump back";
    }
    return source.hasSecond() ? "behind it in the file is another video, which is not read" : "";
  }

  /** Seconds that the header promises, if data ends before them; else 0. */
  private static double unreached(VideoSource source, TrackScan scan, double lastEnd, long last)
      throws UnusableVideoException, InterruptedException {
    if (lastEnd <= 0) {
      return 0;
    }
    AVFormatContext context = source.container().context();
    double frame = 1 / Math.max(1, scan.track().headerRate());
    double frames = 1.75 * frame;
    if (context.duration_estimation_method() == AVFMT_DURATION_FROM_STREAM
        && scan.track().promisedFrames() != NO_COUNT) {
      double promised = context.duration() / (double) AV_TIME_BASE;
      // The length is not exact, so that it alone tells nothing of a frame.
      boolean less = promised > lastEnd + 0.2 + 0.02 * promised;
      less |= promised > lastEnd + frames && source.goesOn(last);
      // Sound may be ahead.
      double end = scan.packets().end() * scan.track().tickSeconds();
      less |= promised > end + frame * source.container().format().lengthOfALoss();
      if (less) {
        return promised;
      }
    }
    double fragments = source.fragmentsSeconds();
    return fragments > lastEnd + frames ? fragments : 0;
  }

  /** Frames that the header promises, as far as they fit into the file, and that did not come. */
  private static long missing(VideoSource source, TrackScan scan)
      throws UnusableVideoException, InterruptedException {
    long given = given(source, scan);
    if (source.container().format().isMov()) {
      return scan.track().indexedFrames() - given;
    }
    long promised = source.container().format().countsFrames() ? scan.track().promisedFrames() : 0;
    return promised <= StatedEnd.MOST_OVER * given ? promised - given : 0; // else it is a lie
  }

  /** Packets that came, and AVI's of 0 bytes, which FFmpeg passes over: the last frame stays. */
  private static long given(VideoSource source, TrackScan scan)
      throws UnusableVideoException, InterruptedException {
    long given = scan.packets().packets();
    return source.container().name().equals("avi")
        ? given + scan.packets().steppedOver() + source.emptyChunks(scan.end())
        : given;
  }

  /** When the packet's content ends, counted as the container counts its length. */
  private static double endSeconds(AVFormatContext context, AVPacket packet) {
    long time = packet.pts() != Timeline.MISSING ? packet.pts() : packet.dts();
    if (time == Timeline.MISSING) {
      return 0;
    }
    AVRational base = context.streams(packet.stream_index()).time_base();
    // Some containers count their length from zero, others from their first time stamp.
    double start = context.start_time() == Timeline.MISSING ? 0 : context.start_time() / 1e6;
    return (time + (double) packet.duration()) * base.num() / Math.max(1, base.den())
        - Math.min(0, start);
  }

  /**
   * Checks that there is a video to decode, within the limits.
   *
   * @param source what was scanned
   */
  void check(VideoSource source, DecodeLimits limits) throws UnusableVideoException {
    int frames = timeline.frames();
    if (frames < source.container().format().leastFrames()) {
      throw new UnusableVideoException(
          DecodeReason.NOT_A_VIDEO,
          frames == 1 ? "it is a still picture" : "it holds " + frames + " still pictures");
    }
    long promised = source.track().promisedFrames();
    if (frames == 0 && promised > 1) {
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          "its header promises "
              + promised
              + " frames, none can be read"
              + (fault.isEmpty() ? "" : ": " + fault));
    }
    if (frames < 2 && hiddenFrames > 1) {
      throw new UnusableVideoException(
          DecodeReason.CORRUPT,
          String.format(
              "its edit list or times leave %d of %d frames to show",
              frames, frames + hiddenFrames));
    }
    if (frames < 2) {
      String detail = "its video has " + Count.of(frames, "frame") + ", expected at least 2";
      throw broken
          ? new UnusableVideoException(DecodeReason.CORRUPT, detail + ": " + fault)
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
}
