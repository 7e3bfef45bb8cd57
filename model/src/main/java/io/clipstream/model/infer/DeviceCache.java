package io.clipstream.model.infer;

import ai.djl.pytorch.jni.JniUtils;

/** Memory of GPUs that PyTorch keeps for later tensors. All threads. */
public final class DeviceCache {
  private DeviceCache() {}

  /** Gives what is not in use back to the driver; waits for what the GPUs are at work on. */
  public static void empty() {
    JniUtils.emptyCudaCache();
  }
}
