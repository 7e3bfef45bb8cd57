package io.clipstream.streams.cli;

import io.clipstream.model.Count;
import io.clipstream.model.Nearest;
import io.clipstream.model.Printable;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.checkpoint.Checkpoint;
import io.clipstream.model.checkpoint.Kinetics400;
import io.clipstream.model.checkpoint.Swin3dImport;
import io.clipstream.model.infer.GoldenCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream model import}: other people's weights become an artifact. */
@Command(
    name = "import",
    description =
        "Make a model of a checkpoint: .pth of torchvision, Video-Swin-Transformer or MMAction2,"
            + " .pdparams of PaddleVideo, .safetensors, our own .pt, or a 2D Swin Transformer as a"
            + " start of training. Nothing in the file is run.")
final class ModelImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private NewModelOptions made;
  @Mixin private ClipOptions clip;

  @Parameters(paramLabel = "CHECKPOINT", description = "A file or an https: address.")
  private String checkpoint;

  @Option(
      names = "--arch",
      paramLabel = "ARCH",
      description = "Refuse all but swin3d_t, swin3d_s, swin3d_b or swin3d_l.")
  private String architecture;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = "A label a line, in the order of the classes. By default Kinetics-400's.")
  private Path labels;

  @Option(
      names = "--fresh-head",
      description = "Replace the last layer by a fresh one for the labels: a start of training.")
  private boolean freshHead;

  @Option(
      names = "--weights",
      paramLabel = "NAME",
      description = "Which weights, where the checkpoint holds several: model_ema, state_dict_ema.")
  private String weights;

  @Option(
      names = "--window",
      paramLabel = "T,H,W",
      split = ",",
      hideParamSyntax = true,
      description = "Tokens of a window, where the checkpoint does not tell; 8,7,7 from 2D.")
  private List<Integer> window;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "First digits (8 to 64) of the checkpoint's SHA-256; else those in its name.")
  private String sha256;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    clip.check();
    CheckpointSource source = new CheckpointSource(checkpoint, Optional.ofNullable(sha256));
    CheckpointSource.Found found = source.find(new Progress(spec.commandLine().getErr()));
    Checkpoint opened = Checkpoint.open(found.file(), Optional.ofNullable(weights));
    Optional<List<String>> given =
        labels == null ? Optional.empty() : Optional.of(LabelFile.read(labels));
    Swin3dImport imported =
        Swin3dImport.of(
            opened,
            new Swin3dImport.Options(
                Optional.ofNullable(architecture),
                Optional.ofNullable(window),
                freshHead || (given.isPresent() && Swin3dImport.isFlat(opened))
                    ? given.map(List::size).or(() -> Optional.of(Kinetics400.labels().size()))
                    : Optional.empty()));
    ModelManifest manifest = manifest(source.name(), found.digest(), opened, imported, given);
    GoldenCheck.write(made.output(), imported.config(), imported.weights(), manifest);
    ModelArtifact artifact = ModelArtifact.open(made.output());
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("imported", source.name());
      object.put("otherWeights", opened.others());
      object.putAll(ModelInspectCommand.json(artifact));
      spec.commandLine().getOut().println(OutcomeWriter.toJson(object));
    } else {
      if (weights == null && !opened.others().isEmpty()) {
        spec.commandLine()
            .getErr()
            .println(
                "clipstream: it holds further weights, which --weights takes: "
                    + Printable.of(String.join(", ", opened.others())));
      }
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s: %s, %s; from %s (%s)%s%n",
              made.output(),
              ModelInspectCommand.architecture(imported.config()),
              Count.of(manifest.labels().size(), "label"),
              imported.dialect(),
              opened.format(),
              imported.freshHead()
                  ? "; "
                      + (imported.inflated() ? "inflated from 2D, " : "")
                      + "fresh head: train it"
                  : "");
    }
    return 0;
  }

  private void check() {
    if (architecture != null && !Swin3dImport.ARCHITECTURES.contains(architecture)) {
      throw new UserError(
          "--arch is '"
              + architecture
              + "', expected one of "
              + String.join(", ", Swin3dImport.ARCHITECTURES)
              + Nearest.hint(architecture, Swin3dImport.ARCHITECTURES));
    }
    if (window != null && window.size() != 3) {
      throw new UserError("--window has " + window.size() + " numbers, expected 3 such as 8,7,7");
    }
    made.check();
  }

  private ModelManifest manifest(
      String from,
      String digest,
      Checkpoint opened,
      Swin3dImport imported,
      Optional<List<String>> given) {
    Optional<ModelManifest> known = opened.manifest();
    int classes = imported.config().classes();
    List<String> names =
        given
            .or(() -> imported.freshHead() ? Optional.empty() : known.map(ModelManifest::labels))
            .orElseGet(Kinetics400::labels);
    if (names.size() != classes) {
      throw new UserError(
          "the checkpoint has "
              + Count.of(classes, "class")
              + ", but "
              + (given.isPresent() ? labels + " has " : "Kinetics-400 has ")
              + Count.of(names.size(), "label")
              + (given.isPresent()
                  ? ": with --fresh-head it gets a new last layer for them"
                  : ": name its own with --labels"));
    }
    Map<String, String> recipe = new LinkedHashMap<>();
    known.ifPresent(manifest -> recipe.putAll(manifest.recipe()));
    recipe.put("imported.from", from);
    recipe.put("imported.sha256", digest);
    recipe.put("imported.format", opened.format().toString());
    recipe.put("imported.names", imported.dialect());
    if (imported.inflated()) {
      recipe.put("imported.inflated", "from a 2D network");
    }
    Map<String, Double> metrics =
        imported.freshHead()
            ? Map.of()
            : known.map(ModelManifest::metrics).orElse(Kinetics400.publishedMetrics(digest));
    ModelId id = made.id();
    return OptionValues.checked(
        () ->
            new ModelManifest(
                id.name(),
                id.version(),
                names,
                clip.over(known.map(ModelManifest::clip).orElse(imported.clip())),
                made.views(known.map(ModelManifest::views).orElse("1")),
                Map.of(),
                "training",
                "fp32",
                metrics,
                recipe,
                known.map(ModelManifest::id).orElse("")));
  }
}
