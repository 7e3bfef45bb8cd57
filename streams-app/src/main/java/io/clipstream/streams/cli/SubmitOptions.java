package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** What {@code submit} says of its videos. */
final class SubmitOptions {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");

  @Option(names = "--id", paramLabel = "ID", description = "Id of the video; with one video only.")
  private String id;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "SHA-256 that the video must have, 64 hex digits; with one video only.")
  private String sha256;

  @Option(
      names = "--start",
      paramLabel = "TIME",
      description =
          "Label from there on, counted from the video's start: seconds, or such as 1500ms.")
  private String start;

  @Option(names = "--end", paramLabel = "TIME", description = "Label up to there.")
  private String end;

  @Option(
      names = "--meta",
      paramLabel = "KEY=VALUE",
      description = "Comes back with the outcome; may be given again.")
  private Map<String, String> metadata = new LinkedHashMap<>();

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "Name of the model that must label it.")
  private String model;

  /** Refuses what does not go together. */
  void check(int videos) {
    if (id != null && videos > 1) {
      throw new UserError("--id names one video, but " + videos + " are given");
    }
    if (id != null && id.isBlank()) {
      throw new UserError("--id is empty, expected a name");
    }
    if (sha256 != null && videos > 1) {
      throw new UserError("--sha256 is that of one video, but " + videos + " are given");
    }
    if (sha256 != null && !SHA256.matcher(sha256).matches()) {
      throw new UserError("--sha256 is '" + sha256 + "', expected 64 hex digits");
    }
    Long from = startMillis();
    Long to = endMillis();
    if (to != null && to <= (from == null ? 0 : from)) {
      throw new UserError(
          "--end is " + end + ", expected later than --start, " + (start == null ? "0" : start));
    }
  }

  /** Null if the user gave none. */
  String id() {
    return id;
  }

  String sha256() {
    return sha256 == null ? null : sha256.toLowerCase(Locale.ROOT);
  }

  Long startMillis() {
    return OptionValues.placeMillis("--start", start);
  }

  Long endMillis() {
    return OptionValues.placeMillis("--end", end);
  }

  Map<String, String> metadata() {
    return metadata;
  }

  String model() {
    return model;
  }
}
