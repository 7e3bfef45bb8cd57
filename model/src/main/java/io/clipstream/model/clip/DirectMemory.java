package io.clipstream.model.clip;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;

/**
 * Memory outside the heap that can be given back at once. Java itself frees a direct buffer when
 * the garbage collector finds it, which in a service with little garbage may be hours later.
 */
public final class DirectMemory {
  /**
   * {@code sun.misc.Unsafe.invokeCleaner}, which Java has for this until it has better; or null.
   */
  private static final MethodHandle CLEANER = cleaner();

  private DirectMemory() {}

  /** A direct buffer of zeros. */
  public static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocateDirect(bytes);
  }

  /**
   * Frees a buffer that {@link #allocate} returned. Nobody may touch it afterwards, nor any slice
   * of it: that would be another's memory. Called once for a buffer.
   */
  public static void free(ByteBuffer buffer) {
    if (CLEANER == null) {
      return; // The garbage collector does it.
    }
    try {
      CLEANER.invokeExact(buffer);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static MethodHandle cleaner() {
    try {
      Class<?> unsafe = Class.forName("sun.misc.Unsafe");
      Field instance = unsafe.getDeclaredField("theUnsafe");
      instance.setAccessible(true);
      return MethodHandles.lookup()
          .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
          .bindTo(instance.get(null));
    } catch (ReflectiveOperationException | RuntimeException gone) {
      return null;
    }
  }
}
