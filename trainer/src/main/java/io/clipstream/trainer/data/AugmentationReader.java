package io.clipstream.trainer.data;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import java.util.Arrays;
import java.util.List;

/** Reads the keys {@code augment.*} of an {@link Augmentation}. */
final class AugmentationReader {
  private static final double[] DEFAULT_SCALE = {0.7, 1};

  private AugmentationReader() {}

  static Augmentation read(Settings settings, List<String> labels) {
    double[] scale = scale(settings);
    double[] aspect = aspect(settings);
    int[] operations = operations(settings);
    return new Augmentation(
        scale[0],
        scale[1],
        aspect[0],
        aspect[1],
        swaps(settings, "augment.mirror", labels),
        swaps(settings, "augment.flip", labels),
        swaps(settings, "augment.transpose", labels),
        swaps(settings, "augment.reverse", labels),
        settings.has("augment.contrast") ? settings.number("augment.contrast", 0, 0.9) : 0,
        settings.has("augment.brightness") ? settings.number("augment.brightness", 0, 0.9) : 0,
        settings.has("augment.grayscale") ? settings.number("augment.grayscale", 0, 1) : 0,
        operations[0],
        operations[1]);
  }

  /** The narrowest and the widest crop. */
  private static double[] aspect(Settings settings) {
    if (!settings.has("augment.aspect")) {
      return new double[] {1, 1};
    }
    double[] aspect = settings.range("augment.aspect");
    if (!(aspect[0] >= 0.1 && aspect[1] <= 10)) {
      throw settings.wrong("augment.aspect", "low,high from 0.1 to 10");
    }
    return aspect;
  }

  /** {@code off}, or how many operations, and of what magnitude. */
  private static int[] operations(Settings settings) {
    if (settings.text("augment.randaugment", "off").equals("off")) {
      return new int[2];
    }
    return settings.value(
        "augment.randaugment",
        "off, or a number of operations up to 10 and a magnitude up to %d, such as 2,9"
            .formatted(PictureOperation.STEPS),
        AugmentationReader::operations);
  }

  /** Null if it is no such pair. */
  private static int[] operations(String text) {
    if (!text.strip().matches("\\d{1,2}\\s*,\\s*\\d{1,2}")) {
      return null;
    }
    int[] pair =
        Arrays.stream(text.split(",", -1)).mapToInt(n -> Integer.parseInt(n.strip())).toArray();
    return pair[0] <= 10 && pair[1] <= PictureOperation.STEPS ? pair : null;
  }

  /** {@code off}, or the smallest and the largest crop. */
  private static double[] scale(Settings settings) {
    if (settings.text("augment.scale", "").equals("off")) {
      return new double[2];
    }
    double[] scale =
        settings.has("augment.scale") ? settings.range("augment.scale") : DEFAULT_SCALE.clone();
    if (!(scale[0] > 0 && scale[0] <= scale[1] && scale[1] <= 1)) {
      throw new UserError(
          "augment.scale is '%s', expected off or low,high with 0 < low <= high <= 1"
              .formatted(settings.text("augment.scale")));
    }
    return scale;
  }

  /** {@code off}, {@code on} (every label stays) or the labels that change places, {@code a:b}. */
  private static List<Integer> swaps(Settings settings, String key, List<String> labels) {
    String text = settings.text(key, "off");
    if (text.equals("off")) {
      return List.of();
    }
    Integer[] classes = new Integer[labels.size()];
    Arrays.setAll(classes, i -> i);
    if (!text.equals("on")) {
      for (String pair : settings.texts(key)) {
        int colon = pair.indexOf(':');
        int a = colon < 0 ? -1 : labels.indexOf(pair.substring(0, colon));
        int b = colon < 0 ? -1 : labels.indexOf(pair.substring(colon + 1));
        if (a < 0 || b < 0) {
          throw new UserError(
              key + " has " + pair + ", expected off, on, or pairs label:label of known labels");
        }
        if (a == b || classes[a] != a || classes[b] != b) {
          throw new UserError(
              key + " is " + text + ", expected each label in one pair, with another one");
        }
        classes[a] = b;
        classes[b] = a;
      }
    }
    return List.of(classes);
  }
}
