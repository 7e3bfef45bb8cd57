package io.clipstream.model.fetch;

import io.clipstream.model.Count;
import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them in messages. */
final class Sizes {
  private Sizes() {}

  /** "2 GiB", "1.5 MiB", "900 bytes". */
  static String bytes(long bytes) {
    String[] units = {"KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) {
      return Count.of(bytes, "byte");
    }
    double value = bytes;
    int unit = -1;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return number(value) + " " + units[unit];
  }

  /** "300 s", "0.25 s". */
  static String seconds(Duration time) {
    return number(time.toNanos() / 1e9) + " s";
  }

  private static String number(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    return text.replaceAll("\\.?0+$", "");
  }
}
