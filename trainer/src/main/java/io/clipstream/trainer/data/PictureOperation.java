package io.clipstream.trainer.data;

import java.util.SplittableRandom;

/**
 * One of RandAugment's operations (https://arxiv.org/abs/1909.13719), with torchvision's ranges and
 * arithmetic (torchvision.transforms.v2.RandAugment, nearest pixels, black outside). Immutable; all
 * threads.
 *
 * @param magnitude what the kind takes it for, signed
 */
public record PictureOperation(Kind kind, double magnitude) {
  /** Steps that a magnitude has; 0 changes nothing, or next to nothing. */
  public static final int STEPS = 30;

  /** What is done; the largest magnitude and whether it is drawn with a sign. */
  public enum Kind {
    IDENTITY(0, false),
    /** Columns that a row is moved by, for each row below the first. */
    SHEAR_X(0.3, true),
    SHEAR_Y(0.3, true),
    /** Share of the side. */
    TRANSLATE_X(150.0 / 331, true),
    TRANSLATE_Y(150.0 / 331, true),
    /** Degrees, counterclockwise. */
    ROTATE(30, true),
    /** These four: what the factor differs from 1 by. */
    BRIGHTNESS(0.9, true),
    COLOUR(0.9, true),
    CONTRAST(0.9, true),
    SHARPNESS(0.9, true),
    /** Bits of each value that are lost. */
    POSTERIZE(4, false),
    /** Values from so far below white on are inverted, 1 being the range. */
    SOLARIZE(1, false),
    AUTO_CONTRAST(0, false),
    EQUALIZE(0, false);

    private final double largest;
    private final boolean signed;

    Kind(double largest, boolean signed) {
      this.largest = largest;
      this.signed = signed;
    }
  }

  /**
   * Draws a kind and a sign.
   *
   * @param step of the magnitude, 0 to {@link #STEPS}
   */
  static PictureOperation draw(int step, SplittableRandom random) {
    Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
    // In float32 and from the nearer end, as torch.linspace does.
    float between = (float) kind.largest / STEPS;
    double magnitude =
        step <= STEPS / 2 - 1 ? between * step : (float) kind.largest - between * (STEPS - step);
    return new PictureOperation(kind, kind.signed && random.nextBoolean() ? -magnitude : magnitude);
  }

  /**
   * Changes a picture.
   *
   * @param picture RGB uint8 {@code [side, side, 3]}
   */
  void apply(byte[] picture, int side) {
    switch (kind) {
      case IDENTITY -> {}
      case SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y, ROTATE -> warp(side).apply(picture, side);
      case BRIGHTNESS -> PictureColours.brightness(picture, 1 + magnitude);
      case COLOUR -> PictureColours.saturation(picture, 1 + magnitude);
      case CONTRAST -> PictureColours.contrast(picture, 1 + magnitude);
      case SHARPNESS -> PictureColours.sharpness(picture, side, 1 + magnitude);
      case POSTERIZE -> PictureColours.posterize(picture, (int) Math.rint(8 - magnitude));
      case SOLARIZE -> PictureColours.solarize(picture, 255 * (1 - magnitude));
      case AUTO_CONTRAST -> PictureColours.autoContrast(picture);
      case EQUALIZE -> PictureColours.equalize(picture);
    }
  }

  /** Where pixels come from, the middle of the picture being the origin. */
  private PictureWarp warp(int side) {
    double m = magnitude;
    return switch (kind) {
      case SHEAR_X -> new PictureWarp(1, m, m * side / 2, 0, 1, 0);
      case SHEAR_Y -> new PictureWarp(1, 0, 0, m, 1, m * side / 2);
      case TRANSLATE_X -> new PictureWarp(1, 0, -(int) (m * side), 0, 1, 0);
      case TRANSLATE_Y -> new PictureWarp(1, 0, 0, 0, 1, -(int) (m * side));
      default -> {
        double angle = Math.toRadians(m);
        double cos = Math.cos(angle);
        double sin = Math.sin(angle);
        yield new PictureWarp(cos, -sin, 0, sin, cos, 0);
      }
    };
  }
}
