package io.clipstream.streams.classify;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Groups clips into batches, first come first served, from whatever videos, partitions and threads
 * they are. A batch is released when it is full, or when its oldest clip has waited long enough;
 * then it has the largest of the policy's sizes that the waiting clips fill, so that no forward
 * pass is padded, and the rest follows in the next batches.
 *
 * <p>Not safe for threads; knows no clock: times are arguments, in nanoseconds of one clock.
 *
 * @param <T> a clip with whatever its owner keeps with it
 */
final class ClipBatcher<T> {
  private final BatchPolicy policy;
  private final ArrayDeque<Waiting<T>> waiting = new ArrayDeque<>();

  ClipBatcher(BatchPolicy policy) {
    this.policy = policy;
  }

  private record Waiting<T>(T clip, long since) {}

  void add(T clip, long now) {
    waiting.add(new Waiting<>(clip, now));
  }

  /** The next batch, or an empty list if none is due yet. */
  List<T> poll(long now) {
    int clips = waiting.size();
    if (clips == 0) {
      return List.of();
    }
    if (clips < policy.maxClips() && now - releaseTime() < 0) {
      return List.of();
    }
    return remove(policy.largestFilledBy(clips));
  }

  /** A batch of the largest size, or an empty list if too few clips wait. */
  List<T> pollFull() {
    return isFull() ? remove(policy.maxClips()) : List.of();
  }

  /** Whether clips for a batch of the largest size wait. */
  boolean isFull() {
    return waiting.size() >= policy.maxClips();
  }

  /** Takes everything out, due or not. */
  List<T> removeAll() {
    return remove(waiting.size());
  }

  /** When the oldest waiting clip has waited long enough; empty if none waits. */
  OptionalLong nextRelease() {
    return waiting.isEmpty() ? OptionalLong.empty() : OptionalLong.of(releaseTime());
  }

  int size() {
    return waiting.size();
  }

  private List<T> remove(int clips) {
    List<T> removed = new ArrayList<>(clips);
    for (int i = 0; i < clips; i++) {
      removed.add(waiting.remove().clip());
    }
    return removed;
  }

  private long releaseTime() {
    return waiting.element().since() + policy.maxDelay().toNanos();
  }
}
