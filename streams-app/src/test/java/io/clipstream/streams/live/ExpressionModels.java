package io.clipstream.streams.live;

import ai.djl.Device;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptObject;
import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.infer.TorchClassifier;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Real TorchScript models of one expression, loaded in a moment. */
final class ExpressionModels {
  static final List<String> LABELS = List.of("red", "green", "blue");

  /** The mean of each channel: three logits. */
  static final String MEAN = "torch.mean(torch.to(clips, 6), [1, 2, 3]) * 0.01";

  private ExpressionModels() {}

  /** Versions with an odd number have clips of four frames, those with an even one of eight. */
  static ModelManifest manifest(String name, String version, List<String> labels) {
    int last = version.charAt(version.length() - 1);
    ClipSpec clip =
        new ClipSpec(
            last % 2 == 0 ? 8 : 4,
            8,
            36,
            32,
            false,
            List.of(0.45f, 0.45f, 0.45f),
            List.of(0.225f, 0.225f, 0.225f));
    return new ModelManifest(
        name, version, labels, clip, "1", Map.of(), "serving", "fp32", Map.of(), Map.of(), "");
  }

  /**
   * Writes a network on the uint8 clips [N, T, H, W, 3].
   *
   * @param body of its method, of which the last line returns
   */
  static Path write(Path file, ModelManifest manifest, List<String> body, Optional<Golden> golden)
      throws IOException {
    return write(file, manifest, forward(body), 1, golden);
  }

  /**
   * As {@link #write(Path, ModelManifest, List, Optional)}.
   *
   * @param weights that it holds and does not use
   */
  static Path write(
      Path file,
      ModelManifest manifest,
      List<String> body,
      Optional<Golden> golden,
      Weights weights)
      throws IOException {
    return write(file, manifest, forward(body), weights, golden);
  }

  private static String forward(List<String> body) {
    return """
        def forward(self: __torch__.Foreign, clips: Tensor) -> Tensor:
          %s
        """
        .formatted(String.join("\n  ", body))
        .indent(2);
  }

  /**
   * Writes a network of any methods.
   *
   * @param methods of its class, indented by two
   * @param weights how many it has, for nothing
   */
  static Path write(
      Path file, ModelManifest manifest, String methods, int weights, Optional<Golden> golden)
      throws IOException {
    return write(file, manifest, methods, Weights.of(List.of(weights), new float[weights]), golden);
  }

  private static Path write(
      Path file, ModelManifest manifest, String methods, Weights weights, Optional<Golden> golden)
      throws IOException {
    String source =
        """
        class Foreign(Module):
          __parameters__ = ["unused", ]
          __buffers__ = []
          unused : Tensor
          training : bool
        %s
        """
            .formatted(methods);
    ScriptTensor unused = ScriptTensor.parameter(weights);
    ScriptObject network =
        new ScriptObject("__torch__.Foreign", Map.of("unused", unused, "training", false));
    ModelArtifact.write(file, manifest, source, network, golden);
    return file;
  }

  static Path write(Path file, ModelManifest manifest, String expression) throws IOException {
    return write(file, manifest, List.of("return " + expression), Optional.empty());
  }

  /**
   * The body of a method that computes so many times before it gives logits.
   *
   * @param tensor that it computes on
   */
  static List<String> looping(String tensor, long times) {
    return List.of(
        "x = torch.to(" + tensor + ", 6)",
        "i = 0",
        "go_on = True",
        "while go_on:",
        "  x = torch.relu(x)",
        "  i = torch.add(i, 1)",
        "  go_on = torch.lt(i, " + times + ")",
        "return torch.mean(torch.to(clips, 6), [1, 2, 3]) + torch.mean(x) * 0.");
  }

  /**
   * How often a processor computes in a second what {@link #loopingAtLoad} computes, however busy
   * it is.
   *
   * @param folder gets a model
   */
  static long loopsPerSecond(Path folder) throws IOException {
    long times = 2_000_000;
    Path file =
        write(
            folder.resolve("loops.pt"),
            manifest("loops", "1", LABELS),
            loopingAtLoad(times),
            1,
            Optional.empty());
    ModelArtifact artifact = ModelArtifact.open(file);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadCpuTime();
    TorchClassifier.load(artifact, Device.cpu(), List.of(1)).close();
    return times * 1_000_000_000 / (threads.getCurrentThreadCpuTime() - before);
  }

  /** Methods of a network that computes so many times on one number while it is loaded. */
  static String loopingAtLoad(long times) {
    List<String> body = looping("self.unused", times);
    return atLoad(String.join("\n    ", body.subList(0, body.size() - 1)));
  }

  /** A network that runs something when it is loaded. */
  static String atLoad(String statement) {
    return """
        def __getstate__(self: __torch__.Foreign) -> Dict[str, Tensor]:
          return {"unused": self.unused}
        def __setstate__(self: __torch__.Foreign, state: Dict[str, Tensor]) -> NoneType:
          self.training = False
          self.unused = state["unused"]
          %s
          return None
        def forward(self: __torch__.Foreign, clips: Tensor) -> Tensor:
          return %s
      """
        .formatted(statement, MEAN);
  }
}
