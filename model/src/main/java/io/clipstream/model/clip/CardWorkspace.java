package io.clipstream.model.clip;

import io.clipstream.model.cuda.CudaException;
import io.clipstream.model.cuda.Gpu;
import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/**
 * What a thread needs on a GPU to cut crops out of pictures there: room for the crops of one
 * picture, the weights of one picture format, and the kernel's arguments. Owns them. One thread.
 */
final class CardWorkspace implements AutoCloseable {
  /** Of struct Crop in crops.cu: four pointers, fifteen ints, and what its alignment adds. */
  private static final int ARGUMENTS = 4 * 8 + 16 * 4;

  private final Gpu gpu;
  private final long kernel;
  private final int cropBytes;
  private final int crops;
  private final Gpu.Mark mark;
  private final Gpu.Arguments arguments = new Gpu.Arguments(ARGUMENTS);
  private final long pixels; // of all crops, on the GPU
  private long weights; // of all crops, one after the other, on the GPU
  private int capacity; // of those, ints
  private CropJob[] jobs;

  /**
   * @param kernel {@code crop} of crops.cu
   * @param cropBytes of one crop
   */
  CardWorkspace(Gpu gpu, long kernel, int cropBytes, int crops) {
    this.gpu = gpu;
    this.kernel = kernel;
    this.cropBytes = cropBytes;
    this.crops = crops;
    this.mark = gpu.new Mark();
    try {
      this.pixels = gpu.allocate((long) cropBytes * crops);
    } catch (CudaException e) {
      mark.close();
      throw e;
    }
  }

  /** Bytes of one crop. */
  int cropBytes() {
    return cropBytes;
  }

  int crops() {
    return crops;
  }

  /** Says how the crops of the next pictures are cut, one job for each. */
  void begin(CropJob[] next) {
    int length = 0;
    for (CropJob job : next) {
      length += job.weights().length;
    }
    int[] all = new int[length];
    int at = 0;
    for (CropJob job : next) {
      System.arraycopy(job.weights(), 0, all, at, job.weights().length);
      at += job.weights().length;
    }
    if (length > capacity) {
      if (capacity > 0) {
        gpu.free(weights);
        capacity = 0;
      }
      weights = gpu.allocate(4L * length);
      capacity = length;
    }
    gpu.upload(all, weights);
    jobs = next;
  }

  /** Begins to cut all crops out of a picture, NV12 in the GPU's memory. */
  void cut(AVFrame frame) {
    long jobWeights = weights;
    for (int crop = 0; crop < crops; crop++) {
      CropJob job = jobs[crop];
      put(frame, job, jobWeights, pixels + (long) crop * cropBytes);
      gpu.launch(kernel, job.width(), job.height(), arguments);
      jobWeights += 4L * job.weights().length;
    }
  }

  private void put(AVFrame frame, CropJob job, long jobWeights, long out) {
    YuvToRgb colours = job.colours();
    arguments
        .struct()
        .clear()
        .putLong(frame.data(0).address())
        .putLong(frame.data(1).address())
        .putLong(jobWeights)
        .putLong(out)
        .putInt(frame.linesize(0))
        .putInt(frame.linesize(1))
        .putInt(job.width())
        .putInt(job.height())
        .putInt(job.columnTaps())
        .putInt(job.rowTaps())
        .putInt(job.origin())
        .putInt(job.across())
        .putInt(job.down())
        .putInt(colours.lumaOffset())
        .putInt(colours.lumaScale())
        .putInt(colours.vRed())
        .putInt(colours.uBlue())
        .putInt(colours.uGreen())
        .putInt(colours.vGreen());
  }

  /** Begins to copy a crop to the host, see {@link Gpu#download}. */
  void download(int crop, ByteBuffer to, int offset) {
    gpu.download(to, offset, pixels + (long) crop * cropBytes, cropBytes);
  }

  /** Waits until all that was begun on the GPU's stream is done. */
  void await() {
    mark.await();
  }

  @Override
  public void close() {
    if (capacity > 0) {
      gpu.free(weights);
    }
    gpu.free(pixels);
    mark.close();
  }
}
