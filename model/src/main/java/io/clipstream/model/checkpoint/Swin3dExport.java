package io.clipstream.model.checkpoint;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The weights of a Swin3D for other programs. */
public final class Swin3dExport {
  private static final String TABLE = ".relative_position_bias_table";

  private Swin3dExport() {}

  /**
   * Writes safetensors with every key of the state_dict of torchvision's SwinTransformer3d, so that
   * its {@code load_state_dict} takes the file as it is: the parameters as float32 and each block's
   * buffer {@code relative_position_index}, int64 [L, L], L tokens in a window.
   *
   * @param file replaced in one step
   * @param weights by torchvision's names, all that the config has
   * @param manifest travels in the metadata, for {@code model import} to find again
   */
  public static void write(
      Path file,
      Swin3dConfig config,
      Map<String, Weights> weights,
      Optional<ModelManifest> manifest)
      throws IOException {
    Swin3d.check(config, weights);
    int tokens = config.window().stream().reduce(1, Math::multiplyExact);
    ByteBuffer index =
        ByteBuffer.allocate(Math.multiplyExact(8, tokens * tokens)).order(ByteOrder.LITTLE_ENDIAN);
    index.asLongBuffer().put(Swin3d.relativePositions(config.window()));
    StoredTensor positions =
        StoredTensor.contiguous(ElementType.INT64, List.of(tokens, tokens), () -> index);
    Map<String, StoredTensor> state = new LinkedHashMap<>();
    for (Map.Entry<String, Weights> e : weights.entrySet()) {
      String name = e.getKey();
      state.put(name, StoredTensor.of(e.getValue()));
      if (name.endsWith(TABLE)) {
        String block = name.substring(0, name.length() - TABLE.length());
        state.put(block + ".relative_position_index", positions);
      }
    }
    SafeTensorsWriter.write(file, state, manifest);
  }
}
