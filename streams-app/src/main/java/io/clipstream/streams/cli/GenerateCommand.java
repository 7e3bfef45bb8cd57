package io.clipstream.streams.cli;

import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.trainer.TrainingRun;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.recipe.Recipe;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code clipstream generate}: the data set of a recipe, without training. */
@Command(
    name = "generate",
    description = "Render the videos of a camera-motion recipe and their list, DIR/clips.csv.")
final class GenerateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-c", "--recipe"},
      required = true,
      paramLabel = "RECIPE",
      description = "Properties file with generate.* keys.")
  private Path recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of the recipe; may be repeated.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "DIR",
      description = "Folder to write to.")
  private Path output;

  @Option(
      names = "--photographs",
      paramLabel = "DIR",
      description = "Folder of source pictures, instead of the recipe's.")
  private Path photographs;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that render and encode (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() throws Exception {
    OptionValues.atLeast(1, "--threads", threads);
    Recipe read = Recipe.read(recipe, TrainCommand.withPhotographs(overrides, photographs));
    if (read.data().generated().isEmpty()) {
      throw new UserError(
          recipe + " has no generate.seed: its data is not rendered, there is nothing to generate");
    }
    ClipList list =
        TrainingRun.data(read, output, threads, new Progress(spec.commandLine().getErr()));
    spec.commandLine().getOut().println(list.file());
    return 0;
  }
}
