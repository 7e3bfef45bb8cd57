package io.clipstream.trainer;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code generate}: the data set of a recipe, without training. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    description = "Renders the videos of a camera-motion recipe and their list, DIR/clips.csv.")
public final class GenerateCommand implements Callable<Integer> {
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

  /** Made by the command line. */
  public GenerateCommand() {}

  @Override
  public Integer call() throws Exception {
    Recipe read = Recipe.read(recipe, TrainCommand.withPhotographs(overrides, photographs));
    if (read.generated().isEmpty()) {
      throw new IllegalArgumentException(
          recipe + " has no generate.seed: its data is not rendered, there is nothing to generate");
    }
    ClipList list = TrainingRun.data(read, output, threads, new Progress(System.err));
    System.out.println(list.file());
    return 0;
  }
}
