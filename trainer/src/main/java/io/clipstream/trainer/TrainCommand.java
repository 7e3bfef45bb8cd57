package io.clipstream.trainer;

import ai.djl.Device;
import ai.djl.engine.Engine;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code train}: from a recipe to a model. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a model from a recipe and evaluates it.",
      "A run that was stopped goes on when it is started again with the same folder."
    })
public final class TrainCommand implements Callable<Integer> {
  @Option(
      names = {"-c", "--recipe"},
      required = true,
      paramLabel = "RECIPE",
      description =
          "Properties file: data, network and training; with train.start=M.pt it begins with that"
              + " model's weights.")
  private Path recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of the recipe; may be repeated.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "DIR",
      description =
          "Folder of the run: data, checkpoint, model and metrics.json (default: runs/NAME-VERSION).")
  private Path output;

  @Option(
      names = "--photographs",
      paramLabel = "DIR",
      description = "Folder of source pictures, instead of the recipe's.")
  private Path photographs;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that render, encode and decode (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  /** Made by the command line. */
  public TrainCommand() {}

  @Override
  public Integer call() throws Exception {
    Recipe read = Recipe.read(recipe, withPhotographs(overrides, photographs));
    Path folder = output != null ? output : Path.of("runs", read.name() + "-" + read.version());
    Device device = Engine.getEngine("PyTorch").defaultDevice();
    Path artifact = TrainingRun.run(read, folder, device, threads, new Progress(System.err));
    System.out.println(artifact);
    return 0;
  }

  static Map<String, String> withPhotographs(Map<String, String> overrides, Path photographs) {
    Map<String, String> all = new LinkedHashMap<>(overrides);
    if (photographs != null) {
      all.put("generate.photographs", photographs.toAbsolutePath().toString());
    }
    return all;
  }
}
