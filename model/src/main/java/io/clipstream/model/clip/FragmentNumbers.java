package io.clipstream.model.clip;

import java.io.IOException;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * The numbers of the fragments of an MP4 file (ISO/IEC 14496-12, 8.8.5). Reads headers, no media.
 */
final class FragmentNumbers {
  private FragmentNumbers() {}

  /**
   * Where fragments begin that do not have the number behind the last, in files that count by 1.
   */
  static NavigableSet<Long> gaps(FileBytes file)
      throws IOException, UnusableVideoException, InterruptedException {
    NavigableSet<Long> gaps = new TreeSet<>();
    long last = 0;
    boolean counts = false;
    long at = 0;
    for (int steps = 0; at >= 0 && at + 8 <= file.size() && StatedEnd.mayStep(steps); steps++) {
      long size = file.big(at, 4);
      size = size == 1 ? file.big(at + 8, 8) : size;
      if (size < 8) {
        break;
      }
      if (file.has(at + 4, "moof") && file.has(at + 12, "mfhd")) {
        long number = file.big(at + 20, 4);
        if (counts && number > last + 1) {
          gaps.add(at);
        }
        counts = last > 0 && number == last + 1;
        last = number;
      }
      at += size;
    }
    return gaps;
  }
}
