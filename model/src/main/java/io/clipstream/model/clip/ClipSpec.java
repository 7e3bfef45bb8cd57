package io.clipstream.model.clip;

import io.clipstream.model.UserError;
import java.math.BigDecimal;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

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
 * @param protocol whose rules place clips and crops
 */
public record ClipSpec(
    int frames,
    double framesPerSecond,
    int stride,
    int shortSide,
    CropSize crop,
    boolean antialias,
    List<Float> mean,
    List<Float> std,
    Protocol protocol) {

  /** Without a protocol, which older manifests lack, it is torchvision's. */
  public ClipSpec {
    protocol = protocol == null ? Protocol.TORCHVISION : protocol;
    if (frames < 1 || frames > 1024) {
      throw new UserError("frames is " + frames + ", expected 1 to 1024");
    }
    if (!(framesPerSecond >= 0 && framesPerSecond <= 1000)) {
      throw new UserError(
          "framesPerSecond is " + framesPerSecond + ", expected more than 0, at most 1000");
    }
    if (stride < 0 || stride > 1000) {
      throw new UserError("stride is " + stride + ", expected 1 to 1000");
    }
    if ((framesPerSecond > 0) == (stride > 0)) {
      throw new UserError(
          "framesPerSecond is "
              + framesPerSecond
              + " and stride "
              + stride
              + ", expected one of them, the other 0");
    }
    if (crop == null) {
      throw new UserError("crop is missing, expected such as 224 or 224x320");
    }
    if (shortSide < 1 || shortSide > 4096) {
      throw new UserError("shortSide is " + shortSide + ", expected 1 to 4096");
    }
    if (crop.shorter() > shortSide) {
      throw new UserError("crop " + crop + " exceeds short side " + shortSide);
    }
    if (mean == null
        || std == null
        || Stream.concat(mean.stream(), std.stream()).anyMatch(Objects::isNull)) {
      throw new UserError("mean or std is missing, expected 3 values each");
    }
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.size() != 3 || std.size() != 3) {
      throw new UserError(
          "mean and std have " + mean.size() + " and " + std.size() + " values, expected 3 each");
    }
    if (!mean.stream().allMatch(Float::isFinite)
        || !std.stream().allMatch(value -> Float.isFinite(value) && value > 0)) {
      throw new UserError("mean is " + mean + " and std " + std + ", expected std of more than 0");
    }
  }

  /** By torchvision's rules. */
  public ClipSpec(
      int frames,
      double framesPerSecond,
      int stride,
      int shortSide,
      CropSize crop,
      boolean antialias,
      List<Float> mean,
      List<Float> std) {
    this(
        frames,
        framesPerSecond,
        stride,
        shortSide,
        crop,
        antialias,
        mean,
        std,
        Protocol.TORCHVISION);
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

  /** The same clip for a network that expects pixels of another mean and deviation. */
  public ClipSpec withNormalisation(List<Float> otherMean, List<Float> otherStd) {
    return new ClipSpec(
        frames, framesPerSecond, stride, shortSide, crop, antialias, otherMean, otherStd, protocol);
  }

  /** The same clip by other rules. */
  public ClipSpec by(Protocol other) {
    return new ClipSpec(
        frames, framesPerSecond, stride, shortSide, crop, antialias, mean, std, other);
  }

  /** How clips are cut, for people: what a figure of accuracy was measured with. */
  public String cutting() {
    return "%d frames%s, short side %d%s, crop %s"
        .formatted(
            frames,
            stride > 0
                ? ", stride " + stride
                : " at "
                    + BigDecimal.valueOf(framesPerSecond).stripTrailingZeros().toPlainString()
                    + " a second",
            shortSide,
            antialias ? " (antialias)" : "",
            crop);
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
