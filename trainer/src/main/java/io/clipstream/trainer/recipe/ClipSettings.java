package io.clipstream.trainer.recipe;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.clip.Protocol;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The section {@code clip.*}: how clips are cut. */
final class ClipSettings {
  private ClipSettings() {}

  /**
   * Reads the section.
   *
   * @param generated whether the data is rendered, which needs a sampling rate
   */
  static ClipSpec read(Settings s, boolean generated) {
    boolean stride = s.has("clip.stride");
    if (stride && generated) {
      throw new UserError(
          "the recipe sets clip.stride, expected clip.frames-per-second, which generate.* needs");
    }
    if (stride && s.has("clip.frames-per-second")) {
      throw new UserError(
          "the recipe sets both clip.stride and clip.frames-per-second, expected one of them");
    }
    int frames = s.integer("clip.frames", 1);
    double framesPerSecond = stride ? 0 : s.number("clip.frames-per-second", 0.1, 1000);
    int everyNth = stride ? s.integer("clip.stride", 1) : 0;
    int shortSide = s.integer("clip.short-side", 16);
    int crop = s.integer("clip.crop", 16);
    boolean antialias = s.flag("clip.antialias", false);
    List<Float> mean = channels(s, "clip.mean");
    List<Float> std = channels(s, "clip.std");
    Protocol protocol = protocol(s);
    return Recipe.checked(
        "clip.*",
        () ->
            new ClipSpec(
                frames,
                framesPerSecond,
                everyNth,
                shortSide,
                CropSize.square(crop),
                antialias,
                mean,
                std,
                protocol));
  }

  private static Protocol protocol(Settings s) {
    String names =
        Arrays.stream(Protocol.values()).map(Protocol::title).collect(Collectors.joining(", "));
    return s.has("clip.protocol")
        ? s.value("clip.protocol", "one of " + names, name -> Protocol.named(name).orElse(null))
        : Protocol.TORCHVISION;
  }

  private static List<Float> channels(Settings s, String key) {
    List<Double> numbers = s.numbers(key);
    if (numbers.size() != 3) {
      throw s.wrong(key, "three numbers separated by commas, for red, green and blue");
    }
    return numbers.stream().map(Double::floatValue).toList();
  }
}
