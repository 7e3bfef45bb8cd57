package io.clipstream.trainer.motion;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What to generate.
 *
 * @param seed of every draw
 * @param lowSeconds shortest video
 * @param highSeconds longest video
 * @param spanSeconds what a clip shows of it, in the middle
 * @param lowShortSide smallest short side of the frames, pixels
 * @param highShortSide largest
 * @param aspects width over height
 * @param ranges how cameras move
 * @param rarities what some videos show
 * @param cuts whether some videos show a cut, which is a label then
 * @param parts the sets to make, by the name of their split, in order
 */
public record MotionDataSpec(
    long seed,
    double lowSeconds,
    double highSeconds,
    double spanSeconds,
    int lowShortSide,
    int highShortSide,
    List<Double> aspects,
    MotionRanges ranges,
    Rarities rarities,
    boolean cuts,
    Map<String, Part> parts) {

  /**
   * One set of clips.
   *
   * @param clips how many; the labels take turns
   * @param twice labels that have two turns each; others have one
   * @param pictures which pictures they are made from
   * @param formats containers and codecs
   * @param frameRates of the videos, frames per second
   * @param lowBitsPerPixel fewest bits per pixel and frame that the encoder is asked for
   * @param highBitsPerPixel most
   */
  public record Part(
      int clips,
      Set<CameraMotion> twice,
      PictureLibrary.Part pictures,
      List<VideoFormat> formats,
      List<Double> frameRates,
      double lowBitsPerPixel,
      double highBitsPerPixel) {}

  public MotionDataSpec {
    if (lowSeconds < spanSeconds || highSeconds < lowSeconds) {
      throw new IllegalArgumentException(
          "videos last %s to %s s, expected at least the clip's %s s"
              .formatted(lowSeconds, highSeconds, spanSeconds));
    }
  }

  /** What videos show, in the order of the labels. */
  public List<CameraMotion> motions() {
    return Arrays.stream(CameraMotion.values())
        .filter(motion -> cuts || motion != CameraMotion.CUT)
        .toList();
  }

  /** The same for a part, one for each turn. */
  List<CameraMotion> turns(Part part) {
    return Stream.concat(motions().stream(), motions().stream().filter(part.twice::contains))
        .toList();
  }
}
