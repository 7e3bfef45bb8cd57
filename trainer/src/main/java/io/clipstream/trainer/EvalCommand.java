package io.clipstream.trainer;

import ai.djl.engine.Engine;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.artifact.ModelArtifact;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code eval}: how often a model is right on a list of videos. */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    description = "Labels the videos of a list and compares with the labels there.")
public final class EvalCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "M.pt", description = "Model to evaluate.")
  private Path model;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "LIST",
      description = "CSV file of path,label[,split][,source]; paths are relative to its folder.")
  private Path data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      description = "Only the videos of this split (default: all).")
  private String split = ClipList.NO_SPLIT;

  @Option(
      names = "--views",
      paramLabel = "CLIPSxCROPS",
      description = "Views a video, such as 1 or 4x3 (default: the model's own).")
  private String views;

  @Option(names = "--json", description = "One JSON object on standard output.")
  private boolean json;

  @Option(names = "--wrong", description = "Also names every video that is labelled wrongly.")
  private boolean showWrong;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that decode (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  /** Made by the command line. */
  public EvalCommand() {}

  @Override
  public Integer call() throws Exception {
    ModelArtifact artifact = ModelArtifact.open(model);
    String protocol = views != null ? views : artifact.manifest().views();
    Evaluation.sampling(protocol);
    ClipList list = ClipList.read(data);
    List<ClipList.Entry> videos = list.split(split);
    int[] classes = list.classes(videos, artifact.manifest().labels());
    Evaluation evaluation =
        TrainingRun.evaluate(
            artifact,
            videos,
            classes,
            protocol,
            Engine.getEngine("PyTorch").defaultDevice(),
            threads,
            new Progress(System.err));
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("type", "evaluation");
      line.put(
          "model",
          Map.of(
              "name",
              artifact.manifest().name(),
              "version",
              artifact.manifest().version(),
              "digest",
              artifact.digest()));
      line.put("data", data.toString());
      line.put("split", split);
      line.putAll(evaluation.toMap());
      if (showWrong) {
        line.put("wrong", evaluation.wrong());
      }
      System.out.println(new ObjectMapper().writeValueAsString(line));
    } else {
      System.out.print(evaluation.toTable());
      evaluation.leftOut().forEach(v -> System.out.println("not decoded: " + v));
      if (showWrong) {
        evaluation.wrong().forEach(System.out::println);
      }
    }
    return 0;
  }
}
