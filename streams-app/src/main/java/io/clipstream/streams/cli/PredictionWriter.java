package io.clipstream.streams.cli;

import io.clipstream.model.Count;
import io.clipstream.model.Printable;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.model.infer.Predictor.Prediction;
import io.clipstream.model.infer.ProbabilityMean;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Prints what became of each file that {@code predict} was given, in one of three formats. */
final class PredictionWriter {
  /** For people, a JSON object a line, or comma-separated values with a header. */
  enum Format {
    TEXT,
    JSON,
    CSV
  }

  private final PrintWriter out;
  private final Format format;
  private final ModelManifest manifest;
  private final int top;

  /**
   * @param top most labels of each file
   */
  PredictionWriter(PrintWriter out, Format format, ModelManifest manifest, int top) {
    this.out = out;
    this.format = format;
    this.manifest = manifest;
    this.top = Math.max(1, Math.min(top, manifest.labels().size()));
  }

  /** Before the first file. */
  void begin() {
    if (format == Format.CSV) {
      List<Object> names = new ArrayList<>(List.of("file"));
      for (int rank = 1; rank <= top; rank++) {
        names.addAll(List.of("class_" + rank, "name_" + rank, "score_" + rank));
      }
      names.addAll(List.of("views", "decode_ms", "classify_ms", "note", "reason", "detail"));
      out.println(csv(names));
    }
  }

  void labelled(String file, Prediction.Labelled prediction) {
    switch (format) {
      case TEXT -> text(file, prediction);
      case JSON -> out.println(OutcomeWriter.toJson(json(file, prediction)));
      case CSV -> {
        List<Object> row = new ArrayList<>(List.of(file));
        for (int k : ProbabilityMean.best(prediction.probabilities(), top)) {
          row.addAll(List.of(k, manifest.labels().get(k), prediction.probabilities().get(k)));
        }
        row.addAll(List.of(prediction.views(), decodeMillis(prediction)));
        row.addAll(List.of(classifyMillis(prediction), prediction.note(), "", ""));
        out.println(csv(row));
      }
    }
    out.flush();
  }

  /**
   * @param reason one of the closed list of rejections
   * @param detail one plain line
   */
  void rejected(String file, String reason, String detail) {
    switch (format) {
      case TEXT ->
          out.printf("%s: rejected, %s: %s%n", Printable.of(file), reason, Printable.of(detail));
      case JSON -> {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("file", file);
        object.put("reason", reason);
        object.put("detail", detail);
        out.println(OutcomeWriter.toJson(object));
      }
      case CSV -> {
        List<Object> row = new ArrayList<>(List.of(file));
        for (int i = 0; i < 3 * top + 4; i++) {
          row.add("");
        }
        row.addAll(List.of(reason, detail));
        out.println(csv(row));
      }
    }
    out.flush();
  }

  /** The first three lines are those of PaddleVideo's {@code tools/predict.py}. */
  private void text(String file, Prediction.Labelled prediction) {
    VideoInfo video = prediction.video();
    List<Integer> best = ProbabilityMean.best(prediction.probabilities(), top);
    out.printf("Current video file: %s%n", Printable.of(file));
    out.printf("        top-1 class: %d%n", best.get(0));
    out.printf("        top-1 score: %s%n", prediction.probabilities().get(best.get(0)));
    out.printf("        top-1 name:  %s%n", Printable.of(manifest.labels().get(best.get(0))));
    for (int rank = 2; rank <= best.size(); rank++) {
      int k = best.get(rank - 1);
      out.printf(
          Locale.ROOT,
          "        top-%-2d %.4f  class %d, %s%n",
          rank,
          prediction.probabilities().get(k),
          k,
          Printable.of(manifest.labels().get(k)));
    }
    out.printf(
        Locale.ROOT,
        "        video: %s, %dx%d, %.4g fps, %.1f s%s%s%n",
        video.codec(),
        video.width(),
        video.height(),
        video.framesPerSecond(),
        video.durationSeconds(),
        prediction.note().isEmpty() ? "" : "; partial: " + prediction.note(),
        prediction.remark().isEmpty() ? "" : "; " + prediction.remark());
    out.printf(
        Locale.ROOT,
        "        time: decode %.0f ms, classify %.0f ms; %s, model %s%n",
        decodeMillis(prediction),
        classifyMillis(prediction),
        Count.of(prediction.views(), "view"),
        manifest.id());
  }

  private Map<String, Object> json(String file, Prediction.Labelled prediction) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", file);
    List<Map<String, Object>> labels = new ArrayList<>();
    for (int k : ProbabilityMean.best(prediction.probabilities(), top)) {
      Map<String, Object> label = new LinkedHashMap<>();
      label.put("id", k);
      label.put("name", manifest.labels().get(k));
      label.put("score", prediction.probabilities().get(k));
      labels.add(label);
    }
    object.put("labels", labels);
    object.put("model", Map.of("name", manifest.name(), "version", manifest.version()));
    object.put("views", prediction.views());
    object.put("video", video(prediction));
    object.put("times", prediction.times());
    Map<String, Object> timings = new LinkedHashMap<>();
    timings.put("decodeMillis", decodeMillis(prediction));
    timings.put("classifyMillis", classifyMillis(prediction));
    object.put("timings", timings);
    return object;
  }

  private static Map<String, Object> video(Prediction.Labelled prediction) {
    VideoInfo info = prediction.video();
    Map<String, Object> video = new LinkedHashMap<>();
    video.put("container", info.container());
    video.put("codec", info.codec());
    video.put("width", info.width());
    video.put("height", info.height());
    video.put("framesPerSecond", info.framesPerSecond());
    video.put("durationMillis", Math.round(1000 * info.durationSeconds()));
    video.put("frames", info.frames());
    video.put("rotation", info.rotation());
    video.put("complete", prediction.note().isEmpty());
    video.put("note", prediction.note());
    video.put("remark", prediction.remark());
    return video;
  }

  private static double decodeMillis(Prediction.Labelled prediction) {
    return prediction.decode().toNanos() / 1e6;
  }

  private static double classifyMillis(Prediction.Labelled prediction) {
    return prediction.classify().toNanos() / 1e6;
  }

  /** One record without its line end, quoted as RFC 4180 says. */
  static String csv(List<?> fields) {
    return fields.stream().map(PredictionWriter::quoted).collect(Collectors.joining(","));
  }

  private static String quoted(Object field) {
    String text = field.toString();
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
