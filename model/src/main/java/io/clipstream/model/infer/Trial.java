package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.ClipSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What a process of its own does for {@link TrialProcess}: loads a network and runs it once on the
 * golden clip and a turned copy of it.
 */
final class Trial {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * What came of it.
   *
   * @param error one line if it failed, else null
   * @param type of the elements that the network gave, such as {@code float32}; null if it gave
   *     something else than one tensor
   * @param shape of what it gave
   * @param values of the rows, in order, if the tensor is float32 and has two axes
   */
  record Result(String error, String type, List<Long> shape, List<Float> values) {
    static Result failed(String error) {
      return new Result(error, null, List.of(), List.of());
    }
  }

  private Trial() {}

  /**
   * Tries a network, writes what came of it and ends the process.
   *
   * @param args the artifact, the device, the clips of the batch, the seed of the golden clip and
   *     the file that takes the {@link Result}
   */
  public static void main(String[] args) throws IOException {
    Result result;
    try {
      result =
          run(
              ModelArtifact.open(Path.of(args[0])),
              Device.fromName(args[1]),
              Integer.parseInt(args[2]),
              Long.parseLong(args[3]));
    } catch (IOException | ModelException | RuntimeException e) {
      result = Result.failed(TorchErrors.line(e));
    }
    JSON.writeValue(Path.of(args[4]).toFile(), result);
    System.exit(0); // whatever threads the network left
  }

  static Result read(Path file) throws IOException {
    return JSON.readValue(file.toFile(), Result.class);
  }

  private static Result run(ModelArtifact artifact, Device device, int clips, long seed)
      throws IOException, ModelException {
    ClipSpec spec = artifact.manifest().clip();
    try (Model model = Model.newInstance("trial", device, "PyTorch")) {
      model.load(artifact.path().toAbsolutePath(), null, Map.of("mapLocation", "true"));
      try (NDManager manager = model.getNDManager().newSubManager()) {
        Shape shape = new Shape(clips, spec.frames(), spec.crop().height(), spec.crop().width(), 3);
        NDArray pixels = manager.create(pixels(seed, spec, clips), shape, DataType.UINT8);
        NDList outputs =
            model.getBlock().forward(new ParameterStore(manager, false), new NDList(pixels), false);
        if (outputs.size() != 1) {
          return new Result(null, null, List.of(), List.of());
        }
        NDArray output = outputs.get(0);
        boolean rows =
            output.getDataType() == DataType.FLOAT32 && output.getShape().dimension() == 2;
        return new Result(
            null,
            output.getDataType().toString(),
            Arrays.stream(output.getShape().getShape()).boxed().toList(),
            rows ? boxed(output.toFloatArray()) : List.of());
      }
    }
  }

  /** The golden clip, then copies that differ from it and from each other. */
  private static ByteBuffer pixels(long seed, ClipSpec spec, int clips) {
    ByteBuffer pixels = ByteBuffer.allocateDirect(Math.multiplyExact(clips, spec.clipBytes()));
    for (int clip = 0; clip < clips; clip++) {
      pixels.put(Golden.pixels(seed + clip, spec));
    }
    return pixels.flip();
  }

  private static List<Float> boxed(float[] values) {
    Float[] boxed = new Float[values.length];
    Arrays.setAll(boxed, i -> values[i]);
    return List.of(boxed);
  }
}
