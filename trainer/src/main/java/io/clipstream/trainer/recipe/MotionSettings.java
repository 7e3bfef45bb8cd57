package io.clipstream.trainer.recipe;

import static java.util.stream.Collectors.toSet;

import io.clipstream.model.Bounds;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.trainer.motion.CameraMotion;
import io.clipstream.trainer.motion.MotionDataSpec;
import io.clipstream.trainer.motion.MotionRanges;
import io.clipstream.trainer.motion.PictureLibrary;
import io.clipstream.trainer.motion.Rarities;
import io.clipstream.trainer.motion.VideoFormat;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The section {@code generate.*}: data that is rendered from photographs.
 *
 * @param photographs folder of the source pictures
 * @param spec what to render
 */
public record MotionSettings(Path photographs, MotionDataSpec spec) {
  private static final Bounds<Double> SECONDS = Bounds.of(0.04, 3600.0);
  private static final Bounds<Double> SIDES = Bounds.of(16.0, 4096.0);
  private static final Bounds<Double> ASPECTS = Bounds.of(0.1, 10.0);
  private static final Bounds<Double> RATES = Bounds.of(1.0, 1000.0);
  private static final Bounds<Double> SWINGS = Bounds.of(0.1, 20.0);
  private static final Bounds<Double> BITS = Bounds.of(0.001, 100.0);

  /** Whether a recipe has the section. */
  static boolean in(Settings s) {
    return s.has("generate.seed");
  }

  /**
   * Reads the section.
   *
   * @param folder that its paths are relative to
   */
  static MotionSettings read(Settings s, Path folder, ClipSpec clip) {
    double[] seconds = s.range("generate.seconds", SECONDS);
    double[] sides = s.range("generate.short-side", SIDES);
    double span = clip.frames() / clip.framesPerSecond();
    MotionRanges ranges = ranges(s);
    Rarities rarities = rarities(s);
    Map<String, MotionDataSpec.Part> parts = new LinkedHashMap<>();
    for (String split :
        s.value("generate.splits", DataSettings.SPLIT_NAMES, DataSettings::splits)) {
      parts.put(split, part(s, "generate." + split + "."));
    }
    long seed = s.integer("generate.seed", 0);
    boolean cuts = s.flag("generate.cuts", false);
    var aspects = s.numbers("generate.aspects", ASPECTS);
    return new MotionSettings(
        s.path("generate.photographs", folder),
        Recipe.checked(
            "generate.seconds",
            () ->
                new MotionDataSpec(
                    seed,
                    seconds[0],
                    seconds[1],
                    span,
                    (int) sides[0],
                    (int) sides[1],
                    aspects,
                    ranges,
                    rarities,
                    cuts,
                    parts)));
  }

  private static MotionRanges ranges(Settings s) {
    double[] pan = s.range("generate.pan-speed");
    double[] zoom = s.range("generate.zoom-speed");
    double[] roll = s.range("generate.roll-speed");
    double[] shake = s.range("generate.shake");
    double secondaryShare = s.number("generate.secondary-share", 0, 1);
    double staticDrift = s.number("generate.static-drift", 0, 1);
    double staticTremble = s.number("generate.static-tremble", 0, 1);
    double shakeDrift = s.number("generate.shake-drift", 0, 1);
    return Recipe.checked(
        "generate.*",
        () ->
            new MotionRanges(
                pan[0],
                pan[1],
                zoom[0],
                zoom[1],
                roll[0],
                roll[1],
                shake[0],
                shake[1],
                secondaryShare,
                staticDrift,
                staticTremble,
                shakeDrift));
  }

  private static Rarities rarities(Settings s) {
    double swings = share(s, "generate.swing-share");
    double[] speed =
        s.has("generate.swing-speed") || swings > 0
            ? s.range("generate.swing-speed", SWINGS)
            : new double[] {1, 1};
    double large = share(s, "generate.large-share");
    double insets = share(s, "generate.inset-share");
    double fades = share(s, "generate.fade-share");
    return new Rarities(swings, speed[0], speed[1], large, insets, fades);
  }

  /** A share that is 0 if the recipe says nothing. */
  private static double share(Settings s, String key) {
    return s.has(key) ? s.number(key, 0, 1) : 0;
  }

  private static MotionDataSpec.Part part(Settings s, String key) {
    double[] bits = s.range(key + "bits-per-pixel", BITS);
    return new MotionDataSpec.Part(
        s.integer(key + "clips", 1),
        twice(s, key + "twice"),
        pictures(key + "pictures", s.text(key + "pictures")),
        s.value(
            key + "formats",
            "containers and codecs such as mp4/libopenh264 between commas",
            text ->
                Stream.of(text.split(",", -1)).map(String::strip).map(VideoFormat::parse).toList()),
        s.numbers(key + "frame-rates", RATES),
        bits[0],
        bits[1]);
  }

  /** None if the recipe says nothing. */
  private static Set<CameraMotion> twice(Settings s, String key) {
    return s.has(key)
        ? s.value(
            key,
            "labels such as static between commas",
            text -> Stream.of(text.split(",", -1)).map(MotionSettings::motion).collect(toSet()))
        : Set.of();
  }

  private static CameraMotion motion(String label) {
    return Stream.of(CameraMotion.values())
        .filter(motion -> motion.label().equals(label.strip()))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("'" + label.strip() + "' is no label"));
  }

  private static PictureLibrary.Part pictures(String key, String name) {
    for (PictureLibrary.Part part : PictureLibrary.Part.values()) {
      if (part.name().equals(name.strip().toUpperCase(Locale.ROOT))) {
        return part;
      }
    }
    throw new UserError(key + " is " + name + ", expected train, validation or test");
  }
}
