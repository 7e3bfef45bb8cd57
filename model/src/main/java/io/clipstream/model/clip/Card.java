package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avutil.AV_HWDEVICE_TYPE_CUDA;
import static org.bytedeco.ffmpeg.global.avutil.av_hwdevice_ctx_create;

import io.clipstream.model.cuda.CudaException;
import io.clipstream.model.cuda.Gpu;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.atomic.LongAdder;
import org.bytedeco.ffmpeg.avutil.AVBufferRef;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVHWDeviceContext;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A GPU that decodes: FFmpeg's device on its primary context, which PyTorch shares, with a stream
 * of its own; its decoders; and the kernel that cuts crops. All threads. Lives as long as the
 * process.
 */
final class Card implements DecodingGpu {
  /** Of libavutil/hwcontext_cuda.h: the context of the calling thread, whatever its flags. */
  private static final int USE_CURRENT_CONTEXT = 2;

  private static final int DECODERS = 64;
  private static final long DECODER_BYTES = 4L << 30;

  /** Of a GPU's memory, at most one part in so many. */
  private static final int DECODER_SHARE = 8;

  /** Workspaces kept for those who come next. */
  private static final int WORKSPACES = 64;

  private final Gpu gpu;
  private final AVBufferRef device = new AVBufferRef((Pointer) null);
  private final long kernel;
  private final CodecPool pool;
  private final LongAdder decoded = new LongAdder();

  /** Those that nobody uses, the one used last at the end; guarded by itself. */
  private final ArrayDeque<CardWorkspace> workspaces = new ArrayDeque<>();

  private Card(Gpu gpu) {
    this.gpu = gpu;
    kernel = gpu.kernel(module(), "crop");
    gpu.enter();
    try {
      int error =
          av_hwdevice_ctx_create(
              device,
              AV_HWDEVICE_TYPE_CUDA,
              (String) null,
              (AVDictionary) null,
              USE_CURRENT_CONTEXT);
      if (error < 0) {
        throw new CardFailedException("FFmpeg cannot use it: " + Ffmpeg.message(error));
      }
    } finally {
      gpu.leave();
    }
    // AVCUDADeviceContext { CUcontext cuda_ctx; CUstream stream; ... }
    LongPointer ofCuda = new LongPointer(new AVHWDeviceContext(device.data()).hwctx());
    ofCuda.put(1, gpu.stream());
    long bytes = Math.min(DECODER_BYTES, gpu.memory() / DECODER_SHARE);
    pool =
        new CodecPool(
            (track, limits) -> Codec.openContext(track, limits, device),
            new CodecPool.Bounds(DECODERS, bytes));
  }

  /**
   * Makes a GPU ready.
   *
   * @param number as CUDA counts
   * @throws CudaException if there is no such GPU, or no driver
   * @throws CardFailedException if FFmpeg cannot use it
   */
  static Card open(int number) {
    return new Card(Gpu.open(number));
  }

  private static byte[] module() {
    try (InputStream in = Card.class.getResourceAsStream("crops.ptx")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Gpu gpu() {
    return gpu;
  }

  CodecPool pool() {
    return pool;
  }

  /** A video was decoded. */
  void took() {
    decoded.increment();
  }

  @Override
  public int number() {
    return gpu.number();
  }

  @Override
  public long decoded() {
    return decoded.sum();
  }

  @Override
  public int decoders() {
    return pool.decoders();
  }

  @Override
  public long decoderBytes() {
    return pool.bytes();
  }

  @Override
  public long opened() {
    return pool.opened();
  }

  /** A workspace, to be given back with {@link #give} when nothing is under way in it any more. */
  CardWorkspace take(int cropBytes, int crops) {
    synchronized (workspaces) {
      for (Iterator<CardWorkspace> newest = workspaces.descendingIterator(); newest.hasNext(); ) {
        CardWorkspace workspace = newest.next();
        if (workspace.cropBytes() == cropBytes && workspace.crops() == crops) {
          newest.remove();
          return workspace;
        }
      }
    }
    return new CardWorkspace(gpu, kernel, cropBytes, crops);
  }

  void give(CardWorkspace workspace) {
    CardWorkspace dropped = null;
    synchronized (workspaces) {
      workspaces.addLast(workspace);
      if (workspaces.size() > WORKSPACES) {
        dropped = workspaces.pollFirst();
      }
    }
    if (dropped != null) {
      dropped.close();
    }
  }
}
