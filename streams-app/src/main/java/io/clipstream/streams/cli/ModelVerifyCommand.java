package io.clipstream.streams.cli;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.infer.GoldenCheck;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.streams.config.DeviceChoice;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream model verify}: whether a model is whole and gives what it gave when made. */
@Command(
    name = "verify",
    description = {
      "Check that a model is whole, loads, runs, and gives what it gave when it was made.",
      "Exit code 3: it runs, and holds no outputs to compare with."
    })
final class ModelVerifyCommand implements Callable<Integer> {
  /** Exit code for a model that is whole and runs, but holds no outputs to compare with. */
  private static final int NOTHING_TO_COMPARE = 3;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "M.pt",
      description = "A model; the bundled one by default.")
  private Path model;

  @Option(
      names = "--device",
      paramLabel = "D",
      defaultValue = "cpu",
      description = "auto (a GPU if there is one), cpu or a GPU such as gpu0 (${DEFAULT-VALUE}).")
  private String device;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  /**
   * Succeeds if the model gives what it gave; {@link #NOTHING_TO_COMPARE} if it runs and has no
   * golden outputs to hold it to.
   */
  @Override
  public Integer call() throws IOException, InterruptedException {
    Device chosen = new DeviceChoice(device).first();
    ModelArtifact artifact = ModelFile.open(model, chosen);
    if (artifact.manifest().form().equals("training")
        && Swin3dConfig.FAMILY.equals(artifact.manifest().architecture().get("family"))) {
      Swin3d.read(artifact.path()); // every parameter is there, of its shape
    }
    Optional<GoldenCheck> check = GoldenCheck.of(artifact, chosen);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("file", artifact.path().toString());
      object.put("digest", artifact.digest());
      object.put("golden", check.isPresent());
      check.ifPresent(
          c -> {
            object.put("passed", c.passed());
            object.put("largestDifference", c.largest());
            object.put("relativeDifference", c.relative());
            object.put("tolerance", c.tolerance());
          });
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.printf(
          Locale.ROOT,
          "%s: whole, and it runs; sha256 %s%n  %s%n",
          artifact.path(),
          artifact.digest(),
          check.map(ModelVerifyCommand::said).orElse("no golden outputs to compare with"));
    }
    return check.map(c -> c.passed() ? 0 : 1).orElse(NOTHING_TO_COMPARE);
  }

  private static String said(GoldenCheck check) {
    return String.format(
        Locale.ROOT,
        "golden outputs: %s; largest difference %.2g, relative %.2g, allowed %.0e",
        check.passed() ? "the same" : "NOT the same",
        check.largest(),
        check.relative(),
        check.tolerance());
  }
}
