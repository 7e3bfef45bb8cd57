package io.clipstream.model.clip;

import java.util.Arrays;

/**
 * The clips of one decode that are not full yet: takes buffers for them, fills their places and
 * hands them to the sink. One thread. Time that is spent waiting for buffers and for the sink does
 * not count against the deadline.
 */
final class ClipAssembly implements AutoCloseable {
  private final ClipSpec spec;
  private final FramePlan plan;
  private final int crops;
  private final ClipBuffers buffers;
  private final Deadline deadline;
  private final ClipSink sink;
  private final Clip[][] open; // by window, null if not begun or handed over
  private final int[] left; // places of each window that are not filled yet
  private final boolean[] handed; // windows whose clips went to the sink
  private final int entered;
  private int next; // the first place that is not filled
  private int clips;

  /** Waits until as many clips as will be open at once may be. */
  ClipAssembly(
      ClipSpec spec,
      FramePlan plan,
      int crops,
      ClipBuffers buffers,
      Deadline deadline,
      ClipSink sink)
      throws InterruptedException {
    this.spec = spec;
    this.plan = plan;
    this.crops = crops;
    this.buffers = buffers;
    this.deadline = deadline;
    this.sink = sink;
    open = new Clip[plan.windows()][];
    left = new int[plan.windows()];
    Arrays.fill(left, spec.frames());
    handed = new boolean[plan.windows()];
    entered = plan.mostOpen() * crops;
    long before = System.nanoTime();
    buffers.enter(entered);
    deadline.extend(System.nanoTime() - before);
  }

  /** Whether every place is filled. */
  boolean full() {
    return next == plan.places();
  }

  /** The frame that is wanted next; only if not {@link #full()}. */
  int wanted() {
    return plan.frame(next);
  }

  /** Crops of each picture. */
  int crops() {
    return crops;
  }

  /** Clips that went to the sink. */
  int clips() {
    return clips;
  }

  /** Begins again with the first place. Clips that went to the sink stay there. */
  void again() {
    next = 0;
    Arrays.fill(left, spec.frames());
  }

  /** Fills the next place with the scaler's crops. */
  void fill(Scaler scaler) throws InterruptedException {
    int window = plan.window(next);
    if (handed[window]) {
      next++;
      left[window]--;
      return;
    }
    if (open[window] == null) {
      take(window);
    }
    int offset = plan.offset(next) * spec.frameBytes();
    for (int crop = 0; crop < crops; crop++) {
      scaler.copy(crop, open[window][crop].pixels(), offset);
    }
    next++;
    if (--left[window] == 0) {
      scaler.await();
      handOver(window);
    }
  }

  private void take(int window) throws InterruptedException {
    Clip[] taken = new Clip[crops];
    open[window] = taken;
    long before = System.nanoTime();
    for (int crop = 0; crop < crops; crop++) {
      taken[crop] = buffers.take(plan.range(window), crop);
    }
    deadline.extend(System.nanoTime() - before);
  }

  private void handOver(int window) throws InterruptedException {
    long before = System.nanoTime();
    for (int crop = 0; crop < crops; crop++) {
      Clip clip = open[window][crop];
      open[window][crop] = null;
      sink.accept(clip);
      clips++;
    }
    open[window] = null;
    handed[window] = true;
    deadline.extend(System.nanoTime() - before);
  }

  /**
   * Ends clips whose last frames never came: at least half full, they repeat the last picture;
   * otherwise they are dropped.
   */
  void finish(Scaler scaler, Losses losses) throws InterruptedException {
    while (!full()) {
      int window = plan.window(next);
      if (open[window] != null && left[window] * 2 <= spec.frames()) {
        losses.frameMissed();
        fill(scaler);
      } else {
        next++;
      }
    }
    for (int window = 0; window < left.length; window++) {
      if (left[window] > 0 && !handed[window]) {
        losses.clipsDropped(crops);
      }
    }
  }

  @Override
  public void close() {
    for (Clip[] taken : open) {
      if (taken != null) {
        for (Clip clip : taken) {
          if (clip != null) {
            clip.close();
          }
        }
      }
    }
    buffers.leave(entered);
  }
}
