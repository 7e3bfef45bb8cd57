package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import io.clipstream.model.DeviceName;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.infer.TorchErrors;
import io.clipstream.model.kernels.KernelForm;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.kernels.KernelsUnavailableException;
import io.clipstream.trainer.recipe.Recipe;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A network loaded on one device, with parameters that take gradients. Owns them. One thread. */
final class Replica implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Replica.class);

  private final Model model;
  private final ClipSpec clip;
  private final ParameterStore store;

  /**
   * Loads an artifact in its training form.
   *
   * @param clip whose crop the pixels have
   */
  Replica(Path artifact, ClipSpec clip, Device device) throws IOException {
    this.clip = clip;
    this.model = Model.newInstance(artifact.getFileName().toString(), device, "PyTorch");
    try {
      model.load(
          artifact.toAbsolutePath().getParent(),
          artifact.getFileName().toString(),
          Map.of("trainParam", "true", "mapLocation", "true"));
    } catch (EngineException e) {
      model.close();
      throw e;
    } catch (MalformedModelException | IOException e) {
      model.close();
      throw new IOException(artifact + " does not load", e);
    }
    this.store = new ParameterStore(model.getNDManager(), false);
  }

  /**
   * Loads a network that is to learn: with clipstream's own attention where it can be had, unless
   * {@code train.kernels} is off; else as it is, and the log says why.
   *
   * @param artifact that {@link Learner#write} wrote
   * @throws UserError if {@code train.kernels} is on and it cannot be had
   */
  static Replica learning(Path artifact, Recipe recipe, Device device) throws IOException {
    return learning(artifact, recipe, device, KernelForm::openLearning);
  }

  /** As the other, with attention in the form that the opener gives. */
  static Replica learning(Path artifact, Recipe recipe, Device device, KernelForm.Opener opener)
      throws IOException {
    KernelMode kernels = recipe.training().kernels();
    if (kernels != KernelMode.OFF) {
      try {
        return withKernels(artifact, recipe.clip(), device, opener);
      } catch (KernelsUnavailableException e) {
        if (kernels == KernelMode.ON) {
          throw new UserError(
              "train.kernels is on, but %s cannot train with them: %s; with auto it trains without"
                  .formatted(DeviceName.of(device), e.getMessage()));
        }
        if (device.isGpu()) {
          log.info(
              "{} trains without clipstream's own attention: {}",
              DeviceName.of(device),
              e.getMessage());
        }
      }
    }
    return new Replica(artifact, recipe.clip(), device);
  }

  private static Replica withKernels(
      Path artifact, ClipSpec clip, Device device, KernelForm.Opener opener)
      throws IOException, KernelsUnavailableException {
    try (InputStream archive = opener.open(ModelArtifact.open(artifact), device)) {
      Path copy = Files.createTempFile(artifact.toAbsolutePath().getParent(), "kernels", ".pt");
      try {
        Files.copy(archive, copy, StandardCopyOption.REPLACE_EXISTING);
        return new Replica(copy, clip, device);
      } catch (EngineException e) {
        throw new KernelsUnavailableException("PyTorch refuses the source: " + TorchErrors.line(e));
      } finally {
        Files.delete(copy);
      }
    }
  }

  NDManager manager() {
    return model.getNDManager();
  }

  ParameterList parameters() {
    return model.getBlock().getParameters();
  }

  /**
   * Runs the network.
   *
   * @param scope that owns what the call makes
   * @param pixels direct, uint8 {@code [N, T, crop, crop, 3]}
   * @param mask for training, what to drop of each clip, see {@link DropMasks}; without one the
   *     network does not remember what gradients need
   * @return logits {@code [N, K]}
   */
  NDArray logits(NDManager scope, ByteBuffer pixels, int clips, float... mask) {
    NDList input = new NDList(pixels(scope, pixels, clips));
    boolean training = mask.length > 0;
    if (training) {
      input.add(mask(scope, clips, mask));
    }
    return model.getBlock().forward(store, input, training).singletonOrThrow();
  }

  /** On the device, {@code [N, T, crop, crop, 3]}. */
  NDArray pixels(NDManager scope, ByteBuffer pixels, int clips) {
    Shape shape = new Shape(clips, clip.frames(), clip.crop().height(), clip.crop().width(), 3);
    return scope.create(pixels, shape, DataType.UINT8);
  }

  /** On the device, {@code [N, columns]}. */
  NDArray mask(NDManager scope, int clips, float[] mask) {
    return scope.create(mask, new Shape(clips, mask.length / clips));
  }

  /**
   * Runs one stage, remembering what gradients need.
   *
   * @param input pixels, or what the stage before gave; its manager owns the result
   */
  NDArray stage(int stage, NDArray input, NDArray mask) {
    try (NDManager scope = input.getManager().newSubManager()) {
      NDArray method = scope.create(0);
      method.setName("module_method:stage" + stage); // how DJL knows
      return model
          .getBlock()
          .forward(store, new NDList(input, mask, method), true)
          .singletonOrThrow();
    }
  }

  /** Replaces the values of all parameters. */
  void set(Map<String, float[]> weights) {
    try (ParameterCopy into = new ParameterCopy(manager().getDevice())) {
      for (Pair<String, Parameter> parameter : parameters()) {
        into.copy(weights.get(parameter.getKey()), parameter.getValue().getArray());
      }
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
