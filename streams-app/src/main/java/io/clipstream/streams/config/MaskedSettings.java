package io.clipstream.streams.config;

import io.clipstream.model.Settings;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Settings as they may be logged. */
public final class MaskedSettings {
  private static final Pattern SECRET =
      Pattern.compile(
          "password|passphrase|secret|token|user\\.info|jaas|credentials|private\\.key"
              + "|request\\.header|\\.key$");

  private MaskedSettings() {}

  /** Every setting in force, secrets masked, a line each, in the order of their keys. */
  public static String of(Settings settings) {
    return settings.asMap().entrySet().stream()
        .map(entry -> entry.getKey() + "=" + mask(entry.getKey(), entry.getValue()))
        .collect(Collectors.joining("\n"));
  }

  private static String mask(String key, String value) {
    if (SECRET.matcher(key).find()) {
      return value.isEmpty() ? "" : "********";
    }
    return value.replaceAll("://[^/@\\s]+@", "://********@");
  }
}
