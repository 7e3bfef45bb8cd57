package io.clipstream.trainer.report;

import io.clipstream.model.Count;
import io.clipstream.trainer.eval.Calibration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Pictures of numbers as SVG, in the page's own colours. */
final class Charts {
  private static final int WIDTH = 420;
  private static final int HEIGHT = 200;

  private Charts() {}

  /** Accuracy against certainty; a calibrated model lies on the line. */
  static String reliability(Calibration calibration) {
    StringBuilder svg = new StringBuilder(open(HEIGHT, HEIGHT));
    svg.append(line(0, 0, 1, 1, HEIGHT, "axis"));
    for (Calibration.Bin bin : calibration.bins()) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>%s: sure of"
                  + " %.0f %%, right %.0f %%</title></circle>",
              bin.certainty() * HEIGHT,
              (1 - bin.accuracy()) * HEIGHT,
              3 + 2 * Math.log10(bin.videos()),
              Count.of(bin.videos(), "video"),
              100 * bin.certainty(),
              100 * bin.accuracy()));
    }
    return svg.append("</svg>").toString();
  }

  /**
   * One line for each series, all from the smallest value of them to the largest.
   *
   * @param series by name, each one value an epoch
   */
  static String curves(Map<String, List<Double>> series) {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (List<Double> values : series.values()) {
      for (double value : values) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }
    double span = Math.max(1e-9, most - least);
    StringBuilder svg = new StringBuilder(open(WIDTH, HEIGHT));
    int number = 0;
    for (Map.Entry<String, List<Double>> one : series.entrySet()) {
      List<Double> values = one.getValue();
      svg.append("<polyline class=\"curve c").append(number++ % 4).append("\" points=\"");
      for (int i = 0; i < values.size(); i++) {
        svg.append(
            String.format(
                Locale.ROOT,
                "%.1f,%.1f ",
                values.size() == 1 ? 0 : i * (double) WIDTH / (values.size() - 1),
                (1 - (values.get(i) - least) / span) * HEIGHT));
      }
      svg.append("\"><title>").append(Html.escaped(one.getKey())).append("</title></polyline>");
    }
    return svg.append("</svg>")
        .append(
            String.format(
                Locale.ROOT, "<p class=\"small\">%.3g to %.3g: %s</p>", least, most, key(series)))
        .toString();
  }

  private static String key(Map<String, List<Double>> series) {
    StringBuilder key = new StringBuilder();
    int number = 0;
    for (String name : series.keySet()) {
      key.append("<span class=\"k").append(number++ % 4).append("\">■</span> ");
      key.append(Html.escaped(name)).append(' ');
    }
    return key.toString();
  }

  private static String open(int width, int height) {
    return "<svg viewBox=\"-4 -4 %d %d\" width=\"%d\" height=\"%d\" role=\"img\"><rect class=\"frame\" width=\"%d\" height=\"%d\"/>"
        .formatted(width + 8, height + 8, width, height, width, height);
  }

  private static String line(double x1, double y1, double x2, double y2, int side, String kind) {
    return String.format(
        Locale.ROOT,
        "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
        kind,
        x1 * side,
        (1 - y1) * side,
        x2 * side,
        (1 - y2) * side);
  }
}
