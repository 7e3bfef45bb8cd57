package io.clipstream.streams.live.watch;

/**
 * What a version made of one video.
 *
 * @param label the best one, as the index of its class; {@link #FAILED} where the network failed on
 *     the video
 */
public record Seen(String version, int label) {
  public static final int FAILED = -1;

  /** The network failed on a video. */
  public static Seen failed(String version) {
    return new Seen(version, FAILED);
  }
}
