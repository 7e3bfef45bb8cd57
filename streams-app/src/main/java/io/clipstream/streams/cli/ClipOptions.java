package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import picocli.CommandLine.Option;

/** Options that say how clips are cut, where a checkpoint does not or says otherwise. */
final class ClipOptions {
  @Option(names = "--frames", paramLabel = "N", description = "Frames of a clip.")
  private Integer frames;

  @Option(names = "--fps", paramLabel = "RATE", description = "Frames a second of a clip.")
  private Double framesPerSecond;

  @Option(
      names = "--stride",
      paramLabel = "N",
      description = "Or every Nth frame of the video, whatever its rate.")
  private Integer stride;

  @Option(
      names = "--short-side",
      paramLabel = "N",
      description = "Pixels of the shorter side after scaling; more where the crop would not fit.")
  private Integer shortSide;

  @Option(
      names = "--crop",
      paramLabel = "SIDE|HxW",
      description = "Pixels that are cut out: a square's side, or height and width.")
  private String crop;

  /** What can be refused before anything is read. */
  void check() {
    if (framesPerSecond != null && stride != null) {
      throw new UserError("--fps and --stride are two ways to choose frames, expected one of them");
    }
    if (crop != null) {
      CropSize.of(crop);
    }
  }

  /** For networks of which nothing else tells. */
  void requireFrames() {
    if (frames == null) {
      throw new UserError("--frames is missing, expected the number of frames in a clip");
    }
  }

  /** The usual clip with what the options change. */
  ClipSpec over(ClipSpec usual) {
    boolean own = framesPerSecond != null || stride != null;
    CropSize cut = crop != null ? CropSize.of(crop) : usual.crop();
    return OptionValues.checked(
        () ->
            new ClipSpec(
                frames != null ? frames : usual.frames(),
                framesPerSecond != null ? framesPerSecond : own ? 0 : usual.framesPerSecond(),
                stride != null ? stride : own ? 0 : usual.stride(),
                // Without a short side of its own, a crop keeps the usual margin around it.
                shortSide != null
                    ? shortSide
                    : (int)
                        Math.round(
                            (double) cut.shorter() * usual.shortSide() / usual.crop().shorter()),
                cut,
                usual.antialias(),
                usual.mean(),
                usual.std(),
                usual.protocol()));
  }
}
