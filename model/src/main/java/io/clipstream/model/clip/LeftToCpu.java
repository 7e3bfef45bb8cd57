package io.clipstream.model.clip;

import java.util.Locale;

/** Why the CPU decodes a video where there are GPUs that decode. */
public enum LeftToCpu {
  /** Its codec or format is none that a GPU gives the CPU's pictures of. */
  FORMAT,
  /** Its packets or times tell that it is damaged, or do not tell when pictures are shown. */
  UNSOUND,
  /** All GPUs have their share of videos, and the CPU is done earlier. */
  BUSY,
  /** It is the first of its kind, or no decoder can be opened for it now. */
  NO_DECODER,
  /** A GPU began, and failed or lost a frame. */
  FAILED,
  /** All GPUs failed a moment ago and get no videos for now, or none any more. */
  PAUSED;

  /** As metrics name it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
