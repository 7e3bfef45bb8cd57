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
 * Copies between host memory and GPUs beside what PyTorch computes there: DJL has one stream, on
 * which a copy waits for all that was begun before it. For any GPU that PyTorch runs on. All
 * threads. Failures are EngineExceptions.
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
   * A mark behind all that this thread has begun on a GPU until now, to be given to {@link
   * #download} or to {@link #forget}, once.
   */
  public Mark mark(int device) {
    PointerByReference mark = new PointerByReference();
    check(library.functions().clipstream_mark(device, mark));
    return new Mark(mark.getValue());
  }

  /** An event of CUDA's. */
  public static final class Mark {
    private final Pointer event;

    private Mark(Pointer event) {
      this.event = event;
    }
  }

  /**
   * Waits for a mark, not for what was begun after it, and copies an array from the GPU.
   *
   * @param from float32 [N, K], made before the mark
   */
  public float[] download(Mark mark, NDArray from) {
    float[] values = new float[Math.toIntExact(from.getShape().size())];
    check(
        library
            .functions()
            .clipstream_download(handle(from), mark.event, values, 4L * values.length));
    return values;
  }

  public void forget(Mark mark) {
    library.functions().clipstream_forget(mark.event);
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
