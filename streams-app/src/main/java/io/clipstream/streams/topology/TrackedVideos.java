package io.clipstream.streams.topology;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What is pending of one task: by key, where only the oldest may leave, and what the labeller does
 * not have yet. Tells the gate how much it is. Stream thread only.
 */
final class TrackedVideos {
  private static final long KEPT_MILLIS = 200;

  private final IntakeGate gate;
  private final int partition;

  /** For each key what is pending, oldest first. */
  private final Map<Object, ArrayDeque<TrackedVideo>> byKey = new HashMap<>();

  /** What was not handed to the labeller yet, as the registry must say how to read it. */
  private final ArrayDeque<TrackedVideo> unread = new ArrayDeque<>();

  private int tracked;
  private long trackedBytes;

  /** Of those, what an earlier one of their key keeps back, as of {@link #keptCountedAt}. */
  private int kept;

  private long keptCountedAt;

  /** What was not submitted, as an earlier one of its key waits. */
  private int deferred;

  TrackedVideos(IntakeGate gate, int partition) {
    this.gate = gate;
    this.partition = partition;
  }

  int size() {
    return tracked;
  }

  void add(TrackedVideo video) {
    byKey.computeIfAbsent(video.key, key -> new ArrayDeque<>(1)).add(video);
    addUnread(video);
    tracked++;
    trackedBytes += video.bytes;
    gate.addPending(partition, 1, video.bytes);
  }

  /** With it goes the right of its key's next one to leave. */
  void remove(TrackedVideo video) {
    ArrayDeque<TrackedVideo> videos = byKey.get(video.key);
    videos.remove(video);
    if (videos.isEmpty()) {
      byKey.remove(video.key);
    }
    tracked--;
    trackedBytes -= video.bytes;
    gate.addPending(partition, -1, -video.bytes);
    if (deferred > 0) {
      videos.stream().filter(later -> later.deferred).forEach(this::takeUp);
    }
  }

  private void takeUp(TrackedVideo video) {
    video.deferred = false;
    deferred--;
    addUnread(video);
  }

  /** What is small on the wire may be large in memory: thousands of short names. */
  void grow(TrackedVideo video, long bytes) {
    long more = Math.max(0, bytes - video.bytes);
    video.bytes += more;
    trackedBytes += more;
    gate.addPending(partition, 0, more);
  }

  private void addUnread(TrackedVideo video) {
    unread.add(video);
    gate.addUnread(1);
  }

  /**
   * The next one for the labeller, which stays the next until {@link #read}. One behind another of
   * its key that waits is put off: it could not leave for hours perhaps, and its outcome would be
   * held for them.
   */
  Optional<TrackedVideo> nextUnread() {
    TrackedVideo next = unread.peek();
    while (next != null && isBehindAWaitingOne(next)) {
      read();
      next.deferred = true;
      deferred++;
      next = unread.peek();
    }
    return Optional.ofNullable(next);
  }

  private boolean isBehindAWaitingOne(TrackedVideo video) {
    TrackedVideo first = byKey.get(video.key).peek();
    return first != video && first.isHeldUp();
  }

  /** {@link #nextUnread} is read. */
  void read() {
    unread.remove();
    gate.addUnread(-1);
  }

  /** The oldest of a key, if it has an outcome and may therefore leave. */
  Optional<TrackedVideo> nextToLeave(Object key) {
    ArrayDeque<TrackedVideo> videos = byKey.get(key);
    return videos == null || videos.peek().outcome == null
        ? Optional.empty()
        : Optional.of(videos.peek());
  }

  /** Counts what is behind references that wait, every now and then: these come and go unseen. */
  void countKept(long now) {
    if (now - keptCountedAt < KEPT_MILLIS) {
      return;
    }
    keptCountedAt = now;
    int before = kept;
    kept = 0;
    for (ArrayDeque<TrackedVideo> videos : byKey.values()) {
      if (videos.size() > 1 && videos.peek().isHeldUp()) {
        kept += (int) videos.stream().filter(TrackedVideo::isDone).count();
      }
    }
    gate.addKept(kept - before);
  }

  void forEach(Consumer<TrackedVideo> action) {
    byKey.values().forEach(videos -> videos.forEach(action));
  }

  void clear() {
    gate.addPending(partition, -tracked, -trackedBytes);
    gate.addUnread(-unread.size());
    gate.addKept(-kept);
    byKey.clear();
    unread.clear();
    tracked = 0;
    trackedBytes = 0;
    kept = 0;
    deferred = 0;
  }
}
