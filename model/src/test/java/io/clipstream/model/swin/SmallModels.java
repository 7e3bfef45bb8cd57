package io.clipstream.model.swin;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Real networks small enough to load, run and train in a moment. */
public final class SmallModels {
  public static final ClipSpec CLIP =
      new ClipSpec(
          8, 8, 32, 32, false, List.of(0.485f, 0.456f, 0.406f), List.of(0.229f, 0.224f, 0.225f));

  private SmallModels() {}

  public static Swin3dConfig config(int classes) {
    return new Swin3dConfig(
        8,
        List.of(2, 2),
        List.of(2, 4),
        List.of(4, 4, 4),
        List.of(2, 4, 4),
        2,
        0,
        0,
        0.1,
        true,
        classes);
  }

  public static ModelManifest manifest(String name, int classes) {
    return new ModelManifest(
        name,
        "1",
        IntStream.range(0, classes).mapToObj(i -> "class " + i).toList(),
        CLIP,
        "1",
        Map.of(),
        "training",
        "fp32",
        Map.of("top1", 0.5),
        Map.of("data", "none"),
        "");
  }

  /** Writes a network with random weights, to {@code NAME-1.pt} in the folder. */
  public static Path write(Path folder, String name, int classes) throws IOException {
    Path file = folder.resolve(name + "-1.pt");
    Swin3dConfig config = config(classes);
    Swin3d.write(file, config, Swin3d.init(config, 7), manifest(name, classes));
    return file;
  }
}
