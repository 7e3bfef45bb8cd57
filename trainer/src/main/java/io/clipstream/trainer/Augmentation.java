package io.clipstream.trainer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Random changes of a training clip that keep its label, or swap it for another: the mirror image
 * of a pan to the left is a pan to the right. All on uint8 pixels. Immutable; all threads.
 *
 * @param mirror class of the left-right mirror image of each class; empty if clips are not mirrored
 * @param flip likewise upside down
 * @param transpose likewise with x and y exchanged
 * @param reverse likewise played backwards
 * @param contrast contrast is multiplied by 1 - contrast to 1 + contrast
 * @param brightness up to this share of the range is added or taken away
 * @param grayscale probability of a clip without colour
 */
record Augmentation(
    List<Integer> mirror,
    List<Integer> flip,
    List<Integer> transpose,
    List<Integer> reverse,
    double contrast,
    double brightness,
    double grayscale) {

  /** What is done to one clip: {@code left} and {@code top} say where the crop begins. */
  record Change(
      int left,
      int top,
      boolean mirror,
      boolean flip,
      boolean transpose,
      boolean reverse,
      double gain,
      double offset,
      boolean gray) {
    /** The centre crop and nothing else. */
    static Change none(int side, int crop) {
      return new Change(
          (side - crop) / 2, (side - crop) / 2, false, false, false, false, 1, 0, false);
    }
  }

  static Augmentation none() {
    return new Augmentation(List.of(), List.of(), List.of(), List.of(), 0, 0, 0);
  }

  static Augmentation from(Settings settings, List<String> labels) {
    return new Augmentation(
        swaps(settings, "augment.mirror", labels),
        swaps(settings, "augment.flip", labels),
        swaps(settings, "augment.transpose", labels),
        swaps(settings, "augment.reverse", labels),
        settings.has("augment.contrast") ? settings.number("augment.contrast", 0, 0.9) : 0,
        settings.has("augment.brightness") ? settings.number("augment.brightness", 0, 0.9) : 0,
        settings.has("augment.grayscale") ? settings.number("augment.grayscale", 0, 1) : 0);
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
          throw new IllegalArgumentException(
              key + " has " + pair + ", expected off, on, or pairs label:label of known labels");
        }
        classes[a] = b;
        classes[b] = a;
      }
    }
    return List.of(classes);
  }

  /**
   * Draws what to do to a clip.
   *
   * @param side of the stored square
   * @param crop of the square that is used
   */
  Change draw(int side, int crop, SplittableRandom random) {
    return new Change(
        random.nextInt(side - crop + 1),
        random.nextInt(side - crop + 1),
        random.nextBoolean() && !mirror.isEmpty(),
        random.nextBoolean() && !flip.isEmpty(),
        random.nextBoolean() && !transpose.isEmpty(),
        random.nextBoolean() && !reverse.isEmpty(),
        1 + contrast * (2 * random.nextDouble() - 1),
        255 * brightness * (2 * random.nextDouble() - 1) + 0.0, // not -0.0
        random.nextDouble() < grayscale);
  }

  /** The class of a changed clip: mirror, then flip, then transpose, then reverse. */
  int classOf(int original, Change change) {
    int c = change.mirror ? mirror.get(original) : original;
    c = change.flip ? flip.get(c) : c;
    c = change.transpose ? transpose.get(c) : c;
    return change.reverse ? reverse.get(c) : c;
  }

  /**
   * Copies a clip and changes it on the way.
   *
   * @param from RGB uint8 {@code [frames, side, side, 3]} at {@code fromAt}
   * @param to RGB uint8 {@code [frames, crop, crop, 3]}, filled from its position on
   */
  static void apply(
      ByteBuffer from, int fromAt, int frames, int side, int crop, Change change, ByteBuffer to) {
    byte[] light = light(change);
    byte[] row = new byte[crop * 3];
    for (int t = 0; t < frames; t++) {
      int frame = fromAt + (change.reverse ? frames - 1 - t : t) * side * side * 3;
      for (int y = 0; y < crop; y++) {
        for (int x = 0; x < crop; x++) {
          // Undo transpose, then flip, then mirror to find where the pixel comes from.
          int u = change.transpose ? y : x;
          int v = change.transpose ? x : y;
          u = change.left + (change.mirror ? crop - 1 - u : u);
          v = change.top + (change.flip ? crop - 1 - v : v);
          int at = frame + (v * side + u) * 3;
          int r = from.get(at) & 0xff;
          int g = from.get(at + 1) & 0xff;
          int b = from.get(at + 2) & 0xff;
          if (change.gray) {
            // ITU-R BT.601 luma
            r = g = b = (77 * r + 150 * g + 29 * b) >> 8;
          }
          row[3 * x] = light[r];
          row[3 * x + 1] = light[g];
          row[3 * x + 2] = light[b];
        }
        to.put(row);
      }
    }
  }

  private static byte[] light(Change change) {
    byte[] light = new byte[256];
    for (int i = 0; i < 256; i++) {
      double x = (i - 127.5) * change.gain + 127.5 + change.offset;
      light[i] = (byte) Math.max(0, Math.min(255, Math.round(x)));
    }
    return light;
  }

  /** The names of what is switched on, for people. */
  String summary() {
    List<String> on = new ArrayList<>();
    if (!mirror.isEmpty()) {
      on.add("mirror");
    }
    if (!flip.isEmpty()) {
      on.add("flip");
    }
    if (!transpose.isEmpty()) {
      on.add("transpose");
    }
    if (!reverse.isEmpty()) {
      on.add("reverse");
    }
    return on.isEmpty() ? "none" : String.join(", ", on);
  }
}
