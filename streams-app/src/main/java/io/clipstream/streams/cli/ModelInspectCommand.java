package io.clipstream.streams.cli;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.checkpoint.Swin3dImport;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream model inspect}: what a model is. */
@Command(name = "inspect", description = "Print what a model is.")
final class ModelInspectCommand implements Callable<Integer> {
  private static final int LABELS_SHOWN = 5;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "M.pt",
      description = "A model; the bundled one by default.")
  private Path model;

  @Option(names = "--json", description = "One JSON object, with all labels.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    ModelArtifact artifact =
        model == null ? ModelArtifact.bundled() : ModelArtifact.open(existing(model));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(OutcomeWriter.toJson(json(artifact)));
    } else {
      print(out, artifact);
    }
    return 0;
  }

  /** A model that the user named. */
  static Path existing(Path model) {
    if (!model.toFile().exists()) {
      throw new UserError(model + ": " + FileProblem.missing(model) + Nearest.hint(model));
    }
    return model;
  }

  private static void print(PrintWriter out, ModelArtifact artifact) {
    ModelManifest manifest = artifact.manifest();
    ClipSpec clip = manifest.clip();
    line(out, "model", manifest.id());
    line(out, "file", artifact.path().toString());
    Optional<Swin3dConfig> config = config(manifest);
    line(
        out,
        "architecture",
        config.map(ModelInspectCommand::architecture).orElseGet(() -> foreign(manifest)));
    config.ifPresent(
        c ->
            line(
                out,
                "",
                String.format(
                    Locale.ROOT,
                    "%d channels, depths %s, heads %s, window %s, patch %s",
                    c.embedDim(),
                    joined(c.depths(), " "),
                    joined(c.heads(), " "),
                    joined(c.window(), "x"),
                    joined(c.patch(), "x"))));
    line(out, "form", manifest.form() + ", " + manifest.precision());
    line(out, "clip", clip.cutting() + ", views " + manifest.views());
    line(
        out,
        "",
        "mean "
            + joined(clip.mean(), " ")
            + ", deviation "
            + joined(clip.std(), " ")
            + ", placed as by "
            + clip.protocol().title());
    int count = manifest.labels().size();
    line(
        out,
        "labels",
        count
            + ": "
            + joined(manifest.labels().subList(0, Math.min(count, LABELS_SHOWN)), ", ")
            + (count > LABELS_SHOWN ? ", … " + manifest.labels().get(count - 1) : ""));
    titled(out, "metrics", new TreeMap<>(manifest.metrics()));
    titled(out, "recipe", new TreeMap<>(manifest.recipe()));
    if (!manifest.parent().isEmpty()) {
      line(out, "parent", manifest.parent());
    }
    line(out, "golden", artifact.golden().isPresent() ? "yes (model verify)" : "none");
    line(out, "digest", "sha256 " + artifact.digest());
  }

  /** Of what {@code model wrap} brings in, for example. */
  private static String foreign(ModelManifest manifest) {
    return manifest.architecture().isEmpty()
        ? "a TorchScript network that is no Swin3D"
        : new TreeMap<>(manifest.architecture()).toString();
  }

  private static void titled(PrintWriter out, String title, Map<String, ?> values) {
    String head = title;
    for (Map.Entry<String, ?> e : values.entrySet()) {
      line(out, head, e.getKey() + " " + e.getValue());
      head = "";
    }
  }

  private static void line(PrintWriter out, String title, String text) {
    out.printf(Locale.ROOT, "%-14s%s%n", title, Printable.of(text));
  }

  private static String joined(List<?> values, String separator) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(separator));
  }

  /** For machines: everything that the manifest says, and what follows from it. */
  static Map<String, Object> json(ModelArtifact artifact) {
    ModelManifest manifest = artifact.manifest();
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", artifact.path().toString());
    object.put("name", manifest.name());
    object.put("version", manifest.version());
    object.put("digest", artifact.digest());
    object.put("architecture", new TreeMap<>(manifest.architecture()));
    config(manifest).ifPresent(config -> object.put("parameters", parameters(config)));
    object.put("form", manifest.form());
    object.put("precision", manifest.precision());
    object.put("clip", clip(manifest.clip()));
    object.put("views", manifest.views());
    object.put("labels", manifest.labels());
    object.put("metrics", new TreeMap<>(manifest.metrics()));
    object.put("recipe", new TreeMap<>(manifest.recipe()));
    object.put("parent", manifest.parent());
    object.put("golden", artifact.golden().isPresent());
    return object;
  }

  private static Map<String, Object> clip(ClipSpec clip) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("frames", clip.frames());
    object.put("framesPerSecond", clip.framesPerSecond());
    object.put("stride", clip.stride());
    object.put("shortSide", clip.shortSide());
    object.put("crop", clip.crop());
    object.put("antialias", clip.antialias());
    object.put("mean", clip.mean());
    object.put("std", clip.std());
    object.put("protocol", clip.protocol().title());
    return object;
  }

  /** {@code swin3d_b, 88,048,984 parameters}. */
  static String architecture(Swin3dConfig config) {
    return String.format(
        Locale.ROOT,
        "%s, %,d parameters",
        Swin3dImport.nameOf(config).orElse(Swin3dConfig.FAMILY),
        parameters(config));
  }

  private static long parameters(Swin3dConfig config) {
    return Swin3d.shapes(config).values().stream()
        .mapToLong(shape -> shape.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b))
        .sum();
  }

  /** Empty for a network of another family. */
  private static Optional<Swin3dConfig> config(ModelManifest manifest) {
    return Swin3dConfig.FAMILY.equals(manifest.architecture().get("family"))
        ? Optional.of(Swin3dConfig.fromMap(manifest.architecture()))
        : Optional.empty();
  }
}
