package io.clipstream.trainer.eval;

import io.clipstream.model.Count;
import io.clipstream.model.Progress;
import io.clipstream.trainer.data.ClipList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How well a model does on videos: their likeliest labels against the list's.
 *
 * @param answers of the model
 * @param classes indices of what the videos are
 * @param confusion answers by what is true; videos that do not decode count as wrong
 */
@SuppressWarnings("ArrayRecordComponent") // holds, is never compared
public record Evaluation(Answers answers, int[] classes, Confusion confusion) {
  private static final int TOP = 5;

  /**
   * A video with what the model says of it.
   *
   * @param answer label that it gives
   * @param certainty probability of that
   * @param truth probability of the right label
   */
  public record Judged(ClipList.Entry video, String answer, double certainty, double truth) {}

  /**
   * Compares.
   *
   * @param classes of the videos
   */
  static Evaluation of(Answers answers, int[] classes) {
    Confusion confusion = new Confusion(answers.labels().size());
    for (int i = 0; i < classes.length; i++) {
      int answer = answers.best(i);
      if (answer < 0) {
        confusion.addUnanswered(classes[i]);
      } else {
        confusion.add(classes[i], answer);
      }
    }
    return new Evaluation(answers, classes, confusion);
  }

  public List<String> labels() {
    return answers.labels();
  }

  public String protocol() {
    return answers.protocol();
  }

  /** Videos that could not be decoded, with the reason. */
  public List<String> leftOut() {
    List<String> leftOut = new ArrayList<>();
    answers
        .leftOut()
        .forEach((i, reason) -> leftOut.add(told(answers.videos().get(i)) + ": " + reason));
    return leftOut;
  }

  /** Videos that were labelled wrongly, those first whose right label has the least probability. */
  public List<Judged> worst() {
    List<Judged> worst = new ArrayList<>();
    for (int i = 0; i < classes.length; i++) {
      int answer = answers.best(i);
      if (answer >= 0 && answer != classes[i]) {
        float[] probabilities = answers.probabilities()[i];
        worst.add(
            new Judged(
                answers.videos().get(i),
                labels().get(answer),
                probabilities[answer],
                probabilities[classes[i]]));
      }
    }
    worst.sort(Comparator.comparingDouble(Judged::truth));
    return worst;
  }

  /** Videos that were labelled wrongly, with the answer, in the order of the list. */
  public List<String> wrong() {
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < classes.length; i++) {
      int answer = answers.best(i);
      if (answer >= 0 && answer != classes[i]) {
        ClipList.Entry video = answers.videos().get(i);
        wrong.add(
            "%s: %s is called %s".formatted(told(video), video.label(), labels().get(answer)));
      }
    }
    return wrong;
  }

  private static String told(ClipList.Entry video) {
    return video.path() + video.part();
  }

  /** Share of videos whose label is among the five likeliest; of few labels that says little. */
  public Interval top5() {
    int among = 0;
    for (int i = 0; i < classes.length; i++) {
      among += answers.among(i, TOP) ? 1 : 0;
    }
    return Interval.wilson(among, Math.max(1, classes.length));
  }

  public Calibration calibration() {
    return Calibration.of(answers);
  }

  public int videos() {
    return confusion.all();
  }

  /** Share of videos whose likeliest label is right. */
  public Interval top1() {
    return confusion.top1();
  }

  /** Figures for a manifest, named with the split they were measured on. */
  public Map<String, Double> metrics(String split) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("top1." + split, rounded(top1().share()));
    metrics.put("top1-low." + split, rounded(top1().low()));
    metrics.put("top1-high." + split, rounded(top1().high()));
    metrics.put("majority." + split, rounded(confusion.majority()));
    metrics.put("mean-class." + split, rounded(confusion.meanClass().share()));
    metrics.put("videos." + split, (double) videos());
    return metrics;
  }

  /** As it is written to JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("views", answers.views());
    map.put("cutting", answers.cutting());
    map.put("videos", videos());
    map.put("right", confusion.right());
    map.put("top1", rounded(top1().share()));
    map.put("top1Interval", interval(top1()));
    map.put("top5", rounded(top5().share()));
    map.put("top5Interval", interval(top5()));
    map.put("majority", rounded(confusion.majority()));
    map.put("meanClass", rounded(confusion.meanClass().share()));
    map.put("meanClassInterval", interval(confusion.meanClass()));
    map.put("calibrationError", rounded(calibration().error()));
    map.put("reliability", calibration().bins());
    map.put("leftOut", answers.leftOut().size());
    Map<String, Object> perLabel = new LinkedHashMap<>();
    for (int i = 0; i < labels().size(); i++) {
      if (confusion.all(i) > 0) {
        perLabel.put(
            labels().get(i),
            Map.of(
                "videos",
                confusion.all(i),
                "right",
                confusion.count(i, i),
                "interval",
                interval(confusion.of(i))));
      }
    }
    map.put("labels", perLabel);
    map.put("confusion", confusion.rows());
    map.put("seconds", Math.round(answers.seconds() * 10) / 10.0);
    return map;
  }

  private static List<Double> interval(Interval interval) {
    return List.of(rounded(interval.low()), rounded(interval.high()));
  }

  private static double rounded(double share) {
    return Math.round(share * 1e5) / 1e5;
  }

  /** A small table for people. */
  public String toTable() {
    StringBuilder text = new StringBuilder();
    List<String> labels = labels();
    int width = labels.stream().mapToInt(String::length).max().orElse(1);
    String row = "%-" + Math.max(5, width) + "s %7s %7s  %-12s  %s%n";
    text.append(String.format(Locale.ROOT, row, "label", "videos", "right", "95 %", "also called"));
    for (int i = 0; i < labels.size(); i++) {
      int all = confusion.all(i);
      if (all > 0) {
        String right = String.format(Locale.ROOT, "%.1f%%", 100.0 * confusion.count(i, i) / all);
        text.append(
            String.format(
                Locale.ROOT, row, labels.get(i), all, right, span(confusion.of(i)), others(i)));
      }
    }
    text.append(
        String.format(
            Locale.ROOT,
            "top-1 %s, always the most frequent label %.1f %%%n",
            top1(),
            100 * confusion.majority()));
    if (labels.size() > TOP) {
      text.append(String.format(Locale.ROOT, "top-5 %s%n", top5()));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "calibration error %.1f points (what it is sure of against what is right)%n",
            100 * calibration().error()));
    text.append(
        String.format(
            Locale.ROOT,
            "mean of the labels %s; %s (%s%s), intervals of 95 %%, %s%n",
            confusion.meanClass(),
            Count.of(videos(), "video"),
            protocol(),
            answers.leftOut().isEmpty()
                ? ""
                : ", " + answers.leftOut().size() + " not decoded and counted as wrong",
            Progress.time(answers.seconds())));
    return text.toString();
  }

  private static String span(Interval interval) {
    return String.format(Locale.ROOT, "%.0f to %.0f", 100 * interval.low(), 100 * interval.high());
  }

  /** What a label's videos are called wrongly. */
  private String others(int label) {
    StringBuilder others = new StringBuilder();
    for (int k = 0; k < labels().size(); k++) {
      if (k != label && confusion.count(label, k) > 0) {
        others.append(others.isEmpty() ? "" : ", ");
        others.append(labels().get(k)).append(' ').append(confusion.count(label, k));
      }
    }
    return others.toString();
  }
}
