package io.clipstream.streams.classify;

import io.clipstream.model.clip.ClipSink;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.fetch.LocalFile;
import java.util.Optional;

/** Cuts the clips of one model from local videos. All threads. */
@FunctionalInterface
public interface Cutter {
  /**
   * Brings the clips of a video to the sink, in order of time, on the calling thread.
   *
   * @param video stays the caller's, who may have other clips cut from it too
   * @param range the part to cut from; empty: all
   * @param sink for the clips; owns what it was given, also when it throws; what it throws comes
   *     out of this call
   * @throws RuntimeException if the system, not the video, is at fault
   */
  CutResult cut(LocalFile video, Optional<TimeRange> range, ClipSink sink)
      throws InterruptedException;
}
