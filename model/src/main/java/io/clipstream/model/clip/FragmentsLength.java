package io.clipstream.model.clip;

import java.io.IOException;

/**
 * How long a movie in fragments is to be by its header (ISO/IEC 14496-12, 8.8.2), which FFmpeg does
 * not look at. Reads headers, no media.
 */
final class FragmentsLength {
  /** What writers state who do not know: all bits set. */
  private static final long UNKNOWN = 0xffffffffL;

  private final FileBytes file;

  private FragmentsLength(FileBytes file) {
    this.file = file;
  }

  /** Seconds; 0 if the header does not say. */
  static double seconds(FileBytes file)
      throws IOException, UnusableVideoException, InterruptedException {
    return new FragmentsLength(file).find();
  }

  private double find() throws IOException, UnusableVideoException, InterruptedException {
    long moov = box("moov", 0, file.size());
    long end = moov + file.big(moov, 4);
    long header = box("mvhd", moov + 8, end);
    long extension = box("mvex", moov + 8, end);
    long length = box("mehd", extension + 8, extension + file.big(extension, 4));
    if (moov < 0 || header < 0 || extension < 0 || length < 0) {
      return 0;
    }
    boolean wide = file.u8(length + 8) != 0;
    long ticks = file.big(length + 12, wide ? 8 : 4);
    if (ticks <= 0 || (!wide && ticks == UNKNOWN)) {
      return 0;
    }
    long scale = file.big(header + (file.u8(header + 8) == 0 ? 20 : 28), 4);
    return scale > 0 ? ticks / (double) scale : 0;
  }

  /** Where a box begins; negative if it is not there. */
  private long box(String type, long from, long to)
      throws IOException, UnusableVideoException, InterruptedException {
    long at = from;
    long last = Math.min(to, file.size()) - 8;
    for (int steps = 0; at >= 0 && at <= last && StatedEnd.mayStep(steps); steps++) {
      if (file.has(at + 4, type)) {
        return at;
      }
      long size = file.big(at, 4);
      size = size == 1 ? file.big(at + 8, 8) : size;
      if (size < 8) {
        break;
      }
      at += size;
    }
    return -1;
  }
}
