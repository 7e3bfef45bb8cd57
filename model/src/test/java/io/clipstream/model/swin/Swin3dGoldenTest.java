package io.clipstream.model.swin;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.artifact.Weights;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against torchvision's outputs, see {@code src/test/python/make_golden.py}. */
class Swin3dGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double TOLERANCE = 1e-5; // norm of the difference over norm

  @TempDir Path folder;

  static Stream<JsonNode> networks() throws IOException {
    return StreamSupport.stream(
        JSON.readTree(resource("golden.json")).get("networks").spliterator(), false);
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("networks")
  void shouldGiveTorchvisionsLogitsForTorchvisionsWeights(JsonNode network) throws Exception {
    ByteBuffer blob = ByteBuffer.wrap(resource("golden.bin")).order(ByteOrder.LITTLE_ENDIAN);
    Swin3dConfig config =
        Swin3dConfig.fromMap(
            JSON.convertValue(network.get("config"), new TypeReference<Map<String, Object>>() {}));
    Map<String, Weights> weights = new LinkedHashMap<>();
    for (JsonNode w : network.get("weights")) {
      List<Integer> shape = integers(w.get("shape"));
      int size = shape.stream().reduce(1, (a, b) -> a * b);
      FloatBuffer values =
          blob.slice(w.get("offset").intValue(), size * 4)
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer();
      weights.put(w.get("name").textValue(), Weights.of(shape, values));
    }
    assertThat(weights.keySet()).containsExactlyElementsOf(Swin3d.shapes(config).keySet());
    Path file = folder.resolve("golden-1.pt");
    Swin3d.write(file, config, weights, SmallModels.manifest("golden", config.classes()));

    try (Model model = Model.newInstance("golden", Device.cpu(), "PyTorch")) {
      model.load(file, null, Map.of("mapLocation", "true"));
      for (JsonNode c : network.get("cases")) {
        List<Integer> shape = integers(c.get("shape"));
        int bytes = shape.stream().reduce(1, (a, b) -> a * b);
        ByteBuffer pixels = ByteBuffer.allocateDirect(bytes);
        pixels.put(blob.slice(c.get("offset").intValue(), bytes)).flip();
        double[] expected = new double[c.get("logits").size() * config.classes()];
        for (int i = 0; i < expected.length; i++) {
          expected[i] =
              c.get("logits").get(i / config.classes()).get(i % config.classes()).doubleValue();
        }

        float[] logits = forward(model, pixels, shape);

        assertThat(distance(logits, expected)).as(shape.toString()).isLessThan(TOLERANCE);
      }
    }
  }

  private static float[] forward(Model model, ByteBuffer pixels, List<Integer> shape) {
    try (NDManager call = model.getNDManager().newSubManager()) {
      Shape sizes = new Shape(shape.stream().mapToLong(Integer::longValue).toArray());
      NDArray clips = call.create(pixels, sizes, DataType.UINT8);
      return model
          .getBlock()
          .forward(new ParameterStore(call, false), new NDList(clips), false)
          .singletonOrThrow()
          .toFloatArray();
    }
  }

  private static double distance(float[] found, double[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < found.length; i++) {
      difference += (found[i] - expected[i]) * (found[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }

  private static List<Integer> integers(JsonNode array) {
    return JSON.convertValue(array, new TypeReference<List<Integer>>() {});
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = Swin3dGoldenTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }
}
