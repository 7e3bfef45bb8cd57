package io.clipstream.trainer.recipe;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.FrameSeries;
import io.clipstream.trainer.data.Kept;
import io.clipstream.trainer.data.ListOptions;
import io.clipstream.trainer.data.SourceSplit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * Where the videos come from, and which of them train, choose and report.
 *
 * @param list of the videos, or a folder with a folder for each label, if they are not rendered
 * @param generated what to render, if they are
 * @param options how the list or the folder is read
 * @param split how videos that name no split are dealt to them
 * @param kept what is kept of each training video, decoded
 * @param trainSplit name of the split to train on
 * @param validationSplit name of the split that chooses the best epoch
 * @param reports splits that the finished model is evaluated on
 * @param maxRejected share of the videos that may fail to decode
 */
public record DataSettings(
    Optional<Path> list,
    Optional<MotionSettings> generated,
    ListOptions options,
    SourceSplit split,
    Kept kept,
    String trainSplit,
    String validationSplit,
    List<String> reports,
    double maxRejected) {

  private static final Pattern SPLIT = Pattern.compile("[^./\\\\\\p{Cntrl}][^/\\\\\\p{Cntrl}]*");

  static final String SPLIT_NAMES =
      "names of splits between commas, without slashes and without a dot at their start";

  private static final String FRAME_RATE = "data.frames-per-second";
  private static final String VALIDATION_SPLIT = "train.validation-split";
  private static final String VALIDATION = "validation";
  private static final double DEFAULT_LENGTH = 2;
  private static final double DEFAULT_VALIDATION = 0.2;
  private static final double DEFAULT_REJECTED = 0.2;
  private static final double MOST_HELD_OUT = 0.95;

  /** Name of the split that neither trains nor chooses, where videos are dealt to splits. */
  private static final String TEST = "test";

  /**
   * Reads the keys.
   *
   * @param folder that paths are relative to
   */
  static DataSettings read(Settings s, Path folder, ClipSpec clip) throws IOException {
    boolean generate = MotionSettings.in(s);
    if (generate && s.has("data.list")) {
      throw new UserError("the recipe renders its videos (generate.*), expected no data.list");
    }
    SourceSplit split = split(s);
    return new DataSettings(
        generate ? Optional.empty() : Optional.of(s.path("data.list", folder)),
        generate ? Optional.of(MotionSettings.read(s, folder, clip)) : Optional.empty(),
        options(s, folder),
        split,
        Kept.around(
            clip,
            s.has("cache.length") ? s.number("cache.length", 1, 100) : DEFAULT_LENGTH,
            wholePicture(s),
            stored(s)),
        split.train(),
        validationSplit(s),
        s.has("report.splits")
            ? s.value("report.splits", SPLIT_NAMES, DataSettings::splits)
            : List.copyOf(split.heldOut().keySet()),
        maxRejected(s));
  }

  static double maxRejected(Settings s) {
    return s.has("data.max-rejected") ? s.number("data.max-rejected", 0, 1) : DEFAULT_REJECTED;
  }

  /** How videos are dealt to splits, the one that chooses first. */
  static SourceSplit split(Settings s) {
    Map<String, Double> heldOut = new LinkedHashMap<>();
    String train = splitName(s, "train.split", "train");
    if (validationSplit(s).equals(train)) {
      throw new UserError(
          "train.split and train.validation-split are both %s, expected two splits"
              .formatted(train));
    }
    double validating = share(s, "data.validation-share", DEFAULT_VALIDATION);
    double testing = share(s, "data.test-share", 0);
    heldOut.put(validationSplit(s), validating);
    if (testing > 0) {
      if (train.equals(TEST) || heldOut.containsKey(TEST)) {
        throw new UserError(
            "data.test-share makes a split test, expected another name of train.split and"
                + " train.validation-split");
      }
      heldOut.put(TEST, testing);
    }
    if (validating + testing > MOST_HELD_OUT) {
      throw new UserError(
          "data.validation-share and data.test-share are %s together, expected at most %s: the rest trains"
              .formatted(validating + testing, MOST_HELD_OUT));
    }
    return new SourceSplit(
        heldOut, train, s.has("data.split-seed") ? s.integer("data.split-seed", 0) : 1);
  }

  static String validationSplit(Settings s) {
    return splitName(s, VALIDATION_SPLIT, VALIDATION);
  }

  /** Of a split that names files, too. */
  static String splitName(Settings s, String key, String otherwise) {
    return s.has(key)
        ? s.value(
            key,
            "the name of a split, without slashes and without a dot at its start",
            name -> SPLIT.matcher(name).matches() ? name : null)
        : otherwise;
  }

  /** Null if one is none. */
  static List<String> splits(String text) {
    List<String> names = Stream.of(text.split(",", -1)).map(String::strip).toList();
    return names.stream().allMatch(name -> SPLIT.matcher(name).matches()) ? names : null;
  }

  /** How the recipe's list or folder is read. */
  static ListOptions options(Settings s, Path folder) throws IOException {
    return ListOptions.of(
        s.has("data.source")
            ? Optional.of(
                s.value("data.source", "a regular expression with a group", DataSettings::pattern))
            : Optional.empty(),
        path(s, folder, "data.prefix"),
        path(s, folder, "data.label-names"),
        new FrameSeries(
            s.has(FRAME_RATE)
                ? s.number(FRAME_RATE, FrameSeries.RATE.least(), FrameSeries.RATE.most())
                : FrameSeries.USUAL.framesPerSecond(),
            s.has("data.frame-names")
                ? Optional.of(
                    s.value("data.frame-names", FrameSeries.TEMPLATES, FrameSeries::template))
                : Optional.empty()));
  }

  static Optional<Path> path(Settings s, Path folder, String key) {
    return s.has(key) ? Optional.of(s.path(key, folder)) : Optional.empty();
  }

  private static double share(Settings s, String key, double otherwise) {
    return s.has(key) ? s.number(key, 0.01, 0.9) : otherwise;
  }

  private static Pattern pattern(String text) {
    try {
      Pattern pattern = Pattern.compile(text);
      return pattern.matcher("").groupCount() > 0 ? pattern : null;
    } catch (PatternSyntaxException e) {
      return null;
    }
  }

  private static boolean wholePicture(Settings s) {
    String picture = s.text("cache.picture", "whole");
    if (!picture.equals("whole") && !picture.equals("square")) {
      throw new UserError("cache.picture is " + picture + ", expected whole or square");
    }
    return picture.equals("whole");
  }

  private static boolean stored(Settings s) {
    String pixels = s.text("cache.pixels", "disk");
    if (!pixels.equals("disk") && !pixels.equals("none")) {
      throw s.wrong("cache.pixels", "disk or none");
    }
    return pixels.equals("disk");
  }

  /** The videos, not rendered ones, as their list has them. */
  public ClipList open() throws IOException {
    return options.open(list.orElseThrow());
  }
}
