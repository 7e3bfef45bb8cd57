package io.clipstream.trainer.report;

import io.clipstream.model.Count;
import io.clipstream.model.Progress;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.eval.Confusion;
import io.clipstream.trainer.eval.Evaluation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An evaluation as one page of HTML: figures with intervals, a table of labels, the confusion
 * matrix, calibration, the worst videos with a picture each, and the curves of the training. The
 * file needs nothing else, and follows the reader's choice of light or dark.
 */
public final class EvaluationPage {
  /** Videos that are shown. */
  private static final int WORST = 24;

  /** Labels that the confusion matrix has room for. */
  private static final int LARGEST_MATRIX = 60;

  private EvaluationPage() {}

  /**
   * Writes the page.
   *
   * @param title such as the model's name and the data's
   * @param series of the training by name, one value an epoch; may be empty
   * @return why it has no pictures, empty if it has
   */
  public static Optional<String> write(
      Path file, String title, Evaluation evaluation, Map<String, Map<String, List<Double>>> series)
      throws IOException, InterruptedException {
    StringBuilder page = new StringBuilder();
    page.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width\">")
        .append("<title>")
        .append(Html.escaped(title))
        .append("</title>\n<style>\n")
        .append(style())
        .append("</style></head><body>\n<h1>")
        .append(Html.escaped(title))
        .append("</h1>\n");
    figures(page, evaluation);
    series.forEach(
        (name, curves) ->
            page.append("<h2>")
                .append(Html.escaped(name))
                .append("</h2>\n")
                .append(Charts.curves(curves)));
    labels(page, evaluation);
    matrix(page, evaluation);
    page.append("<h2>Calibration</h2>\n<p>Right (up) against sure (to the right); error ")
        .append(percent(evaluation.calibration().error()))
        .append(".</p>\n")
        .append(Charts.reliability(evaluation.calibration()));
    Pictures pictures = new Pictures();
    worst(page, evaluation, pictures);
    page.append("</body></html>\n");
    Files.writeString(file, page);
    return Optional.ofNullable(pictures.failure);
  }

  /** Pictures of videos, as long as this Java can make them: some lack its desktop module. */
  private static final class Pictures {
    private Thumbnails thumbnails;
    private String failure;

    /** The address of a picture, empty if there is none. */
    String of(ClipList.Entry video) throws InterruptedException {
      if (failure != null) {
        return "";
      }
      try {
        if (thumbnails == null) {
          thumbnails = new Thumbnails();
        }
        return thumbnails.of(video);
      } catch (RuntimeException | LinkageError e) {
        failure = String.valueOf(e).lines().findFirst().orElseThrow();
        return "";
      }
    }
  }

  private static String style() throws IOException {
    try (InputStream css = EvaluationPage.class.getResourceAsStream("page.css")) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void figures(StringBuilder page, Evaluation evaluation) {
    page.append("<table>\n");
    page.append(Html.row("td", "top-1", evaluation.top1()));
    if (evaluation.labels().size() > 5) {
      page.append(Html.row("td", "top-5", evaluation.top5()));
    }
    Confusion confusion = evaluation.confusion();
    page.append(Html.row("td", "mean of the labels", confusion.meanClass()));
    page.append(Html.row("td", "always the most frequent", percent(confusion.majority())));
    page.append(Html.row("td", "videos", evaluation.videos()));
    page.append(Html.row("td", "not decoded, counted as wrong", evaluation.leftOut().size()));
    page.append(Html.row("td", "protocol", evaluation.protocol()));
    page.append(Html.row("td", "time", Progress.time(evaluation.answers().seconds())));
    page.append("</table>\n<p class=\"small\">Intervals are of 95 %.</p>\n");
  }

  private static void labels(StringBuilder page, Evaluation evaluation) {
    page.append("<h2>Labels</h2>\n<table>\n");
    page.append(Html.row("th", "label", "videos", "right", "share"));
    for (int k = 0; k < evaluation.labels().size(); k++) {
      int all = evaluation.confusion().all(k);
      if (all > 0) {
        page.append(
            Html.row(
                "td",
                evaluation.labels().get(k),
                all,
                evaluation.confusion().count(k, k),
                evaluation.confusion().of(k)));
      }
    }
    page.append("</table>\n");
  }

  private static void matrix(StringBuilder page, Evaluation evaluation) {
    List<String> labels = evaluation.labels();
    if (labels.size() > LARGEST_MATRIX) {
      return;
    }
    page.append("<h2>Confusion</h2>\n<p>Rows are true, columns are answers.</p>\n")
        .append("<div class=\"wide\"><table class=\"matrix\">\n<tr><th></th>");
    labels.forEach(
        label -> page.append("<th><span>").append(Html.escaped(label)).append("</span></th>"));
    page.append("</tr>\n");
    for (int truth = 0; truth < labels.size(); truth++) {
      page.append("<tr><th>").append(Html.escaped(labels.get(truth))).append("</th>");
      int all = Math.max(1, evaluation.confusion().all(truth));
      for (int answer = 0; answer < labels.size(); answer++) {
        int count = evaluation.confusion().count(truth, answer);
        page.append(
            String.format(
                Locale.ROOT,
                "<td class=\"%s\" style=\"--share:%.3f\">%s</td>",
                truth == answer ? "right" : "wrong",
                count / (double) all,
                count == 0 ? "" : count));
      }
      page.append("</tr>\n");
    }
    page.append("</table></div>\n");
  }

  private static void worst(StringBuilder page, Evaluation evaluation, Pictures pictures)
      throws InterruptedException {
    List<Evaluation.Judged> worst = evaluation.worst();
    page.append("<h2>Worst videos</h2>\n<p>")
        .append(Count.of(worst.size(), "video", "is", "are"))
        .append(" called wrongly; those first whose right label is least likely.</p>\n")
        .append("<div class=\"videos\">\n");
    for (Evaluation.Judged judged : worst.subList(0, Math.min(WORST, worst.size()))) {
      String picture = pictures.of(judged.video());
      page.append("<figure>")
          .append(
              picture.isEmpty()
                  ? ""
                  : "<img alt=\"\" width=\"96\" height=\"96\" src=\"" + picture + "\">")
          .append("<figcaption>")
          .append(Html.escaped(judged.video().path().getFileName() + judged.video().part()))
          .append("<br>")
          .append(Html.escaped(judged.answer()))
          .append(' ')
          .append(percent(judged.certainty()))
          .append("<br>is ")
          .append(Html.escaped(judged.video().label()))
          .append(", ")
          .append(percent(judged.truth()))
          .append("</figcaption></figure>\n");
    }
    page.append("</div>\n");
    if (!evaluation.leftOut().isEmpty()) {
      page.append("<h2>Not decoded</h2>\n<ul>\n");
      evaluation
          .leftOut()
          .forEach(line -> page.append("<li>").append(Html.escaped(line)).append("</li>\n"));
      page.append("</ul>\n");
    }
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
