package io.clipstream.streams.topology;

import io.clipstream.streams.classify.Attempt;
import io.clipstream.streams.topology.PendingVideos.Entry;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The attempts of the videos of one task, see {@link Attempts}. Stream thread only, except {@link
 * Counted}, which says so itself, {@link #hasMarks} and {@link #suspects}.
 */
final class TaskAttempts {
  /** References that are marked after a task came here, besides those that were pending. */
  static final int CAREFUL = 100;

  private static final long PATIENCE_MILLIS = 5000;

  private final Attempts instance;
  private final PendingVideos pending;
  private final Runnable requestCommit;

  /** Attempts that wait for a mark. */
  private final Queue<Counted> wanted = new ConcurrentLinkedQueue<>();

  /** Attempts whose mark is in the store. */
  private final Set<Counted> marked = new LinkedHashSet<>();

  /**
   * Suspects that are over and still keep the others waiting, until their mark is gone for good.
   */
  private final Queue<Counted> finished = new ConcurrentLinkedQueue<>();

  private final Queue<Counted> leaving = new ArrayDeque<>();

  /** Offsets of pending references that processes died with, and how many did. All threads. */
  private final Map<Long, Integer> suspects = new ConcurrentHashMap<>();

  private volatile boolean hasMarks;
  private int careful;
  private long tookBackAt;
  private long tookBackCommits = -1;

  /**
   * @param requestCommit has the task committed soon
   */
  TaskAttempts(Attempts instance, PendingVideos pending, Runnable requestCommit) {
    this.instance = instance;
    this.pending = pending;
    this.requestCommit = requestCommit;
    this.careful = CAREFUL;
  }

  /** The next try of a reference that was pending when the task came here. */
  Counted again(Entry entry) {
    if (entry.deaths() > 0) {
      suspects.put(entry.offset(), entry.deaths());
    }
    return new Counted(entry, instance.maxDeaths() > 0);
  }

  /** The first try of a reference that has just come in. */
  Counted first(Entry entry) {
    return new Counted(entry, instance.maxDeaths() > 0 && careful-- > 0);
  }

  /** Marks what waits for it, and lets those begin whose marks were committed. */
  void write() {
    if (instance.isEnding()) {
      takeBack();
      return;
    }
    long commits = instance.commits().count();
    for (Counted attempt : marked) {
      if (attempt.markedAt < commits) {
        attempt.markIsDurable();
      }
    }
    boolean wrote = false;
    while (!leaving.isEmpty() && leaving.peek().unmarkedAt < commits) {
      leaving.remove().leave();
    }
    for (Counted attempt = finished.poll(); attempt != null; attempt = finished.poll()) {
      if (marked.remove(attempt)) { // Else its reference left the store, and the mark with it.
        pending.unmark(attempt.entry);
      }
      attempt.unmarkedAt = commits;
      leaving.add(attempt);
      wrote = true;
    }
    for (Counted attempt = wanted.poll(); attempt != null; attempt = wanted.poll()) {
      if (!attempt.over) {
        pending.mark(attempt.entry, instance.process());
        attempt.markedAt = commits;
        marked.add(attempt);
        wrote = true;
      }
    }
    if (wrote) {
      hasMarks = !marked.isEmpty();
      requestCommit.run();
    }
  }

  /** The reference has left the store. */
  void forget(Counted attempt) {
    marked.remove(attempt);
    suspects.remove(attempt.entry.offset());
  }

  /** Nothing that happens from now on is a video's fault. */
  void takeBack() {
    marked.forEach(attempt -> pending.unmark(attempt.entry));
    marked.clear();
    close();
    hasMarks = false;
    instance.tookBack();
  }

  /** Nobody waits any more for a mark of this task to be gone. */
  void close() {
    leaving.forEach(Counted::leave);
    leaving.clear();
    for (Counted attempt = finished.poll(); attempt != null; attempt = finished.poll()) {
      attempt.leave();
    }
  }

  /**
   * As {@link #takeBack}, before a failure that would have it aborted.
   *
   * @return whether it was committed, or was waited for in vain; false: call again soon
   */
  boolean tookBack(long now) {
    if (tookBackCommits < 0) {
      if (marked.isEmpty()) {
        return true;
      }
      takeBack();
      requestCommit.run();
      tookBackAt = now;
      tookBackCommits = instance.commits().count();
    }
    return instance.commits().count() > tookBackCommits || now > tookBackAt + PATIENCE_MILLIS;
  }

  Map<Long, Integer> suspects() {
    return suspects;
  }

  /** Whether marks may be in the store. All threads. */
  boolean hasMarks() {
    return hasMarks;
  }

  /** Of one pending reference. All threads. */
  final class Counted implements Attempt {
    private final Entry entry;
    private final boolean needsMark;

    /** Commits before the mark; stream thread only. */
    private long markedAt;

    private long unmarkedAt;

    private boolean entered;
    private boolean durable;
    private volatile boolean over;

    private Counted(Entry entry, boolean needsMark) {
      this.entry = entry;
      this.needsMark = needsMark;
    }

    @Override
    public int deaths() {
      return entry.deaths();
    }

    @Override
    public Optional<String> refusal() {
      return instance.maxDeaths() > 0 && deaths() >= instance.maxDeaths()
          ? Optional.of(
              deaths()
                  + " processes died while it was in work, at most "
                  + (instance.maxDeaths() - 1)
                  + " may (pipeline.max-deaths); nothing else was in work beside it at the last")
          : Optional.empty();
    }

    @Override
    public boolean begin() throws InterruptedException {
      if (isEntered()) { // It had to wait for something, and comes back.
        return !over;
      }
      if (!instance.inWork().enter(instance.maxDeaths() > 0 && deaths() > 0, () -> over)) {
        return false;
      }
      synchronized (this) {
        entered = true;
        if (over) {
          leave();
          return false;
        }
        if (!needsMark) {
          return true;
        }
        wanted.add(this);
        try {
          while (!durable && !over) {
            wait();
          }
        } catch (InterruptedException e) {
          end();
          throw e;
        }
        return !over;
      }
    }

    /**
     * The video has an outcome, or nobody wants one any more. A suspect keeps the others waiting
     * until the store says so: the death of a process with the next one would be counted for it,
     * too.
     */
    void end() {
      synchronized (this) {
        if (!over && durable && deaths() > 0) {
          finished.add(this);
        } else if (!over) {
          leave();
        }
        over = true;
        notifyAll();
      }
      instance.inWork().wake();
    }

    private synchronized boolean isEntered() {
      return entered;
    }

    private void leave() {
      synchronized (this) {
        if (!entered) {
          return;
        }
        entered = false;
      }
      instance.inWork().leave();
    }

    private synchronized void markIsDurable() {
      durable = true;
      notifyAll();
    }
  }
}
