package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import io.clipstream.model.Count;
import io.clipstream.model.DeviceName;

/** A batch did not fit into the device's memory; half of it may. */
public final class OutOfDeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public OutOfDeviceMemoryException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * What an engine's failure at a batch means: this exception if it is one of memory, else its own.
   */
  static RuntimeException explain(EngineException e, int batch, Device device) {
    if (!isOfMemory(e)) {
      return e;
    }
    if (device.isGpu()) {
      JniUtils.emptyCudaCache();
    }
    return new OutOfDeviceMemoryException(
        "a batch of %s does not fit into the memory of %s"
            .formatted(Count.of(batch, "clip"), DeviceName.of(device)),
        e);
  }

  private static boolean isOfMemory(EngineException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("out of memory") // CUDA's allocator
        || message.contains("can't allocate memory") // the CPU's
        || message.contains("CUDNN_STATUS_ALLOC_FAILED")
        || message.contains("CUBLAS_STATUS_ALLOC_FAILED");
  }
}
