package io.clipstream.model.kernels;

/**
 * Whether networks run with clipstream's own GPU kernels: the setting {@code model.kernels}, and
 * {@code train.kernels} for networks that learn.
 */
public enum KernelMode {
  /** Where they can; else in the plain form, which does the same more slowly. */
  AUTO,
  /** Where they cannot, the model is refused, or the run. */
  ON,
  /** Never. */
  OFF;

  /** What {@link #parse} takes, for messages. */
  public static final String EXPECTED = "auto, on or off";

  /** The mode of this name, or null if there is none. */
  public static KernelMode parse(String name) {
    return switch (name) {
      case "auto" -> AUTO;
      case "on" -> ON;
      case "off" -> OFF;
      default -> null;
    };
  }
}
