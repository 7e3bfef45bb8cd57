package io.clipstream.model.clip;

import java.util.List;

/**
 * How a clip is cut from a video and scaled. Travels in every model's manifest, so training and
 * serving cannot differ.
 *
 * <p>Sampled pixels are RGB uint8 {@code [T, H, W, 3]}; the network normalises them itself. For
 * Kinetics-400 Swin3D: 32, 15, 256, 224 and ImageNet mean and std (torchvision, {@code
 * Swin3D_B_Weights.KINETICS400_V1}), or every second frame instead of 15 a second (PaddleVideo,
 * MMAction2).
 *
 * @param frames T, frames per clip
 * @param framesPerSecond sampling rate, whatever the video's own rate; 0 if there is a stride
 * @param stride frames of the video from one sample to the next, whatever its rate; 0 if there is a
 *     sampling rate
 * @param shortSide pixels of the shorter side after resizing; more where the crop would not fit
 * @param crop H and W of what is cut out
 * @param antialias whether shrinking averages all pixels that it covers; or interpolates between
 *     the four nearest, as the published video networks were trained (torchvision {@code resize}
 *     with {@code antialias=False}, OpenCV {@code INTER_LINEAR})
 * @param mean per channel, R G B, for pixels scaled to 0..1
 * @param std per channel, same scale
 */
public record ClipSpec(
    int frames,
    double framesPerSecond,
    int stride,
    int shortSide,
    CropSize crop,
    boolean antialias,
    List<Float> mean,
    List<Float> std) {

  public ClipSpec {
    if (frames < 1 || frames > 1024) {
      throw new IllegalArgumentException("frames is " + frames + ", expected 1 to 1024");
    }
    if (!(framesPerSecond >= 0 && framesPerSecond <= 1000)) {
      throw new IllegalArgumentException(
          "framesPerSecond is " + framesPerSecond + ", expected more than 0, at most 1000");
    }
    if (stride < 0 || stride > 1000) {
      throw new IllegalArgumentException("stride is " + stride + ", expected 1 to 1000");
    }
    if ((framesPerSecond > 0) == (stride > 0)) {
      throw new IllegalArgumentException(
          "framesPerSecond is "
              + framesPerSecond
              + " and stride "
              + stride
              + ", expected one of them, the other 0");
    }
    if (crop == null) {
      throw new IllegalArgumentException("crop is missing, expected such as 224 or 224x320");
    }
    if (shortSide < 1 || shortSide > 4096) {
      throw new IllegalArgumentException("shortSide is " + shortSide + ", expected 1 to 4096");
    }
    if (crop.shorter() > shortSide) {
      throw new IllegalArgumentException("crop " + crop + " exceeds short side " + shortSide);
    }
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.size() != 3 || std.size() != 3) {
      throw new IllegalArgumentException(
          "mean and std have " + mean.size() + " and " + std.size() + " values, expected 3 each");
    }
  }

  /** Clips of a sampling rate, and of squares. */
  public ClipSpec(
      int frames,
      double framesPerSecond,
      int shortSide,
      int crop,
      boolean antialias,
      List<Float> mean,
      List<Float> std) {
    this(frames, framesPerSecond, 0, shortSide, CropSize.square(crop), antialias, mean, std);
  }

  /** Bytes of one clip's pixels: {@code T * H * W * 3}. */
  public int clipBytes() {
    return Math.multiplyExact(frames, frameBytes());
  }

  /** Bytes of one frame's pixels: {@code H * W * 3}. */
  int frameBytes() {
    return 3 * crop.height() * crop.width();
  }
}
