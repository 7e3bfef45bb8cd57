package io.clipstream.streams.topology;

import io.clipstream.streams.classify.VideoLabeller.Submission;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.RecordSize;
import io.clipstream.streams.topology.PendingVideos.Entry;
import java.nio.ByteBuffer;

/** A pending reference on its way. Stream thread only, except {@link #done}. */
final class TrackedVideo {
  final Entry entry;
  final TaskAttempts.Counted attempt;
  final Object key;

  /** Of its record, or of what it became in memory if that is more. */
  long bytes;

  /** Null before it was handed to the labeller. */
  Submission submission;

  /** Not submitted, as an earlier one of its key waits. */
  boolean deferred;

  volatile Outcome outcome;

  private final Completions completions;

  TrackedVideo(Entry entry, TaskAttempts.Counted attempt, Completions completions) {
    this.entry = entry;
    this.attempt = attempt;
    this.completions = completions;
    this.bytes = RecordSize.of(entry.record());
    byte[] name = entry.record().key();
    // Records without a key have no order among themselves.
    this.key = name != null ? ByteBuffer.wrap(name) : new Object();
  }

  boolean isHeldUp() {
    return submission != null && submission.isHeldUp();
  }

  /** Whether all is done for it that can be, while an earlier one of its key waits. */
  boolean isDone() {
    return deferred || outcome != null;
  }

  /** By the labeller's threads. */
  void done(Outcome result) {
    outcome = result;
    attempt.end();
    completions.add(this);
  }
}
