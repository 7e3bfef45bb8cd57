package io.clipstream.streams.live.watch;

/**
 * What a version made of one video.
 *
 * @param label the best one, as the index of its class; {@link #FAILED} where the network failed on
 *     the video
 * @param millis that the version took for it: the forward passes of its clips; 0 where it failed
 */
public record Seen(String version, int label, double millis) {
  public static final int FAILED = -1;

  /** The network failed on a video. */
  public static Seen failed(String version) {
    return new Seen(version, FAILED, 0);
  }
}
