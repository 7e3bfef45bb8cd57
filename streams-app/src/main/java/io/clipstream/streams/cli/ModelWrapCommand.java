package io.clipstream.streams.cli;

import io.clipstream.model.Count;
import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.WrappedModule.Form;
import io.clipstream.model.artifact.WrappedModule.Input;
import io.clipstream.model.checkpoint.Kinetics400;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.infer.ModelWrap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream model wrap}: a TorchScript video classifier becomes an artifact. */
@Command(
    name = "wrap",
    description = {
      "Make a model of any TorchScript video classifier, as torch.jit.save wrote it.",
      "It is run, in a process of its own, to find out what it takes and gives: uint8 clips"
          + " [N, T, H, W, 3], or float32 [N, 3, T, H, W] or [N, T, 3, H, W], normalised as --mean and"
          + " --std say; logits or probabilities."
    })
final class ModelWrapCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private NewModelOptions made;
  @Mixin private ClipOptions clip;

  @Parameters(paramLabel = "M.pt", description = "A TorchScript archive.")
  private Path model;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      required = true,
      description = "A label a line, in the order of the network's outputs.")
  private Path labels;

  @Option(
      names = "--mean",
      paramLabel = "R,G,B",
      split = ",",
      hideParamSyntax = true,
      description = "Mean of pixels of 0 to 1 that the network expects; ImageNet's by default.")
  private List<Float> mean;

  @Option(
      names = "--std",
      paramLabel = "R,G,B",
      split = ",",
      hideParamSyntax = true,
      description = "Their standard deviation; ImageNet's by default.")
  private List<Float> std;

  @Option(
      names = "--input",
      paramLabel = "FORM",
      description =
          "What the network takes, where it would take more than one: nthwc_uint8, ncthw, ntchw.")
  private Input input;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    clip.check();
    clip.requireFrames();
    made.check();
    if (!Files.exists(model)) {
      throw new UserError(model + ": " + FileProblem.missing(model) + Nearest.hint(model));
    }
    if (!Files.isRegularFile(model)) {
      throw new UserError(model + ": not a file, expected a TorchScript archive");
    }
    ModelManifest manifest = manifest(Sha256.of(model));
    List<Input> inputs = input == null ? List.of(Input.values()) : List.of(input);
    Form form = ModelWrap.write(model, inputs, made.output(), manifest);
    ModelArtifact artifact = ModelArtifact.open(made.output());
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("wrapped", model.toString());
      object.put("input", form.input().name().toLowerCase(Locale.ROOT));
      object.put("probabilities", form.probabilities());
      object.putAll(ModelInspectCommand.json(artifact));
      spec.commandLine().getOut().println(OutcomeWriter.toJson(object));
    } else {
      spec.commandLine()
          .getOut()
          .printf(
              "%s: %s, %s; takes %s%s, gives %s%n",
              made.output(),
              manifest.id(),
              Count.of(manifest.labels().size(), "label"),
              form.input().name().toLowerCase(Locale.ROOT),
              form.oneByOne() ? " one clip at a time" : "",
              form.probabilities() ? "probabilities" : "logits");
    }
    return 0;
  }

  private ModelManifest manifest(String digest) throws IOException {
    ModelId id = made.id();
    List<String> names = LabelFile.read(labels);
    ClipSpec usual = Kinetics400.CLIP;
    ClipSpec cut = clip.over(usual);
    Map<String, String> recipe =
        Map.of("wrapped.from", model.getFileName().toString(), "wrapped.sha256", digest);
    return OptionValues.checked(
        () ->
            new ModelManifest(
                id.name(),
                id.version(),
                names,
                cut.withNormalisation(
                    mean != null ? mean : usual.mean(), std != null ? std : usual.std()),
                made.views("1"),
                Map.of(),
                "serving",
                "fp32",
                Map.of(),
                recipe,
                ""));
  }
}
