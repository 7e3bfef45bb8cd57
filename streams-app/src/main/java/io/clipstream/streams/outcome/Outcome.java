package io.clipstream.streams.outcome;

import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;

/** What became of a video. Every reference has exactly one. */
public sealed interface Outcome {
  /** It has labels; the value of the topic of labelled videos. */
  record Labelled(VideoLabels labels) implements Outcome {}

  /** It cannot be labelled, and why; the value of the topic of rejected videos. */
  record Rejected(RejectedVideo video) implements Outcome {}
}
