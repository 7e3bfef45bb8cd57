package io.clipstream.trainer.loop;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.ParameterStore;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.TorchArchiveWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A function in TorchScript, run without gradients. It may change its arguments: many parameters in
 * one call, where DJL needs one for each. One thread.
 */
final class TorchFunction implements AutoCloseable {
  private final Model model;
  private final ParameterStore none;

  /**
   * Compiles it.
   *
   * @param source of a class {@code Function} whose {@code forward} takes a tensor or more, or
   *     lists of them, and gives a tensor
   */
  TorchFunction(String source, Device device) {
    this.model = Model.newInstance("function", device, "PyTorch");
    this.none = new ParameterStore(model.getNDManager(), false);
    try {
      Path archive = Files.createTempFile("function", ".pt");
      try {
        ScriptObject root = new ScriptObject("__torch__.Function", Map.of("training", false));
        TorchArchiveWriter.write(archive, "function", source, root, Map.of());
        try (InputStream in = Files.newInputStream(archive)) {
          model.load(in, Map.of("mapLocation", "true"));
        }
      } finally {
        Files.deleteIfExists(archive);
      }
    } catch (IOException e) {
      model.close();
      throw new UncheckedIOException("a function for training does not load", e);
    } catch (MalformedModelException e) {
      model.close();
      throw new IllegalStateException("a function for training does not load", e);
    }
  }

  /**
   * Adds an array to a list among the arguments.
   *
   * @param list its name, of letters and digits; arrays that have it stand in the order in which
   *     they are added
   */
  static void add(NDList arguments, String list, NDArray array) {
    array.setName(list + "[]"); // how DJL knows
    arguments.add(array);
  }

  /**
   * Runs it.
   *
   * @param arguments lists by {@link #add}; the first array's manager owns the result
   */
  NDArray run(NDList arguments) {
    return model.getBlock().forward(none, arguments, false).singletonOrThrow();
  }

  @Override
  public void close() {
    model.close();
  }
}
