package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.clipstream.model.DeviceName;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptOperators;
import io.clipstream.model.kernels.GpuCopies;
import io.clipstream.model.kernels.KernelForm;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.kernels.KernelsUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An artifact's network on a device: with clipstream's GPU kernels where it can be, else in the
 * plain form that the artifact holds. One thread: the one that loaded it.
 */
final class TorchNetwork implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TorchNetwork.class);

  private final ModelManifest manifest;
  private final Device device;
  private final Model model;
  private final Block block;
  private final ParameterStore parameters;
  private final Optional<GpuCopies> copies;
  private final NetworkForm form;

  /** For results, of runs that are closed. */
  private final Deque<CopyMemory> spare = new ArrayDeque<>();

  private TorchNetwork(ModelManifest manifest, Device device, Model model, NetworkForm form) {
    this.manifest = manifest;
    this.device = device;
    this.model = model;
    this.block = model.getBlock();
    this.copies = device.isGpu() ? GpuCopies.find() : Optional.empty();
    this.parameters = new ParameterStore(model.getNDManager(), false);
    this.form = form;
  }

  /**
   * Loads the network and tries it.
   *
   * @param trial runs it as it will be run; if that fails with kernels, the plain form is next
   * @throws IOException if the model cannot be loaded or does not keep the contract; the message is
   *     one line
   * @throws UserError if kernels are wanted in any case and cannot be had
   * @throws OutOfDeviceMemoryException if a batch of the trial does not fit
   */
  static TorchNetwork load(
      ModelArtifact artifact, Device device, KernelMode kernels, Consumer<TorchNetwork> trial)
      throws IOException {
    return load(artifact, device, kernels, KernelForm::open, trial);
  }

  /** As the other, with kernels in the form that the opener gives. */
  static TorchNetwork load(
      ModelArtifact artifact,
      Device device,
      KernelMode kernels,
      KernelForm.Opener opener,
      Consumer<TorchNetwork> trial)
      throws IOException {
    ScriptOperators.require(artifact);
    String reason = "model.kernels is off";
    try {
      if (kernels != KernelMode.OFF) {
        try {
          return withKernels(artifact, device, opener, trial);
        } catch (KernelsUnavailableException e) {
          reason = e.getMessage();
          report(artifact.manifest().id(), device, kernels, reason);
        }
      }
      return plain(artifact, device, NetworkForm.plain(reason), trial);
    } catch (IllegalStateException e) { // the contract is broken
      throw new IOException(artifact.path() + ": " + e.getMessage(), e);
    }
  }

  private static void report(String id, Device device, KernelMode kernels, String reason) {
    if (kernels == KernelMode.ON) {
      throw new UserError(
          "%s cannot run with GPU kernels on %s: %s; with model.kernels=auto it runs without"
              .formatted(id, DeviceName.of(device), reason));
    }
    if (device.isGpu()) {
      log.info(
          "{} runs in its plain form on {}, without GPU kernels: {}",
          id,
          DeviceName.of(device),
          reason);
    }
  }

  private static TorchNetwork withKernels(
      ModelArtifact artifact, Device device, KernelForm.Opener opener, Consumer<TorchNetwork> trial)
      throws IOException, KernelsUnavailableException {
    try (InputStream archive = opener.open(artifact, device)) {
      Model model = Model.newInstance(artifact.manifest().id(), device, "PyTorch");
      try {
        model.load(archive, Map.of("mapLocation", "true"));
      } catch (MalformedModelException | EngineException e) {
        model.close();
        throw new KernelsUnavailableException("PyTorch refuses the source: " + TorchErrors.line(e));
      }
      return tried(artifact, device, model, NetworkForm.KERNELS, trial);
    } catch (EngineException e) {
      throw new KernelsUnavailableException("the network fails with them: " + TorchErrors.line(e));
    }
  }

  private static TorchNetwork plain(
      ModelArtifact artifact, Device device, NetworkForm form, Consumer<TorchNetwork> trial)
      throws IOException {
    Model model = Model.newInstance(artifact.manifest().id(), device, "PyTorch");
    try {
      model.load(artifact.path().toAbsolutePath(), null, Map.of("mapLocation", "true"));
    } catch (MalformedModelException | IOException | EngineException e) {
      model.close();
      throw new IOException(
          artifact.path() + ": PyTorch cannot load it: " + TorchErrors.line(e), e);
    }
    try {
      return tried(artifact, device, model, form, trial);
    } catch (EngineException e) {
      throw new IOException(artifact.path() + ": the network fails: " + TorchErrors.line(e), e);
    }
  }

  private static TorchNetwork tried(
      ModelArtifact artifact,
      Device device,
      Model model,
      NetworkForm form,
      Consumer<TorchNetwork> trial) {
    TorchNetwork network = new TorchNetwork(artifact.manifest(), device, model, form);
    try {
      trial.accept(network);
      return network;
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  NetworkForm form() {
    return form;
  }

  /** Whether a batch that was begun can be read without waiting for one that was begun after it. */
  boolean overlaps() {
    return copies.isPresent();
  }

  /**
   * Begins a batch; a GPU computes it after those begun before.
   *
   * @param pixels uint8 [N, T, H, W, 3] on the device, which must stay as they are until the result
   *     was read
   * @throws IllegalStateException if the network does not keep the contract
   */
  Run begin(NDArray pixels) {
    Shape expected = new Shape(pixels.getShape().get(0), manifest.labels().size());
    try {
      NDList outputs = block.forward(parameters, new NDList(pixels), false);
      if (outputs.size() != 1
          || !outputs.get(0).getShape().equals(expected)
          || outputs.get(0).getDataType() != DataType.FLOAT32) {
        String found =
            outputs.stream().map(o -> o.getDataType() + " " + o.getShape()).toList().toString();
        outputs.close();
        throw new IllegalStateException(
            manifest.id()
                + " gives "
                + found
                + ", expected [float32 "
                + expected
                + "], a logit for each label");
      }
      return new Run(outputs.get(0));
    } catch (EngineException e) {
      throw OutOfDeviceMemoryException.explain(e, (int) expected.get(0), device);
    }
  }

  private CopyMemory spare(int bytes) {
    CopyMemory memory = spare.poll();
    if (memory != null && memory.bytes().capacity() >= bytes) {
      return memory;
    }
    if (memory != null) {
      memory.close();
    }
    return new CopyMemory(bytes, true);
  }

  /** As {@link #begin}, and waits: logits [N, K]. */
  float[] logits(NDArray pixels) {
    try (Run run = begin(pixels)) {
      return run.logits();
    }
  }

  /**
   * A batch that the network was given; closed when its result is not needed any more. Where there
   * are copies, its result is on the way to the host from the beginning.
   */
  final class Run implements AutoCloseable {
    private final NDArray logits;
    private final int count;
    private CopyMemory memory;
    private GpuCopies.Download download;

    private Run(NDArray logits) {
      this.logits = logits;
      this.count = Math.toIntExact(logits.getShape().size());
      if (copies.isPresent()) {
        this.memory = spare(count * Float.BYTES);
        try {
          this.download = copies.get().download(logits, memory.bytes());
        } catch (EngineException e) {
          close();
          throw e;
        }
      }
    }

    /** Logits [N, K]: waits. */
    float[] logits() {
      try {
        if (download == null) {
          return logits.toFloatArray();
        }
        download.await();
        float[] values = new float[count];
        memory.bytes().order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
        return values;
      } catch (EngineException e) {
        throw OutOfDeviceMemoryException.explain(e, (int) logits.getShape().get(0), device);
      }
    }

    /** Waits until nothing writes to its memory any more. */
    @Override
    public void close() {
      try {
        if (download != null) {
          download.await();
        }
      } catch (EngineException e) {
        // Told to whoever reads a result.
      } finally {
        if (memory != null) {
          spare.push(memory);
          memory = null;
        }
        logits.close();
      }
    }
  }

  @Override
  public void close() {
    spare.forEach(CopyMemory::close);
    model.close();
  }
}
