package io.clipstream.trainer.motion;

/** What a rendered video shows. One thread. */
interface Footage {
  /** Name of the picture that the camera looks at first; empty for a {@link Sheet}. */
  String source();

  /**
   * Renders the frame shown at a time.
   *
   * @param t seconds from the start of the video
   * @param out RGB uint8 {@code [height, width, 3]}
   */
  void render(double t, byte[] out);
}
