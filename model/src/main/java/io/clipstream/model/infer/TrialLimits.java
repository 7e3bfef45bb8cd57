package io.clipstream.model.infer;

import io.clipstream.model.UserError;
import java.time.Duration;

/**
 * What the first run of a network may take.
 *
 * @param time to load it and run it once
 * @param memory of the process that does, bytes
 */
public record TrialLimits(Duration time, long memory) {
  static final String TIME = "CLIPSTREAM_TRIAL_SECONDS";
  static final String MEMORY = "CLIPSTREAM_TRIAL_GIB";

  /** Two minutes and 8 GiB, or what the environment says. */
  public static TrialLimits defaults() {
    return new TrialLimits(Duration.ofSeconds(number(TIME, 120)), number(MEMORY, 8) << 30);
  }

  private static long number(String variable, long usual) {
    String value = System.getenv(variable);
    if (value == null || value.isBlank()) {
      return usual;
    }
    if (!value.strip().matches("[1-9]\\d{0,6}")) {
      throw new UserError(variable + " is '" + value + "', expected a whole number from 1");
    }
    return Long.parseLong(value.strip());
  }
}
