package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
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
