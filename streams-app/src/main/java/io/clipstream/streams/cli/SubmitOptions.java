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

  @Option(names = "--id", description = "Id of the video; with one video only.")
  private String id;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "SHA-256 that the video must have, 64 hex digits; with one video only.")
  private String sha256;

  @Option(
      names = "--start",
      paramLabel = "SECONDS",
      description = "Label from there on, counted from the video's start.")
  private Double start;

  @Option(names = "--end", paramLabel = "SECONDS", description = "Label up to there.")
  private Double end;

  @Option(
      names = "--meta",
      paramLabel = "KEY=VALUE",
      description = "Comes back with the outcome; may be given again.")
  private Map<String, String> metadata = new LinkedHashMap<>();

  @Option(names = "--model", description = "Name of the model that must label it.")
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
          "--end is " + end + ", expected more than " + (start == null ? 0.0 : start));
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
    return millis("--start", start);
  }

  Long endMillis() {
    return millis("--end", end);
  }

  Map<String, String> metadata() {
    return metadata;
  }

  String model() {
    return model;
  }

  private static Long millis(String option, Double seconds) {
    if (seconds == null) {
      return null;
    }
    if (!(seconds >= 0 && seconds <= 1e9)) {
      throw new UserError(option + " is " + seconds + ", expected 0 to 1e9 seconds");
    }
    return Math.round(seconds * 1000);
  }
}
