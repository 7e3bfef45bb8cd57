package io.clipstream.streams.metrics;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;

/**
 * The part of NVIDIA's management library that is needed; it comes with the driver. Each returns
 * {@value #SUCCESS} or an error's number. All threads.
 */
interface Nvml extends Library {
  int SUCCESS = 0;

  int nvmlInit_v2();

  int nvmlShutdown();

  int nvmlDeviceGetCount_v2(IntByReference count);

  int nvmlDeviceGetHandleByIndex_v2(int index, PointerByReference device);

  /**
   * @param text filled with bytes that end in 0
   */
  int nvmlDeviceGetName(Pointer device, byte[] text, int length);

  /**
   * @param text filled with bytes that end in 0
   */
  int nvmlDeviceGetUUID(Pointer device, byte[] text, int length);

  /**
   * @param percents filled with two: of the time that a kernel ran, that memory was read or written
   */
  int nvmlDeviceGetUtilizationRates(Pointer device, int[] percents);

  /**
   * @param bytes filled with three: all, free, used
   */
  int nvmlDeviceGetMemoryInfo(Pointer device, long[] bytes);

  int nvmlDeviceGetDecoderUtilization(
      Pointer device, IntByReference percent, IntByReference periodMicros);

  /** The library, started; empty where there is none or it has no driver. */
  static Optional<Nvml> find() {
    try {
      Nvml library = Native.load("libnvidia-ml.so.1", Nvml.class);
      return library.nvmlInit_v2() == SUCCESS ? Optional.of(library) : Optional.empty();
    } catch (UnsatisfiedLinkError none) { // As on most machines.
      return Optional.empty();
    }
  }
}
