package io.clipstream.model.clip;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.clipstream.model.UserError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is cut out of a scaled picture, in pixels. Manifests, settings and options write the side of
 * a square, such as {@code 224}, or height and width, such as {@code 224x320}.
 *
 * @param height 1 to 4096
 * @param width 1 to 4096
 */
public record CropSize(int height, int width) {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,4})(?:x(\\d{1,4}))?");

  public CropSize {
    if (height < 1 || width < 1 || height > 4096 || width > 4096) {
      throw new UserError("crop is " + height + "x" + width + ", expected sides of 1 to 4096");
    }
  }

  /** A square. */
  @JsonCreator
  public static CropSize square(int side) {
    return new CropSize(side, side);
  }

  /**
   * Reads a size as {@link #toString} writes it.
   *
   * @throws UserError if the text is no size
   */
  @JsonCreator
  public static CropSize of(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new UserError(
          "crop is "
              + text
              + ", expected a square's side in pixels or height and width, such as 224 or 224x320");
    }
    int height = Integer.parseInt(matcher.group(1));
    return new CropSize(
        height, matcher.group(2) == null ? height : Integer.parseInt(matcher.group(2)));
  }

  /** Whether both sides are the same. */
  public boolean isSquare() {
    return height == width;
  }

  /** The side that is not longer than the other. */
  public int shorter() {
    return Math.min(height, width);
  }

  @JsonValue
  Object json() {
    return isSquare() ? (Object) height : toString();
  }

  /** {@code 224} or {@code 224x320}. */
  @Override
  public String toString() {
    return isSquare() ? String.valueOf(height) : height + "x" + width;
  }
}
