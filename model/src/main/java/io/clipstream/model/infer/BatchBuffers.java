package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.kernels.GpuCopies;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Pixels of batches on their way to a device, in three buffers in turn: while a GPU is at work on
 * one and another waits for it, the third is filled. Host memory for a GPU is page-locked: its copy
 * engine reads that several times faster. One thread at a time.
 */
final class BatchBuffers implements AutoCloseable {
  /** Of a clip, each copied by one thread. */
  private static final int PARTS = 4;

  private final ClipSpec clip;
  private final boolean gpu;
  private final NDManager arrays;
  private final List<Buffer> buffers = new ArrayList<>();
  private final Optional<GpuCopies> copies;

  /** Of the buffer that the next batch is copied into. */
  private int filling;

  /**
   * @param host pixels of the largest batch
   * @param device their place on the GPU, or null
   * @param batches for each batch size the network's input: of a GPU's memory or of the host's
   */
  private record Buffer(CopyMemory host, NDArray device, Map<Integer, NDArray> batches) {}

  BatchBuffers(ClipSpec clip, BatchSizes sizes, Device device) {
    this.clip = clip;
    this.gpu = device.isGpu();
    long bytes = (long) clip.clipBytes() * sizes.largest();
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a batch of "
              + sizes.largest()
              + " clips has "
              + bytes
              + " bytes, expected less than 2 GiB");
    }
    arrays = NDManager.newBaseManager(device, "PyTorch");
    copies = gpu ? GpuCopies.find() : Optional.empty();
    try {
      for (int i = 0; i < (gpu ? 3 : 1); i++) {
        buffers.add(buffer((int) bytes, sizes));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Buffer buffer(int bytes, BatchSizes sizes) {
    NDArray all = gpu ? arrays.zeros(shape(sizes.largest()), DataType.UINT8) : null;
    CopyMemory host = new CopyMemory(bytes, gpu);
    Map<Integer, NDArray> batches = new HashMap<>();
    for (int size : sizes.ascending()) {
      ByteBuffer part = host.bytes().slice(0, size * clip.clipBytes());
      batches.put(
          size,
          gpu
              ? all.get(new NDIndex(":" + size)) // a view
              : arrays.create(part, shape(size), DataType.UINT8));
    }
    return new Buffer(host, all, batches);
  }

  private Shape shape(int batch) {
    return new Shape(batch, clip.frames(), clip.crop().height(), clip.crop().width(), 3);
  }

  /** Input of any kind for a batch of this size. */
  NDArray any(int size) {
    return buffers.get(filling).batches.get(size);
  }

  /**
   * Copies a batch.
   *
   * @param size of the batch; what is left of it after the clips holds older pixels
   * @return the network's input, valid until the third call after this one
   */
  NDArray take(List<Clip> clips, int size) {
    ByteBuffer host = buffers.get(filling).host.bytes();
    int clipBytes = clip.clipBytes();
    if (gpu) {
      // One core copies slower than a GPU computes.
      int partBytes = (clipBytes + PARTS - 1) / PARTS;
      IntStream.range(0, clips.size() * PARTS)
          .parallel()
          .forEach(
              i -> {
                int from = Math.min(clipBytes, i % PARTS * partBytes);
                int bytes = Math.min(partBytes, clipBytes - from);
                int at = i / PARTS;
                host.put(at * clipBytes + from, clips.get(at).pixels(), from, bytes);
              });
    } else {
      for (int i = 0; i < clips.size(); i++) {
        host.put(i * clipBytes, clips.get(i).pixels(), 0, clipBytes);
      }
    }
    return send(clips.size() * clipBytes, size);
  }

  /** The same for one clip's pixels, all that remains of a buffer. */
  NDArray take(ByteBuffer pixels, int size) {
    buffers.get(filling).host.bytes().put(0, pixels, pixels.position(), pixels.remaining());
    return send(pixels.remaining(), size);
  }

  private NDArray send(int bytes, int size) {
    Buffer buffer = buffers.get(filling);
    filling = (filling + 1) % buffers.size();
    NDArray input = buffer.batches.get(size);
    if (copies.isPresent()) {
      copies.get().upload(buffer.host.bytes(), bytes, buffer.device);
    } else if (gpu) {
      input.set(buffer.host.bytes().slice(0, size * clip.clipBytes()));
    }
    return input;
  }

  @Override
  public void close() {
    arrays.close();
    buffers.forEach(buffer -> buffer.host.close());
  }
}
