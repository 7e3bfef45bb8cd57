package io.clipstream.streams.config;

import io.clipstream.model.Nearest;
import io.clipstream.model.PropertiesFile;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Where the application's settings come from: {@code defaults.properties}, overridden by the
 * command's own defaults, the user's file, the environment and the command line, in this order.
 * Keys that the defaults do not name are refused, except {@code kafka.*} and {@code serde.*}, which
 * belong to those clients.
 */
public final class SettingsSources {
  private static final String ENVIRONMENT = "CLIPSTREAM_";
  private static final List<String> PASSED_THROUGH = List.of("kafka.", "serde.");

  /** Read by the launcher and the log. */
  private static final Set<String> LAUNCHER =
      Set.of("CLIPSTREAM_JAVA_OPTS", "CLIPSTREAM_LOG_LEVEL", "CLIPSTREAM_LOG_FORMAT");

  private final Settings settings;
  private final Set<String> known;

  private SettingsSources() {
    Map<String, String> defaults =
        PropertiesFile.read(SettingsSources.class, "defaults.properties");
    this.settings = new Settings("defaults.properties", defaults);
    this.known = Set.copyOf(defaults.keySet());
  }

  /** The defaults alone. */
  public static Settings defaults() {
    return new SettingsSources().settings;
  }

  /** The defaults, overridden by the environment alone. */
  public static Settings environment(Map<String, String> environment) throws IOException {
    return load(Map.of(), null, environment, Map.of());
  }

  /**
   * Reads the settings; their values are not looked at yet.
   *
   * @param fallbacks a command's own defaults, by key
   * @param file the user's properties, or null
   * @param environment as {@link System#getenv()}
   * @param overrides of the command line, by key
   * @throws UserError for a file that is missing or no properties file, and for unknown keys
   */
  public static Settings load(
      Map<String, String> fallbacks,
      Path file,
      Map<String, String> environment,
      Map<String, String> overrides)
      throws IOException {
    SettingsSources sources = new SettingsSources();
    sources.add("the command's defaults", fallbacks);
    if (file != null) {
      sources.add(file.toString(), PropertiesFile.read("configuration", file));
    }
    sources.addEnvironment(environment);
    sources.add("--set", overrides);
    return sources.settings;
  }

  private void add(String origin, Map<String, String> values) {
    for (String key : values.keySet()) {
      if (!isKnown(key)) {
        throw Settings.unknown(origin, key, known);
      }
    }
    settings.override(origin, values);
  }

  private void addEnvironment(Map<String, String> environment) {
    Map<String, String> byVariable =
        known.stream().collect(Collectors.toMap(SettingsSources::variable, Function.identity()));
    new TreeMap<>(environment)
        .forEach(
            (name, value) -> {
              if (name.startsWith(ENVIRONMENT) && !LAUNCHER.contains(name)) {
                String guessed =
                    name.substring(ENVIRONMENT.length()).toLowerCase(Locale.ROOT).replace('_', '.');
                String key = byVariable.getOrDefault(name, guessed);
                if (!isKnown(key)) {
                  throw new UserError(
                      "the environment variable "
                          + name
                          + " sets nothing"
                          + Nearest.hint(name, byVariable.keySet()));
                }
                settings.override(name, Map.of(key, value.strip()));
              }
            });
  }

  private boolean isKnown(String key) {
    return known.contains(key) || PASSED_THROUGH.stream().anyMatch(key::startsWith);
  }

  private static String variable(String key) {
    return ENVIRONMENT + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }
}
