package io.clipstream.model.cuda;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The functions of CUDA's driver (cuda.h) that are used. Each returns 0 or an error's number.
 * Handles and addresses are longs. Of no use before {@link #load}.
 */
final class Driver {
  private static final String CUDA = "libcuda.so.1";

  /** The library of the hardware decoders, which containers without "video" lack. */
  private static final String NVDEC = "libnvcuvid.so.1";

  private static boolean loaded;

  private Driver() {}

  /**
   * Finds the driver, once for the process.
   *
   * @throws CudaException if it is not there
   */
  static synchronized void load() {
    if (loaded) {
      return;
    }
    try {
      Native.register(Driver.class, CUDA);
    } catch (UnsatisfiedLinkError e) {
      throw new CudaException("CUDA's driver is not there: " + firstLine(e), e);
    }
    check(cuInit(0), "start");
    loaded = true;
  }

  /**
   * Finds the driver and the hardware decoders.
   *
   * @throws CudaException if one is not there
   */
  static void loadWithDecoders() {
    load();
    try {
      NativeLibrary.getInstance(NVDEC);
    } catch (UnsatisfiedLinkError e) {
      throw new CudaException("NVIDIA's video decoder is not there: " + firstLine(e), e);
    }
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** Throws unless an error's number is 0. */
  static void check(int error, String what) {
    if (error != 0) {
      long[] name = new long[1];
      boolean known = cuGetErrorName(error, name) == 0 && name[0] != 0;
      String called = known ? new Pointer(name[0]).getString(0) : "an unknown error";
      throw new CudaException("CUDA's %s fails: %s (%d)".formatted(what, called, error), error);
    }
  }

  static native int cuGetErrorName(int error, long[] name);

  static native int cuInit(int flags);

  static native int cuDeviceGet(int[] device, int number);

  static native int cuDeviceGetName(byte[] name, int length, int device);

  static native int cuDeviceTotalMem_v2(long[] bytes, int device);

  static native int cuDevicePrimaryCtxRetain(long[] context, int device);

  static native int cuCtxPushCurrent_v2(long context);

  static native int cuCtxPopCurrent_v2(long context);

  static native int cuStreamCreate(long[] stream, int flags);

  static native int cuModuleLoadData(long[] module, byte[] image);

  static native int cuModuleGetFunction(long[] function, long module, String name);

  static native int cuLaunchKernel(
      long function,
      int blocksX,
      int blocksY,
      int blocksZ,
      int threadsX,
      int threadsY,
      int threadsZ,
      int sharedBytes,
      long stream,
      long arguments,
      long extra);

  static native int cuMemAllocAsync(long[] address, long bytes, long stream);

  static native int cuMemFreeAsync(long address, long stream);

  static native int cuMemcpyHtoDAsync_v2(long to, int[] from, long bytes, long stream);

  static native int cuMemcpyDtoHAsync_v2(long to, long from, long bytes, long stream);

  static native int cuEventCreate(long[] event, int flags);

  static native int cuEventRecord(long event, long stream);

  static native int cuEventSynchronize(long event);

  static native int cuEventDestroy_v2(long event);

  static native int cuMemHostRegister_v2(long memory, long bytes, int flags);

  static native int cuMemHostUnregister(long memory);

  static native int cuMemGetInfo_v2(long[] free, long[] total);
}
