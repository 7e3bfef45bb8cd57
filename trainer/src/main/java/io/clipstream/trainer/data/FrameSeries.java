package io.clipstream.trainer.data;

import io.clipstream.model.Bounds;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How folders of frames are taken as videos.
 *
 * @param framesPerSecond which no folder tells
 * @param names of the pictures; empty: those of the only series of numbered pictures, or of {@code
 *     img_}
 */
public record FrameSeries(double framesPerSecond, Optional<Names> names) {
  public static final Bounds<Double> RATE = Bounds.of(0.01, 1000.0);

  /** 30 frames a second, whatever the pictures are called. */
  public static final FrameSeries USUAL = new FrameSeries(30, Optional.empty());

  /** What {@link #template} takes, for messages. */
  public static final String TEMPLATES = "names with one number, such as img_{:05}.jpg";

  /** The number, as Python's and C's templates have it. */
  private static final Pattern NUMBER = Pattern.compile("\\{(?::0?\\d*d?)?\\}|%0?\\d*d");

  /**
   * What is before and behind the number in the names of pictures.
   *
   * @param before the number
   * @param behind it, with the suffix
   */
  public record Names(String before, String behind) {
    /** What is before the number, it, and what is behind it, which may have digits, too. */
    Pattern pattern() {
      return Pattern.compile(
          "(%s)(\\d{1,9})(%s)".formatted(Pattern.quote(before), Pattern.quote(behind)));
    }

    @Override
    public String toString() {
      return before + "*" + behind;
    }
  }

  public FrameSeries {
    RATE.check("framesPerSecond", framesPerSecond);
  }

  /**
   * Reads a template such as {@code img_{:05}.jpg}, or {@code img_%05d.jpg}.
   *
   * @return {@code null} if it has not one number
   */
  public static Names template(String text) {
    Matcher number = NUMBER.matcher(text);
    if (!number.find() || text.contains("/")) {
      return null;
    }
    Names names = new Names(text.substring(0, number.start()), text.substring(number.end()));
    return number.find() ? null : names;
  }
}
