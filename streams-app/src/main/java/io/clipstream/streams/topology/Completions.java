package io.clipstream.streams.topology;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * What has an outcome, the first first. Written by the labeller's threads, read by the stream
 * thread.
 */
final class Completions {
  private final IntakeGate gate;
  private final Queue<TrackedVideo> videos = new ArrayDeque<>();
  private boolean closed;

  Completions(IntakeGate gate) {
    this.gate = gate;
  }

  synchronized void add(TrackedVideo video) {
    if (!closed) {
      videos.add(video);
      gate.addCompleted(1);
    }
  }

  synchronized TrackedVideo peek() {
    return videos.peek();
  }

  synchronized void remove() {
    videos.remove();
    gate.addCompleted(-1);
  }

  /** Takes nothing any more: the labeller may still have videos of a task that went elsewhere. */
  synchronized void close() {
    closed = true;
    gate.addCompleted(-videos.size());
    videos.clear();
  }
}
