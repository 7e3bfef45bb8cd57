package io.clipstream.streams.live;

import ai.djl.Device;
import io.clipstream.model.DeviceName;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.streams.classify.BatchPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Whether a model may be loaded beside what runs already: running out of memory would hit videos of
 * the model that serves, or end the process. What a forward pass takes besides is not known before;
 * if that is too much on a GPU, warming says so. All threads.
 */
final class LoadMemory {
  private final FreeMemory free;
  private final List<Device> devices;
  private final BatchPolicy batch;

  /**
   * @param devices that a model is loaded on
   * @param batch whose largest is to be held
   */
  LoadMemory(FreeMemory free, List<Device> devices, BatchPolicy batch) {
    this.free = free;
    this.devices = devices;
    this.batch = batch;
  }

  /**
   * What is lacking, one line; empty if nothing is. Needed are the weights once on each GPU; on the
   * host once while they are read, once more for each CPU that serves, and two buffers of the
   * largest batch for each device.
   */
  Optional<String> lacking(ModelArtifact artifact) throws IOException {
    long weights = Files.size(artifact.path());
    int clips = batch.sizes().get(batch.sizes().size() - 1);
    long buffers = 2L * clips * artifact.manifest().clip().clipBytes();
    long host = weights;
    for (Device device : devices) {
      host += buffers + (device.isGpu() ? 0 : weights);
      if (device.isGpu() && lacks(weights, () -> free.on(device))) {
        free.trim();
        if (lacks(weights, () -> free.on(device))) {
          return Optional.of(
              text(artifact, weights, free.on(device), "the memory of " + DeviceName.of(device)));
        }
      }
    }
    return lacks(host, free::onHost)
        ? Optional.of(text(artifact, host, free.onHost(), "this host or container"))
        : Optional.empty();
  }

  private static boolean lacks(long needed, Supplier<OptionalLong> left) {
    OptionalLong bytes = left.get();
    return bytes.isPresent() && bytes.getAsLong() < needed;
  }

  private static String text(ModelArtifact artifact, long needed, OptionalLong left, String where) {
    return artifact.manifest().id()
        + " needs "
        + (needed >> 20)
        + " MiB beside what runs already, "
        + where
        + " has "
        + (left.orElse(0) >> 20)
        + " MiB left";
  }
}
