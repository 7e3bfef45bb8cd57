package io.clipstream.trainer.data;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;

/**
 * What is kept of each video, decoded, to cut clips from: its middle, scaled as the clips are.
 *
 * @param clip how clips are cut
 * @param frames that are kept of a video that has as many, at least those of a clip
 * @param wholePicture whether the whole picture is kept, or the square in its middle
 * @param stored whether it is kept on the disk, or decoded again whenever a clip is cut of it
 */
public record Kept(ClipSpec clip, int frames, boolean wholePicture, boolean stored) {
  /** Wider pictures than this, as a multiple of the short side, lose what is beyond. */
  private static final double WIDEST = 2.5;

  public Kept {
    if (frames < clip.frames()) {
      throw new IllegalArgumentException(
          frames + " frames are kept, expected at least the clip's " + clip.frames());
    }
  }

  /** Only the clip that serving with one view sees, and what lies around its crop. */
  public static Kept centreClip(ClipSpec clip) {
    return new Kept(clip, clip.frames(), false, true);
  }

  /**
   * Room for clips at random places.
   *
   * @param length of what is kept, as a multiple of the clip's
   */
  public static Kept around(ClipSpec clip, double length, boolean wholePicture, boolean stored) {
    int more = (int) Math.round(clip.frames() * (length - 1));
    // An even number more keeps the middle clip where serving has it.
    int frames = clip.frames() + more / 2 * 2;
    if (frames > 1024) {
      throw new UserError(
          "cache.length is %s, so that %d frames of each video are kept; expected at most 1024"
              .formatted(length, frames));
    }
    return new Kept(clip, frames, wholePicture, stored);
  }

  /** The first line of an index of it, which an index of anything else does not have. */
  String indexHead() {
    return "%s 3\tKept[clip=%s, frames=%d, wholePicture=%s]"
        .formatted(stored ? "clips" : "sizes", clip, frames, wholePicture);
  }

  /** How the decoder cuts what is kept of a video whose pictures have this size. */
  ClipSpec spec(int width, int height) {
    CropSize crop = CropSize.square(clip.shortSide());
    if (wholePicture) {
      int longSide =
          (int)
              Math.min(
                  Math.min(4096, WIDEST * clip.shortSide()),
                  (double) clip.shortSide() * Math.max(width, height) / Math.min(width, height));
      crop =
          width > height
              ? new CropSize(clip.shortSide(), longSide)
              : new CropSize(longSide, clip.shortSide());
    }
    return spec(crop);
  }

  /** How the decoder cuts what is kept of a video of whose pictures this much is. */
  ClipSpec spec(CropSize size) {
    return with(frames, size);
  }

  /** The cheapest decode that tells a video's size. */
  ClipSpec probe() {
    return with(1, CropSize.square(clip.shortSide()));
  }

  private ClipSpec with(int keptFrames, CropSize crop) {
    return new ClipSpec(
        keptFrames,
        clip.framesPerSecond(),
        clip.stride(),
        clip.shortSide(),
        crop,
        clip.antialias(),
        clip.mean(),
        clip.std(),
        clip.protocol());
  }
}
