package io.clipstream.model.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.TorchArchiveWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;

/** TorchScript without weights, run once: the way from Java to an operator. */
final class Scripts {
  private Scripts() {}

  /** TorchScript functions of {@code reference.py.txt}, which compute what the operators do. */
  static String references() throws IOException {
    return resource("reference.py.txt");
  }

  static String resource(String name) throws IOException {
    try (InputStream in = Scripts.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  /** Writes an archive of functions and a module whose forward maps one tensor to another. */
  static void write(Path file, String functions, String forward) throws IOException {
    String module =
        """
        class Script(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def forward(self: __torch__.Script, x: Tensor) -> Tensor:
        %s
        """;
    TorchArchiveWriter.write(
        file,
        "script",
        functions + module.formatted(forward.stripTrailing().indent(4)),
        new ScriptObject("__torch__.Script", Map.of("training", false)),
        Map.of());
  }

  /** What the archive's module makes of an int64 vector, a float32 tensor. */
  static float[] run(Path file, Device device, long... x)
      throws IOException, MalformedModelException {
    try (Model model = Model.newInstance("script", device, "PyTorch")) {
      model.load(file, null, Map.of("mapLocation", "true"));
      try (NDManager call = model.getNDManager().newSubManager()) {
        NDArray input = call.create(x);
        return model
            .getBlock()
            .forward(new ParameterStore(call, false), new NDList(input), false)
            .singletonOrThrow()
            .toFloatArray();
      }
    }
  }
}
