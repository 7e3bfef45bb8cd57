package io.clipstream.streams.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.clipstream.model.Count;
import io.clipstream.model.Printable;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Sampling;
import io.clipstream.trainer.TrainingRun;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.FrameSeries;
import io.clipstream.trainer.data.ListOptions;
import io.clipstream.trainer.data.Remarks;
import io.clipstream.trainer.eval.Evaluation;
import io.clipstream.trainer.eval.PairedTest;
import io.clipstream.trainer.report.EvaluationPage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream eval}: how often models are right on a list of videos. */
@Command(
    name = "eval",
    description = {
      "Label the videos of a list and compare with the labels there.",
      "Of several models each is compared with the first, on the same videos, by a paired test."
    })
final class EvalCommand implements Callable<Integer> {
  /** Videos that JSON names. */
  private static final int WORST = 20;

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "M.pt", description = "Models to evaluate.")
  private List<Path> models;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "LIST|DIR",
      description =
          "CSV file of path,label[,split][,source][,start,end][,start_frame,end_frame] with paths"
              + " relative to its folder, of videos or folders of frames; or a folder with a folder"
              + " of videos for each label; or a list of PATH [[OFFSET] FRAMES] INDEX lines, of"
              + " Kinetics, or in JSON.")
  private Path data;

  @Option(
      names = "--prefix",
      paramLabel = "DIR",
      description = "Folder that the list's paths are relative to (default: its own).")
  private Path prefix;

  @Option(
      names = "--label-names",
      paramLabel = "FILE",
      description = "Names of labels, a line each, for lists that have indices.")
  private Path names;

  @Option(
      names = "--frames-per-second",
      paramLabel = "RATE",
      description = "Rate of folders of frames, which tell none (default: ${DEFAULT-VALUE}).")
  private double framesPerSecond = FrameSeries.USUAL.framesPerSecond();

  @Option(
      names = "--frame-names",
      paramLabel = "TEMPLATE",
      description =
          "What pictures in folders of frames are called, such as img_{:05}.jpg (default: the only"
              + " numbered ones, or img_).")
  private String frameNames;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      description = "Only the videos of this split (default: all).")
  private String split = ClipList.NO_SPLIT;

  @Option(
      names = "--views",
      paramLabel = "CLIPSxCROPS",
      description = "Views a video, such as 1 or 4x3 (default: the first model's own).")
  private String views;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Also writes one page with everything; of several models, of the last.")
  private Path html;

  @Option(names = "--json", description = "One JSON object a line: each model, each comparison.")
  private boolean json;

  @Option(names = "--wrong", description = "Also names every video that is labelled wrongly.")
  private boolean showWrong;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that decode (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() throws Exception {
    OptionValues.atLeast(1, "--threads", threads);
    FrameSeries series = series();
    if (html != null) { // before everything is measured for it
      OptionValues.writable("--html", html);
    }
    List<ModelArtifact> artifacts = new ArrayList<>();
    for (Path model : models) {
      artifacts.add(ModelArtifact.open(model));
    }
    String protocol = views != null ? views : artifacts.get(0).manifest().views();
    Sampling.parseViews(protocol);
    ClipList list =
        ListOptions.of(
                Optional.empty(), Optional.ofNullable(prefix), Optional.ofNullable(names), series)
            .open(data);
    list.missing()
        .forEach(path -> spec.commandLine().getErr().println("no video at " + Printable.of(path)));
    list.passedOverLine().ifPresent(spec.commandLine().getErr()::println);
    list.framesLine("--frames-per-second").ifPresent(spec.commandLine().getErr()::println);
    Remarks remarks = new Remarks(new Progress(spec.commandLine().getErr()));
    list.incomplete().forEach(remarks::add);
    remarks.end("");
    List<ClipList.Entry> videos = list.split(split);
    for (ModelArtifact artifact : artifacts) { // before the first one takes its time
      knownLabels(artifact, list, videos);
    }
    Evaluation first = null;
    for (ModelArtifact artifact : artifacts) {
      Evaluation evaluation = evaluate(artifact, list, videos, protocol);
      print(artifact, evaluation, list.missing().size());
      if (first == null) {
        first = evaluation;
      } else {
        compare(artifacts.get(0), first, artifact, evaluation);
      }
      if (html != null && artifact == artifacts.get(artifacts.size() - 1)) {
        String title =
            artifact.manifest().id() + " on " + data + (split.isEmpty() ? "" : " " + split);
        EvaluationPage.write(html, title, evaluation, Map.of())
            .ifPresent(
                why -> spec.commandLine().getErr().println(html + " has no pictures: " + why));
      }
    }
    return 0;
  }

  private FrameSeries series() {
    if (!FrameSeries.RATE.contain(framesPerSecond)) {
      throw new UserError(
          "--frames-per-second is %s, expected %s".formatted(framesPerSecond, FrameSeries.RATE));
    }
    FrameSeries.Names template = frameNames == null ? null : FrameSeries.template(frameNames);
    if (frameNames != null && template == null) {
      throw new UserError(
          "--frame-names is %s, expected %s"
              .formatted(Printable.name(frameNames), FrameSeries.TEMPLATES));
    }
    return new FrameSeries(framesPerSecond, Optional.ofNullable(template));
  }

  /**
   * Checks that a model can be right about every video.
   *
   * @throws UserError naming a label that it does not know
   */
  private void knownLabels(ModelArtifact artifact, ClipList list, List<ClipList.Entry> videos) {
    try {
      int[] unused = list.classes(videos, artifact.manifest().labels());
    } catch (UserError e) {
      throw new UserError(artifact.manifest().id() + " cannot be evaluated: " + e.getMessage(), e);
    }
  }

  private Evaluation evaluate(
      ModelArtifact artifact, ClipList list, List<ClipList.Entry> videos, String protocol)
      throws IOException, InterruptedException {
    Device device = Engine.getEngine("PyTorch").defaultDevice();
    ModelFile.tryOut(artifact, device);
    return TrainingRun.evaluate(
        artifact,
        list,
        videos,
        protocol,
        device,
        threads,
        new Progress(spec.commandLine().getErr()));
  }

  private void print(ModelArtifact model, Evaluation evaluation, int missing) {
    ModelManifest manifest = model.manifest();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("type", "evaluation");
      line.put(
          "model",
          Map.of("name", manifest.name(), "version", manifest.version(), "digest", model.digest()));
      line.put("data", data.toString());
      line.put("split", split);
      line.put("missing", missing);
      line.putAll(evaluation.toMap());
      line.put("worst", evaluation.worst().stream().limit(WORST).map(EvalCommand::toMap).toList());
      if (showWrong) {
        line.put("wrong", evaluation.wrong());
      }
      out.println(OutcomeWriter.toJson(line));
    } else {
      if (models.size() > 1) {
        out.println(name(model));
      }
      out.print(evaluation.toTable());
      evaluation.leftOut().forEach(v -> out.println("not decoded: " + Printable.of(v)));
      if (missing > 0) {
        out.println("not there and not counted: " + Count.of(missing, "video") + " of the list");
      }
      if (showWrong) {
        evaluation.wrong().forEach(out::println);
      }
    }
    out.flush();
  }

  private static Map<String, Object> toMap(Evaluation.Judged judged) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("path", judged.video().path().toString());
    map.put("label", judged.video().label());
    map.put("answer", judged.answer());
    map.put("certainty", judged.certainty());
    map.put("labelProbability", judged.truth());
    return map;
  }

  /** With its file: the models of two runs of one recipe have one id. */
  private static String name(ModelArtifact model) {
    return "%s (%s)".formatted(model.manifest().id(), Printable.of(model.path().toString()));
  }

  private void compare(
      ModelArtifact before, Evaluation first, ModelArtifact after, Evaluation second) {
    PairedTest test = PairedTest.of(first.answers(), second.answers());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("type", "comparison");
      line.put("first", before.manifest().id());
      line.put("second", after.manifest().id());
      line.put("firstDigest", before.digest());
      line.put("secondDigest", after.digest());
      line.putAll(test.toMap());
      out.println(OutcomeWriter.toJson(line));
    } else {
      out.println(name(after) + " against " + name(before) + ": " + test);
    }
    out.flush();
  }
}
