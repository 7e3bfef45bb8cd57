package io.clipstream.model.clip;

import io.clipstream.model.Bounds;
import java.time.Duration;
import java.util.Locale;

/**
 * What one decode may cost, whatever the file claims. A decoder holds up to 17 decoded pictures
 * (H.264's most) and one in RGB, so {@code maxPicturePixels} bounds its native memory: 4096 x 4096
 * at 8 bits is about 480 MB in the worst case; an ordinary 1080p file takes about 36 MB.
 *
 * @param maxPictureSide most pixels along either side of the stored picture
 * @param maxPicturePixels most pixels of the stored picture
 * @param maxSeconds longest video
 * @param maxFrames most frames of a video; each takes about 60 bytes while the file is scanned
 * @param timeout longest that one decode may work; waiting for clip buffers and for the sink does
 *     not count
 */
public record DecodeLimits(
    int maxPictureSide, long maxPicturePixels, double maxSeconds, int maxFrames, Duration timeout) {

  public static final Bounds<Integer> SIDE = Bounds.of(16, 32_768);
  public static final Bounds<Long> PIXELS = Bounds.of(256L, 1L << 28);
  public static final Bounds<Double> SECONDS = Bounds.of(0.001, 1e7);
  public static final Bounds<Integer> FRAMES = Bounds.of(2, 1 << 26);

  public DecodeLimits {
    SIDE.check("maxPictureSide", maxPictureSide);
    PIXELS.check("maxPicturePixels", maxPicturePixels);
    SECONDS.check("maxSeconds", maxSeconds);
    FRAMES.check("maxFrames", maxFrames);
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("timeout is " + timeout + ", expected more than 0");
    }
  }

  /** Pictures up to 8192 along a side and 4096 x 4096 in all, 6 hours, 2^21 frames, 2 minutes. */
  public static DecodeLimits defaults() {
    return new DecodeLimits(8192, 4096L * 4096, 6 * 3600, 1 << 21, Duration.ofMinutes(2));
  }

  /**
   * Checks the size of a stored picture.
   *
   * @throws UnusableVideoException if it is larger than allowed
   */
  void checkPicture(int width, int height) throws UnusableVideoException {
    if (width > maxPictureSide
        || height > maxPictureSide
        || (long) width * height > maxPicturePixels) {
      throw new UnusableVideoException(
          DecodeReason.PICTURE_TOO_LARGE,
          String.format(
              Locale.ROOT,
              "its pictures are %d x %d, allowed are %d along a side and %d pixels",
              width,
              height,
              maxPictureSide,
              maxPicturePixels));
    }
  }
}
