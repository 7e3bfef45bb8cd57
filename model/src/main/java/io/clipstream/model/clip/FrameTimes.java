package io.clipstream.model.clip;

import java.nio.file.Path;
import java.util.Optional;

/**
 * When the frames of a video are shown, by its packets: what a range of frames is in time. Pure.
 */
public final class FrameTimes {
  private final Timeline timeline;

  private FrameTimes(Timeline timeline) {
    this.timeline = timeline;
  }

  /**
   * Reads the packets of a file.
   *
   * @return empty if it is of no use; decoding it tells why
   * @throws java.io.UncheckedIOException if the file is missing or cannot be read
   */
  public static Optional<FrameTimes> of(Path file, DecodeLimits limits)
      throws InterruptedException {
    Ffmpeg.load();
    try (Deadline unused = new Deadline(limits.timeout());
        VideoSource source = VideoSource.open(file, limits)) {
      Codec.find(source.track());
      PacketScan scan = PacketScan.of(source, limits);
      scan.check(source, limits);
      return Optional.of(new FrameTimes(scan.timeline()));
    } catch (UnusableVideoException e) {
      return Optional.empty();
    }
  }

  public int frames() {
    return timeline.frames();
  }

  /**
   * The time from the first of some frames to the end of the last.
   *
   * @param first from 0
   * @param count of the frames; those behind the video's end are left out
   * @return empty if there is none of them
   */
  public Optional<TimeRange> range(int first, int count) {
    if (count <= 0 || first >= frames()) {
      return Optional.empty();
    }
    double[] seconds = timeline.seconds();
    int end = (int) Math.min(frames(), (long) first + count);
    return Optional.of(
        new TimeRange(seconds[first], end == frames() ? timeline.endSeconds() : seconds[end]));
  }
}
