package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.checkpoint.Swin3dExport;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.model.swin.Swin3dServing;
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

/** {@code clipstream model export}: a model for serving, or its weights for other programs. */
@Command(
    name = "export",
    description = "Write a model for serving, or its weights for other programs.")
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
      names = "--serving",
      description = "A model again, arranged for speed and for clips of its own size alone.")
  private boolean serving;

  @Option(
      names = "--precision",
      paramLabel = "P",
      description = "With --serving: bf16 (by default; GPUs, CPUs that have it) or fp32.")
  private Swin3dServing.Precision precision;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
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
    if (serving) {
      Swin3dServing.Precision chosen = precision == null ? Swin3dServing.Precision.BF16 : precision;
      Swin3dServing.export(model, output, chosen);
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s: %s for serving, %s%n",
              output,
              manifest.id(),
              chosen.manifestName());
      return 0;
    }
    if (precision != null) {
      throw new UserError("--precision is for --serving: weights are written as float32");
    }
    switch (format) {
      case SAFETENSORS ->
          Swin3dExport.write(
              output,
              Swin3dConfig.fromMap(manifest.architecture()),
              Swin3d.read(model),
              Optional.of(manifest));
    }
    spec.commandLine().getOut().printf(Locale.ROOT, "%s: weights of %s%n", output, manifest.id());
    return 0;
  }
}
