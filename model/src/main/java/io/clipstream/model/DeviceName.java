package io.clipstream.model;

import ai.djl.Device;

/** What a device is called wherever it is told: as settings name it. */
public final class DeviceName {
  private DeviceName() {}

  /** {@code cpu}, or {@code gpu0} and so on. */
  public static String of(Device device) {
    return device.isGpu() ? "gpu" + device.getDeviceId() : "cpu";
  }
}
