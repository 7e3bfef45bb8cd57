package io.clipstream.streams.app;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.checkpoint.SafeTensors;
import io.clipstream.model.swin.Swin3d;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream model export}: a model's weights for other programs. */
@Command(name = "export", description = "Write a model's weights for other programs.")
final class ModelExportCommand implements Callable<Integer> {
  /** Kinds of files that can be written. */
  enum Format {
    /** Named as torchvision names them: {@code swin3d_t().load_state_dict(load_file(OUT))}. */
    SAFETENSORS
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "M.pt", description = "A model in its training form.")
  private Path model;

  @Option(
      names = "--format",
      defaultValue = "safetensors",
      description = "safetensors: float32, named as torchvision's Swin3D names them.")
  private Format format;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      required = true,
      description = "Where the weights go.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    ModelManifest manifest = ModelArtifact.open(model).manifest();
    if (!manifest.form().equals("training")) {
      throw new UserError(
          model
              + ": a model in its "
              + manifest.form()
              + " form, expected the training form it was made from");
    }
    switch (format) {
      case SAFETENSORS -> SafeTensors.write(output, Swin3d.read(model), Optional.of(manifest));
    }
    spec.commandLine().getOut().printf(Locale.ROOT, "%s: weights of %s%n", output, manifest.id());
    return 0;
  }
}
