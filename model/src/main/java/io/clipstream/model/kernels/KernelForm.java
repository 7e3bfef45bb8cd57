package io.clipstream.model.kernels;

import ai.djl.Device;
import io.clipstream.model.DeviceName;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.swin.LearningKernels;
import io.clipstream.model.swin.ServingKernels;
import java.io.IOException;
import java.io.InputStream;

/**
 * The form of an artifact's network that names clipstream's GPU kernels. The artifact itself stays
 * plain, so that any PyTorch loads it: here its source is replaced while it is read.
 */
public final class KernelForm {
  /** Gives the archive to load in an artifact's place: {@link #open} or {@link #openLearning}. */
  @FunctionalInterface
  public interface Opener {
    InputStream open(ModelArtifact artifact, Device device)
        throws IOException, KernelsUnavailableException;
  }

  private KernelForm() {}

  /**
   * The archive to load in the artifact's place.
   *
   * @return to be closed by the caller; reading it throws nothing
   * @throws KernelsUnavailableException if the network cannot run with the kernels on the device
   * @throws IOException if the artifact cannot be read
   */
  public static InputStream open(ModelArtifact artifact, Device device)
      throws IOException, KernelsUnavailableException {
    expectGpu(device);
    try (TorchArchive archive = TorchArchive.open(artifact.path())) {
      ServingKernels kernels = ServingKernels.of(artifact.manifest(), archive.source());
      KernelLibrary.load().prepare(device.getDeviceId(), kernels.windowTokens());
      return archive.withSource(kernels.source());
    } catch (ServingKernels.UnsuitableException e) {
      throw new KernelsUnavailableException(e.getMessage(), e);
    }
  }

  /**
   * The same for a network that learns, of which attention and its gradients are clipstream's own.
   *
   * @param artifact that {@link io.clipstream.model.swin.Swin3d#writeLearning} wrote
   */
  public static InputStream openLearning(ModelArtifact artifact, Device device)
      throws IOException, KernelsUnavailableException {
    expectGpu(device);
    try (TorchArchive archive = TorchArchive.open(artifact.path())) {
      LearningKernels kernels = LearningKernels.of(artifact.manifest(), archive.source());
      KernelLibrary.load()
          .prepareLearning(device.getDeviceId(), kernels.windowTokens(), kernels.tableRows());
      return archive.withSource(kernels.source());
    } catch (ServingKernels.UnsuitableException e) {
      throw new KernelsUnavailableException(e.getMessage(), e);
    }
  }

  private static void expectGpu(Device device) throws KernelsUnavailableException {
    if (!device.isGpu()) {
      throw new KernelsUnavailableException(
          "the device is " + DeviceName.of(device) + ", expected a GPU");
    }
  }
}
