package io.clipstream.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A GPU in this process: its primary context, which PyTorch uses too, and a stream on which nothing
 * waits for PyTorch's work. What is begun here is done in turn, later. All threads. Failures are
 * {@link CudaException}s. Lives as long as the process.
 */
public final class Gpu {
  private static final int NON_BLOCKING = 1; // CUstream_flags
  private static final int BLOCKING_SYNC = 1; // CUevent_flags
  private static final int DISABLE_TIMING = 2;
  private static final int PORTABLE = 1; // of cuMemHostRegister: for every context

  /** Where the driver writes contexts that nobody wants to know. */
  private static final Memory UNUSED = new Memory(Long.BYTES);

  private final int number;
  private final String name;
  private final long memory;
  private final long context;
  private final long stream;

  private Gpu(int number) {
    this.number = number;
    int device = device(number);
    name = name(device);
    long[] value = new long[1];
    Driver.check(Driver.cuDeviceTotalMem_v2(value, device), "memory of a device");
    memory = value[0];
    Driver.check(Driver.cuDevicePrimaryCtxRetain(value, device), "context");
    context = value[0];
    enter();
    try {
      Driver.check(Driver.cuStreamCreate(value, NON_BLOCKING), "stream");
    } finally {
      leave();
    }
    stream = value[0];
  }

  /**
   * Makes a GPU ready.
   *
   * @throws CudaException if there is no driver, no decoder or no such GPU
   */
  public static Gpu open(int number) {
    Driver.loadWithDecoders();
    return new Gpu(number);
  }

  /**
   * The model of a GPU, which is not made ready for that.
   *
   * @throws CudaException if there is no driver or no such GPU
   */
  public static String modelOf(int number) {
    Driver.load();
    return name(device(number));
  }

  private static int device(int number) {
    int[] device = new int[1];
    Driver.check(Driver.cuDeviceGet(device, number), "device " + number);
    return device[0];
  }

  private static String name(int device) {
    byte[] text = new byte[256];
    Driver.check(Driver.cuDeviceGetName(text, text.length, device), "name of a device");
    return Native.toString(text, StandardCharsets.US_ASCII);
  }

  /** As CUDA counts. */
  public int number() {
    return number;
  }

  /** Its model. */
  public String name() {
    return name;
  }

  /** Bytes of its memory. */
  public long memory() {
    return memory;
  }

  /** Bytes of its memory that are taken, by whatever process. */
  public long memoryTaken() {
    long[] free = new long[1];
    long[] total = new long[1];
    enter();
    try {
      Driver.check(Driver.cuMemGetInfo_v2(free, total), "memory of a device");
    } finally {
      leave();
    }
    return total[0] - free[0];
  }

  /** CUDA's handle of the stream. */
  public long stream() {
    return stream;
  }

  /** Makes the context this thread's until {@link #leave}. */
  public void enter() {
    Driver.check(Driver.cuCtxPushCurrent_v2(context), "context");
  }

  public void leave() {
    Driver.check(Driver.cuCtxPopCurrent_v2(Pointer.nativeValue(UNUSED)), "context");
  }

  /**
   * A kernel.
   *
   * @param module PTX
   */
  public long kernel(byte[] module, String kernel) {
    byte[] text = new byte[module.length + 1]; // ends with a zero
    System.arraycopy(module, 0, text, 0, module.length);
    long[] handle = new long[1];
    enter();
    try {
      Driver.check(Driver.cuModuleLoadData(handle, text), "compiler of kernels");
      Driver.check(Driver.cuModuleGetFunction(handle, handle[0], kernel), "kernel " + kernel);
    } finally {
      leave();
    }
    return handle[0];
  }

  /**
   * Begins a kernel with blocks of 32 x 8 threads.
   *
   * @param width threads; also height
   * @param arguments its one argument, which is read before this returns
   */
  public void launch(long kernel, int width, int height, Arguments arguments) {
    enter();
    try {
      Driver.check(
          Driver.cuLaunchKernel(
              kernel,
              (width + 31) / 32,
              (height + 7) / 8,
              1,
              32,
              8,
              1,
              0,
              stream,
              Pointer.nativeValue(arguments.list),
              0),
          "launch");
    } finally {
      leave();
    }
  }

  /** The bytes of a kernel's one argument, a struct. One thread. */
  public static final class Arguments {
    private final Memory list;
    private final ByteBuffer struct;

    /**
     * @param bytes of the struct
     */
    public Arguments(int bytes) {
      list = new Memory(Long.BYTES + bytes);
      list.setPointer(0, list.share(Long.BYTES));
      struct = list.getByteBuffer(Long.BYTES, bytes);
    }

    /** In the order of the host's bytes. */
    public ByteBuffer struct() {
      return struct;
    }
  }

  /** Memory of the GPU until {@link #free}, for what is begun here. */
  public long allocate(long bytes) {
    long[] address = new long[1];
    enter();
    try {
      Driver.check(
          Driver.cuMemAllocAsync(address, bytes, stream),
          "allocation of %d bytes".formatted(bytes));
    } finally {
      leave();
    }
    return address[0];
  }

  /** Frees memory once all that was begun so far is done. */
  public void free(long address) {
    enter();
    try {
      Driver.check(Driver.cuMemFreeAsync(address, stream), "release of memory");
    } finally {
      leave();
    }
  }

  /** Copies numbers to the GPU's memory, once all that was begun so far is done. */
  public void upload(int[] numbers, long to) {
    enter();
    try {
      Driver.check(Driver.cuMemcpyHtoDAsync_v2(to, numbers, 4L * numbers.length, stream), "copy");
    } finally {
      leave();
    }
  }

  /**
   * Begins to copy from the GPU.
   *
   * @param to direct; if it is page-locked, this returns before the bytes are there
   */
  public void download(ByteBuffer to, int offset, long from, int bytes) {
    long address = address(to) + offset;
    enter();
    try {
      Driver.check(Driver.cuMemcpyDtoHAsync_v2(address, from, bytes, stream), "copy");
    } finally {
      leave();
    }
  }

  /** A mark on the stream, to be closed. One thread. */
  public final class Mark implements AutoCloseable {
    private final long event;

    public Mark() {
      long[] handle = new long[1];
      enter();
      try {
        Driver.check(Driver.cuEventCreate(handle, BLOCKING_SYNC | DISABLE_TIMING), "event");
      } finally {
        leave();
      }
      event = handle[0];
    }

    /** Waits, without work for the CPU, until all that was begun so far is done. */
    public void await() {
      enter();
      try {
        Driver.check(Driver.cuEventRecord(event, stream), "event");
        Driver.check(Driver.cuEventSynchronize(event), "work");
      } finally {
        leave();
      }
    }

    @Override
    public void close() {
      enter();
      try {
        Driver.check(Driver.cuEventDestroy_v2(event), "event");
      } finally {
        leave();
      }
    }
  }

  /**
   * Page-locks a direct buffer for every GPU, until {@link #unlock}.
   *
   * @return false if that cannot be; then copies are slower
   */
  public boolean lock(ByteBuffer buffer) {
    enter();
    try {
      return Driver.cuMemHostRegister_v2(address(buffer), buffer.capacity(), PORTABLE) == 0;
    } finally {
      leave();
    }
  }

  /** Before a buffer that {@link #lock} locked is freed. */
  public void unlock(ByteBuffer buffer) {
    enter();
    try {
      Driver.check(Driver.cuMemHostUnregister(address(buffer)), "page lock");
    } finally {
      leave();
    }
  }

  private static long address(ByteBuffer buffer) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
  }
}
