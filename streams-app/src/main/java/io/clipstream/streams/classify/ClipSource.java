package io.clipstream.streams.classify;

import io.clipstream.model.clip.ClipSink;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;

/** Where the clips of a reference come from: fetching, decoding and sampling. All threads. */
public interface ClipSource extends AutoCloseable {
  /**
   * Whether a video has to be downloaded first. Reading it then takes as long as its server likes,
   * mostly without a processor, so nothing else should wait for it.
   */
  default boolean isRemote(VideoReference reference) {
    return false;
  }

  /** Remote videos that may be read at once, at least 1. */
  default int maxRemote() {
    return 1;
  }

  /**
   * Brings the clips of a video to the sink, in order of time, on the calling thread.
   *
   * @param sink for the clips; owns what it was given, also when it throws; what it throws comes
   *     out of this call
   * @throws RuntimeException if the system, not the video, is at fault
   */
  Result read(VideoReference reference, ClipSink sink) throws InterruptedException;

  @Override
  default void close() {}

  /** What came of it. */
  sealed interface Result {
    /**
     * Clips went to the sink.
     *
     * @param clips that went to the sink, at least 1
     * @param complete false if a part of the video could not be decoded
     * @param note why it is not complete, or empty
     * @param fetchNanos time spent fetching
     * @param decodeNanos time spent decoding, without waiting for its turn or for the sink
     */
    record Read(
        VideoInfo info, int clips, boolean complete, String note, long fetchNanos, long decodeNanos)
        implements Result {}

    /** The video is of no use; clips that went to the sink are to be dropped. */
    record Rejected(RejectionReason reason, String detail, int attempts) implements Result {}
  }
}
