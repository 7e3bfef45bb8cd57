package io.clipstream.model.clip;

import java.time.Duration;

/**
 * What one decode may cost, whatever the file claims. A decoder holds up to 17 decoded pictures
 * (H.264's most) and one in RGB, so {@code maxPicturePixels} bounds its native memory: 4096 x 4096
 * at 8 bits is about 480 MB in the worst case; an ordinary 1080p file takes about 36 MB.
 *
 * @param maxPictureSide most pixels along either side of the stored picture
 * @param maxPicturePixels most pixels of the stored picture
 * @param maxSeconds longest video
 * @param maxFrames most frames of a video; each takes about 40 bytes while the file is open
 * @param timeout longest that one decode may work; waiting for clip buffers and for the sink does
 *     not count
 */
public record DecodeLimits(
    int maxPictureSide, long maxPicturePixels, double maxSeconds, int maxFrames, Duration timeout) {

  public DecodeLimits {
    if (maxPictureSide < 16 || maxPictureSide > 32768) {
      throw new IllegalArgumentException(
          "maxPictureSide is " + maxPictureSide + ", expected 16 to 32768");
    }
    if (maxPicturePixels < 256 || maxPicturePixels > 1L << 28) {
      throw new IllegalArgumentException(
          "maxPicturePixels is " + maxPicturePixels + ", expected 256 to " + (1L << 28));
    }
    if (!(maxSeconds > 0 && maxSeconds <= 1e7)) {
      throw new IllegalArgumentException("maxSeconds is " + maxSeconds + ", expected 0 to 1e7");
    }
    if (maxFrames < 2 || maxFrames > 1 << 26) {
      throw new IllegalArgumentException(
          "maxFrames is " + maxFrames + ", expected 2 to " + (1 << 26));
    }
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("timeout is " + timeout + ", expected more than 0");
    }
  }

  /** Pictures up to 8192 along a side and 4096 x 4096 in all, 6 hours, 2^21 frames, 2 minutes. */
  public static DecodeLimits defaults() {
    return new DecodeLimits(8192, 4096L * 4096, 6 * 3600, 1 << 21, Duration.ofMinutes(2));
  }
}
