package io.clipstream.streams.classify;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Whether workers of this process are at work on a device, so that a network that warms up there
 * gives way to them: a device computes what it is given in turn, and clips that come during a pass
 * of another network wait for its end. Between two such passes the workers get the time to work off
 * what has come. All threads.
 */
final class DeviceUse {
  /**
   * Of a device that is never free a warm-up takes an eighth of the time at most, unless passes are
   * long. With three times the pass p99 was 70 ms, of Swin3D-B on an H100 at 0.7 of its load.
   */
  private static final int PAUSE_PER_PASS = 7;

  /** Where passes take seconds, pauses are not to use up the time limit of the load. */
  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(1);

  /** A device belongs to the whole process, whatever the models and pipelines on it. */
  private static final Map<String, DeviceUse> DEVICES = new ConcurrentHashMap<>();

  /** Workers that have a batch. */
  private int busy;

  private DeviceUse() {}

  /**
   * The one of a device.
   *
   * @param device as {@link DeviceModel#device}
   */
  static DeviceUse of(String device) {
    return DEVICES.computeIfAbsent(device, name -> new DeviceUse());
  }

  /** A worker has a batch. {@link #waits} follows, once. */
  synchronized void works() {
    busy++;
  }

  /** The worker has no batch any more and none is due. */
  synchronized void waits() {
    if (--busy == 0) {
      notifyAll();
    }
  }

  /**
   * After a pass of a warm-up: waits until no worker has a batch, at most seven times as long as
   * the pass took, and a second. At once where nobody serves.
   *
   * @param nanos that the pass took, with what the device did before it
   */
  void giveWay(long nanos) throws InterruptedException {
    awaitFree(Math.min(PAUSE_PER_PASS * nanos, LONGEST_PAUSE));
  }

  /** Waits until no worker has a batch, so many nanoseconds at most. */
  synchronized void awaitFree(long nanos) throws InterruptedException {
    long end = System.nanoTime() + nanos;
    for (long left = nanos; busy > 0 && left > 0; left = end - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }
}
