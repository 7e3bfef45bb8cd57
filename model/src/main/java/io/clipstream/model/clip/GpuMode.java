package io.clipstream.model.clip;

/** Whether GPUs decode videos: the setting {@code decode.gpu}. */
public enum GpuMode {
  /** What they can, where there are any. */
  AUTO,
  /** Never. */
  OFF;

  /** What {@link #parse} takes, for messages. */
  public static final String EXPECTED = "auto or off";

  /** The mode of this name, or null if there is none. */
  public static GpuMode parse(String name) {
    return switch (name) {
      case "auto" -> AUTO;
      case "off" -> OFF;
      default -> null;
    };
  }
}
