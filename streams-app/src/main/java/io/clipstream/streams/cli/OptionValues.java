package io.clipstream.streams.cli;

import io.clipstream.model.Quantity;
import io.clipstream.model.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/** Bounds of options, which picocli does not know. */
final class OptionValues {
  private static final Duration LAST_PLACE = Duration.ofSeconds(1_000_000_000);

  private OptionValues() {}

  /** Refuses a number below the least. */
  static void atLeast(long least, String option, long value) {
    if (value < least) {
      throw new UserError(
          option + " is " + value + ", expected a whole number of at least " + least);
    }
  }

  /** Refuses a number outside of these bounds. */
  static void within(long least, long most, String option, long value) {
    if (value < least || value > most) {
      throw new UserError(
          option + " is " + value + ", expected a whole number from " + least + " to " + most);
    }
  }

  /**
   * A place in a video: seconds, or a time with its unit. Null for none.
   *
   * @return milliseconds from the video's beginning
   */
  static Long placeMillis(String option, String text) {
    if (text == null) {
      return null;
    }
    return Quantity.time(text.matches("[0-9.]+") ? text + "s" : text)
        .filter(place -> place.compareTo(LAST_PLACE) <= 0)
        .map(Duration::toMillis)
        .orElseThrow(
            () ->
                new UserError(
                    option
                        + " is '"
                        + text
                        + "', expected seconds up to 1000000000, or a time such as 1500ms"));
  }

  /** Refuses a path that no file can be written to, as far as that shows before it is tried. */
  static void writable(String option, Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file) || folder == null || !Files.isDirectory(folder)) {
      throw new UserError(option + " is " + file + ", expected a file in a folder that exists");
    }
    if (!Files.isWritable(Files.exists(file) ? file : folder)) {
      throw new UserError(option + " is " + file + ", which this user may not write");
    }
  }

  /**
   * Something made of the values of options alone: what its constructor refuses, the user wrote.
   */
  static <T> T checked(Supplier<T> make) {
    try {
      return make.get();
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage(), e);
    }
  }
}
