package io.clipstream.streams.classify;

import ai.djl.Device;
import io.clipstream.model.DeviceName;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecoderProcesses;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.model.infer.WarmUp;
import io.clipstream.model.kernels.KernelMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/**
 * What all generations of an instance have in common.
 *
 * @param devices that a model is loaded on; each gets a classifier of its own
 * @param kernels whether it runs with GPU kernels there
 * @param sampling of every video
 * @param processes that decode, if this one does not
 * @param gpus that decode too, if this process decodes
 * @param budget of the decoded pixels of all generations together
 * @param batch how clips become batches; each of its sizes is warmed
 */
public record GenerationFactory(
    List<Device> devices,
    KernelMode kernels,
    Sampling sampling,
    DecodeLimits limits,
    Optional<DecoderProcesses> processes,
    GpuDecoding gpus,
    PixelBudget budget,
    BatchPolicy batch,
    PipelineObserver observer) {
  public GenerationFactory {
    devices = List.copyOf(devices);
    observer = GuardedObserver.of(observer);
  }

  /** As this one; another observer is told, too. */
  public GenerationFactory alsoTelling(PipelineObserver another) {
    return new GenerationFactory(
        devices,
        kernels,
        sampling,
        limits,
        processes,
        gpus,
        budget,
        batch,
        PipelineObserver.both(observer, another));
  }

  /**
   * A generation of this model, not started.
   *
   * @throws UserError if the budget has no room for the model's clips
   */
  public Generation create(ModelArtifact artifact) {
    return create(artifact, network -> {});
  }

  /** What a network must stand before it serves, by the thread that is going to serve. */
  @FunctionalInterface
  public interface Proof {
    /** A device has the network and warms it. */
    default void warming() {}

    /**
     * Tries a network that is warm.
     *
     * @throws IOException if it may not serve; one line
     */
    void prove(TorchClassifier network) throws IOException;
  }

  /**
   * As the other; every device's network is proved when it is warm. Where workers of this process
   * serve on the device, it warms up with a pause after each pass, so that what has come meanwhile
   * is worked off.
   *
   * @throws UserError if the budget has no room for the model's clips
   */
  public Generation create(ModelArtifact artifact, Proof proof) {
    return new Generation(
        served(artifact),
        cutter(artifact.manifest().clip(), budget),
        devices.stream()
            .map(
                device ->
                    new DeviceModel(DeviceName.of(device), () -> load(artifact, device, proof)))
            .toList(),
        batch,
        observer);
  }

  /**
   * Cuts as the generations do.
   *
   * @param pixels that the clips are taken from
   * @throws UserError if it has no room for the clips
   */
  public Cutter cutter(ClipSpec spec, PixelBudget pixels) {
    return ClipCutter.of(spec, sampling, limits, pixels, processes, gpus);
  }

  private record PacedWarmUp(Device device, Proof proof) implements WarmUp {
    @Override
    public void begins() {
      proof.warming();
    }

    @Override
    public void passed(long nanos) throws InterruptedException {
      DeviceUse.of(DeviceName.of(device)).giveWay(nanos);
    }
  }

  private static ServedModel served(ModelArtifact artifact) {
    return new ServedModel(artifact.manifest(), artifact.digest());
  }

  private TorchClassifier load(ModelArtifact artifact, Device device, Proof proof) {
    try {
      TorchClassifier network =
          TorchClassifier.load(
              artifact, device, batch.sizes(), kernels, new PacedWarmUp(device, proof));
      boolean proved = false;
      try {
        proof.prove(network);
        proved = true;
        observer.loaded(served(artifact), DeviceName.of(device), network.form());
        return network;
      } finally {
        if (!proved) {
          network.close();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }
}
