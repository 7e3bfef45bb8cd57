package io.clipstream.streams.classify;

import io.clipstream.model.clip.VideoInfo;
import io.clipstream.schemas.RejectionReason;

/** What came of cutting the clips of one video. */
public sealed interface CutResult {
  /**
   * Clips went to the sink.
   *
   * @param clips that went to the sink, at least 1
   * @param complete false if a part of the video could not be decoded
   * @param note why it is not complete, or empty
   * @param remark how gaps and jumps in its times were dealt with, or empty
   * @param nanos of decoding, without waiting for the sink
   */
  record Cut(VideoInfo info, int clips, boolean complete, String note, String remark, long nanos)
      implements CutResult {}

  /** The video is of no use; clips that went to the sink are to be dropped. */
  record Rejected(RejectionReason reason, String detail, int attempts) implements CutResult {}
}
