package io.clipstream.model.infer;

import ai.djl.Device;
import io.clipstream.model.Count;
import io.clipstream.model.OutputFile;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.ScriptOperators;
import io.clipstream.model.artifact.TorchArchive;
import io.clipstream.model.artifact.WrappedModule;
import io.clipstream.model.artifact.WrappedModule.Form;
import io.clipstream.model.artifact.WrappedModule.Input;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * Makes an artifact of a TorchScript video classifier of somebody else: finds out what it takes and
 * gives by running it, and stores what it gives as golden outputs.
 */
public final class ModelWrap {
  private static final long SEED = 20220624;

  /** Two sums of the same numbers in another order, and what a softmax adds to. */
  private static final double CLOSE = 1e-3;

  private final TorchArchive archive;
  private final Path file;
  private final Path draft;
  private final ModelManifest manifest;
  private final TrialProcess trials;

  private ModelWrap(TorchArchive archive, Path file, Path draft, ModelManifest manifest) {
    this.archive = archive;
    this.file = file;
    this.draft = draft;
    this.manifest = manifest;
    this.trials = new TrialProcess(TrialLimits.defaults());
  }

  /**
   * Wraps a file.
   *
   * @param model what {@code torch.jit.save} wrote
   * @param inputs to try, in this order
   * @param out where the artifact goes; replaced in one step
   * @return how the network is called
   * @throws IOException if the file is no TorchScript archive, its source does more than compute,
   *     or it cannot be run; one line that begins with the file
   * @throws UserError if it runs, but gives something else than a number for each label
   */
  public static Form write(Path model, List<Input> inputs, Path out, ModelManifest manifest)
      throws IOException, InterruptedException {
    Path target = OutputFile.of(out);
    Path folder = target.getParent();
    Files.createDirectories(folder);
    Path draft = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".pt");
    try (TorchArchive archive = TorchArchive.open(model)) {
      archive.verify();
      Optional<String> forbidden = ScriptOperators.forbidden(archive.sources());
      if (forbidden.isPresent()) {
        throw new IOException(forbidden.get());
      }
      return new ModelWrap(archive, model, draft, manifest).write(inputs, out);
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage()).replace(draft.toString(), model.toString());
      throw new IOException(message.startsWith(model + ": ") ? message : model + ": " + message, e);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  private Form write(List<Input> inputs, Path out) throws IOException, InterruptedException {
    Form form = new Form(input(inputs), false, false);
    List<Float> one = run(form, 1).values();
    if (isProbabilities(one)) {
      form = new Form(form.input(), true, false);
      one = run(form, 1).values();
    }
    Trial.Result two = run(form, 2);
    if (two.error() != null || two.values().size() != 2 * one.size() || !begins(two, one)) {
      form = new Form(form.input(), form.probabilities(), true);
      two = run(form, 2);
      if (two.error() != null || !begins(two, one)) {
        throw new UserError(
            file + ": the network gives something else for a clip beside another than alone");
      }
    }
    WrappedModule.write(out, archive, form, manifest, Optional.of(new Golden(SEED, one)));
    return form;
  }

  /** The first form that the network takes; what it says to each otherwise. */
  private Input input(List<Input> inputs) throws IOException, InterruptedException {
    int classes = manifest.labels().size();
    List<String> said = new ArrayList<>();
    for (Input input : inputs) {
      Trial.Result result = run(new Form(input, false, false), 1);
      if (result.error() == null && result.shape().equals(List.of(1L, (long) classes))) {
        return input;
      }
      if (result.error() == null && result.shape().size() == 2 && result.shape().get(0) == 1) {
        throw new UserError(
            file
                + ": the network gives "
                + result.shape().get(1)
                + " numbers for a clip, but there are "
                + Count.of(classes, "label"));
      }
      said.add(
          input.name().toLowerCase(Locale.ROOT)
              + ": "
              + (result.error() != null
                  ? result.error()
                  : result.type() == null
                      ? "gives no tensor"
                      : "gives " + result.type() + " " + result.shape()));
    }
    throw new UserError(
        file
            + ": the network takes no clips of "
            + Count.of(manifest.clip().frames(), "frame")
            + " of "
            + manifest.clip().crop()
            + " ("
            + String.join("; ", said)
            + ")");
  }

  private Trial.Result run(Form form, int clips) throws IOException, InterruptedException {
    WrappedModule.write(draft, archive, form, manifest, Optional.empty());
    return trials.run(ModelArtifact.open(draft), Device.cpu(), clips, SEED);
  }

  private static boolean isProbabilities(List<Float> values) {
    double sum = 0;
    for (float value : values) {
      if (!(value >= 0 && value <= 1 + CLOSE)) {
        return false;
      }
      sum += value;
    }
    return values.size() > 1 && Math.abs(sum - 1) < CLOSE;
  }

  private static boolean begins(Trial.Result result, List<Float> row) {
    double difference = 0;
    double norm = 0;
    for (int k = 0; k < row.size(); k++) {
      double d = result.values().get(k) - row.get(k);
      difference += d * d;
      norm += (double) row.get(k) * row.get(k);
    }
    return Math.sqrt(difference) <= CLOSE * Math.sqrt(norm) + 1e-6;
  }
}
