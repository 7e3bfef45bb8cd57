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
  /** Of a device that is never free a warm-up takes a quarter of the time at most. */
  private static final int PAUSE_PER_PASS = 3;

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
   * After a pass of a warm-up: waits until no worker has a batch, at most three times as long as
   * the pass took. At once where nobody serves.
   *
   * @param nanos that the pass took, with what the device did before it
   */
  synchronized void giveWay(long nanos) throws InterruptedException {
    long end = System.nanoTime() + PAUSE_PER_PASS * nanos;
    for (long left = end - System.nanoTime(); busy > 0 && left > 0; ) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
      left = end - System.nanoTime();
    }
  }
}
