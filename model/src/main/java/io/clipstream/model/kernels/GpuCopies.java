package io.clipstream.model.kernels;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies to GPUs beside what PyTorch computes there, and from them without waiting for what was
 * begun later: DJL has one stream, on which a copy waits for all of it. For any GPU that PyTorch
 * runs on. All threads. Failures are EngineExceptions.
 */
public final class GpuCopies {
  private static final Logger log = LoggerFactory.getLogger(GpuCopies.class);

  private final KernelLibrary library;

  private GpuCopies(KernelLibrary library) {
    this.library = library;
  }

  /** Empty where there is no library for them; the log says why. */
  public static Optional<GpuCopies> find() {
    try {
      return Optional.of(new GpuCopies(KernelLibrary.load()));
    } catch (KernelsUnavailableException e) {
      log.info("Copies to GPUs wait for the network: {}", e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * Copies to a GPU and waits until the bytes are there.
   *
   * @param from direct; fast if page-locked. Its bytes from position 0 are taken
   * @param to uint8 [N, T, H, W, 3] on a GPU, which nothing reads or writes meanwhile
   */
  public void upload(ByteBuffer from, int bytes, NDArray to) {
    check(library.functions().clipstream_upload(handle(to), from.slice(0, bytes), bytes));
  }

  /**
   * Begins to copy an array from its GPU, behind all that this thread has begun there until now.
   *
   * @param from float32 [N, K]; may be closed at once
   * @param to direct; page-locked, or else this waits. Its bytes from position 0 are written
   */
  public Download download(NDArray from, ByteBuffer to) {
    PointerByReference mark = new PointerByReference();
    long bytes = 4 * from.getShape().size();
    check(
        library
            .functions()
            .clipstream_download(handle(from), to.slice(0, (int) bytes), bytes, mark));
    return new Download(from.getDevice().getDeviceId(), mark.getValue());
  }

  /** A copy from a GPU that was begun, whose memory must stay until it was awaited. */
  public final class Download {
    private final int device;
    private Pointer mark;

    private Download(int device, Pointer mark) {
      this.device = device;
      this.mark = mark;
    }

    /** Waits until it is done, not for what was begun after it. */
    public void await() {
      if (mark != null) {
        Pointer awaited = mark;
        mark = null;
        check(library.functions().clipstream_await(device, awaited));
      }
    }
  }

  private static long handle(NDArray array) {
    return ((PtNDArray) array).getHandle();
  }

  private static void check(String problem) {
    if (problem != null) {
      throw new EngineException(problem);
    }
  }
}
