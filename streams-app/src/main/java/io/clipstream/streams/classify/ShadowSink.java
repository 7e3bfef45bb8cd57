package io.clipstream.streams.classify;

import io.clipstream.schemas.VideoLabels;

/** Takes the labels of shadow versions. All threads, which it does not hold up. */
public interface ShadowSink extends AutoCloseable {
  /** Takes labels over; they may be lost. */
  void accept(VideoRequest request, VideoLabels labels);

  @Override
  void close();
}
