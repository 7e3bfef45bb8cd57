package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/** Bounds of options, which picocli does not know. */
final class OptionValues {
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
