package io.clipstream.model.clip;

/** Where a reader of a video gets its decoders, one after the other. One thread. */
@FunctionalInterface
interface Codecs {
  /**
   * A decoder for a track, to be closed by the caller.
   *
   * @throws UnusableVideoException if there is none for its codec, or it refuses the track
   */
  Codec lease(VideoTrack track) throws UnusableVideoException;

  /** FFmpeg's on the CPU, a new one each time. */
  static Codecs onCpu(DecodeLimits limits) {
    return track -> Codec.open(track, limits);
  }
}
