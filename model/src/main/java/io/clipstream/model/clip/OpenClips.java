package io.clipstream.model.clip;

/** How many clips of a video are unfinished at once: what a decode must have room for. */
public final class OpenClips {
  private OpenClips() {}

  /**
   * Most clips that are partly filled at once while any video is decoded. Clips one after the other
   * ({@link Sampling#sliding}) begin at least half a clip apart, and where there are three or more,
   * two steps are a whole clip, see {@link ClipSampler}: so two. Any others may all overlap in a
   * video that is short enough.
   */
  public static int atMost(Sampling sampling) {
    if (sampling instanceof Sampling.Sliding sliding) {
      return sliding.hopSeconds() == 0 ? Math.min(2, sliding.maxClips()) : sliding.maxClips();
    } else if (sampling instanceof Sampling.Dense dense) {
      return dense.clips() * dense.crops();
    } else if (sampling instanceof Sampling.Uniform uniform) {
      return uniform.clips() * uniform.crops();
    }
    return ((Sampling.Random) sampling).clips();
  }
}
