package io.clipstream.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A training run as it stands between two steps: enough to go on as if it had never stopped.
 *
 * @param recipe key of the recipe that the run follows
 * @param step steps done
 * @param history figures of the epochs so far
 * @param bestTop1 best share of right answers on the validation clips, -1 before the first
 * @param optimizer weights and the optimiser's memory
 * @param best weights that were best on the validation clips
 */
record Checkpoint(
    String recipe,
    int step,
    List<EpochReport> history,
    double bestTop1,
    Map<String, float[]> optimizer,
    Map<String, float[]> best) {

  private static final int MAGIC = 0x43535452;
  private static final ObjectMapper JSON = new ObjectMapper();

  private record Head(String recipe, int step, List<EpochReport> history, double bestTop1) {}

  /** Writes the file in one step: a run that is killed meanwhile keeps the older one. */
  void write(Path file) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(part), 1 << 16))) {
      out.writeInt(MAGIC);
      byte[] head = JSON.writeValueAsBytes(new Head(recipe, step, history, bestTop1));
      out.writeInt(head.length);
      out.write(head);
      writeArrays(out, optimizer);
      writeArrays(out, best);
    }
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  static Checkpoint read(Path file) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
      if (in.readInt() != MAGIC) {
        throw new IOException(file + " is not a checkpoint of a training run");
      }
      Head head = JSON.readValue(in.readNBytes(in.readInt()), Head.class);
      return new Checkpoint(
          head.recipe, head.step, head.history, head.bestTop1, readArrays(in), readArrays(in));
    }
  }

  private static void writeArrays(DataOutputStream out, Map<String, float[]> arrays)
      throws IOException {
    out.writeInt(arrays.size());
    for (Map.Entry<String, float[]> array : arrays.entrySet()) {
      out.writeUTF(array.getKey());
      out.writeInt(array.getValue().length);
      ByteBuffer bytes = ByteBuffer.allocate(array.getValue().length * Float.BYTES);
      bytes.asFloatBuffer().put(array.getValue());
      out.write(bytes.array());
    }
  }

  private static Map<String, float[]> readArrays(DataInputStream in) throws IOException {
    Map<String, float[]> arrays = new LinkedHashMap<>();
    int count = in.readInt();
    for (int i = 0; i < count; i++) {
      String name = in.readUTF();
      float[] values = new float[in.readInt()];
      byte[] bytes = new byte[values.length * Float.BYTES];
      in.readFully(bytes);
      ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
      arrays.put(name, values);
    }
    return arrays;
  }
}
