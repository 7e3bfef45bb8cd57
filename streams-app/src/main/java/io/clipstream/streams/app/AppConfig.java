package io.clipstream.streams.app;

import io.clipstream.model.Nearest;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The settings in force: {@code defaults.properties}, overridden by the user's file, by the
 * environment, by the command line, in this order. Keys that the defaults do not name are refused,
 * except {@code kafka.*} and {@code serde.*}, which belong to those clients.
 */
public final class AppConfig {
  private static final String ENVIRONMENT = "CLIPSTREAM_";
  private static final List<String> PASSED_THROUGH = List.of("kafka.", "serde.");

  /** Read by the launcher and the log. */
  private static final Set<String> LAUNCHER =
      Set.of("CLIPSTREAM_JAVA_OPTS", "CLIPSTREAM_LOG_LEVEL");

  private static final Pattern SECRET =
      Pattern.compile(
          "password|passphrase|secret|token|user\\.info|jaas|credentials|private\\.key"
              + "|request\\.header|\\.key$");
  private static final Pattern QUANTITY = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([A-Za-z]*)");
  private static final Map<String, Long> SIZES =
      Map.of("", 1L, "b", 1L, "kib", 1L << 10, "mib", 1L << 20, "gib", 1L << 30, "tib", 1L << 40);
  private static final Map<String, Long> MILLIS =
      Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "min", 60_000L, "h", 3_600_000L);

  private final Map<String, String> values;

  private AppConfig(Map<String, String> values) {
    this.values = values;
  }

  /** The defaults alone. */
  public static AppConfig defaults() {
    return load(Map.of(), null, Map.of(), Map.of());
  }

  /**
   * Reads and checks the settings.
   *
   * @param fallbacks a command's own defaults, by key
   * @param file the user's properties, or null
   * @param environment as {@link System#getenv()}
   * @param overrides of the command line, by key
   * @throws UserError for a file that cannot be read and for keys that nobody knows
   */
  public static AppConfig load(
      Map<String, String> fallbacks,
      Path file,
      Map<String, String> environment,
      Map<String, String> overrides) {
    Map<String, String> values = readDefaults();
    Set<String> known = Set.copyOf(values.keySet());
    put(values, known, fallbacks, "the command's defaults");
    if (file != null) {
      put(values, known, read(file), file.toString());
    }
    put(values, known, fromEnvironment(environment, known), "the environment");
    put(values, known, overrides, "--set");
    return new AppConfig(values);
  }

  private static Map<String, String> readDefaults() {
    try (InputStream in = AppConfig.class.getResourceAsStream("defaults.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return toMap(properties);
    } catch (IOException e) {
      throw new IllegalStateException("defaults.properties cannot be read", e);
    }
  }

  private static Map<String, String> read(Path file) {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(in);
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(
          "cannot read the configuration " + file + ": expected a properties file (" + e + ")", e);
    }
    return toMap(properties);
  }

  private static Map<String, String> toMap(Properties properties) {
    Map<String, String> map = new TreeMap<>();
    properties.stringPropertyNames().forEach(k -> map.put(k, properties.getProperty(k).trim()));
    return map;
  }

  private static Map<String, String> fromEnvironment(
      Map<String, String> environment, Set<String> known) {
    Map<String, String> byVariable =
        known.stream().collect(Collectors.toMap(AppConfig::variable, Function.identity()));
    Map<String, String> found = new HashMap<>();
    environment.forEach(
        (name, value) -> {
          if (!name.startsWith(ENVIRONMENT) || LAUNCHER.contains(name)) {
            return;
          }
          String guessed =
              name.substring(ENVIRONMENT.length()).toLowerCase(Locale.ROOT).replace('_', '.');
          String key = byVariable.getOrDefault(name, guessed);
          if (!known.contains(key) && PASSED_THROUGH.stream().noneMatch(key::startsWith)) {
            throw new UserError(
                "the environment variable "
                    + name
                    + " sets nothing"
                    + Nearest.hint(name, byVariable.keySet()));
          }
          found.put(key, value.trim());
        });
    return found;
  }

  private static String variable(String key) {
    return ENVIRONMENT + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  private static void put(
      Map<String, String> values, Set<String> known, Map<String, String> from, String where) {
    from.forEach(
        (key, value) -> {
          if (!known.contains(key) && PASSED_THROUGH.stream().noneMatch(key::startsWith)) {
            throw new UserError("unknown key " + key + " in " + where + Nearest.hint(key, known));
          }
          values.put(key, value);
        });
  }

  /** The value as text. */
  public String text(String key) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no such setting: " + key);
    }
    return value;
  }

  /** A whole number within bounds. */
  public int integer(String key, int min, int max) {
    try {
      int value = Integer.parseInt(text(key));
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // reported below, as a number out of bounds is
    }
    throw wrong(key, "a whole number from " + min + " to " + max);
  }

  /** As {@link #integer}, or the fallback where the value is {@code auto}. */
  public int integerOrAuto(String key, int min, int max, int fallback) {
    return text(key).equals("auto") ? fallback : integer(key, min, max);
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String key) {
    String value = text(key);
    if (!value.equals("true") && !value.equals("false")) {
      throw wrong(key, "true or false");
    }
    return value.equals("true");
  }

  /** A number of bytes, such as {@code 512MiB}. */
  public long bytes(String key) {
    return quantity(key, SIZES, "a size such as 512MiB");
  }

  /** A time, such as {@code 20ms}. */
  public Duration duration(String key) {
    return Duration.ofMillis(quantity(key, MILLIS, "a time such as 20ms, 30s or 5m"));
  }

  /** Values between commas; empty ones are left out. */
  public List<String> list(String key) {
    List<String> list = new ArrayList<>();
    for (String item : text(key).split(",", -1)) {
      if (!item.isBlank()) {
        list.add(item.trim());
      }
    }
    return list;
  }

  /** The settings below a prefix, without it: {@code kafka.} gives Kafka's own. */
  public Map<String, String> below(String prefix) {
    Map<String, String> below = new TreeMap<>();
    values.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) {
            below.put(key.substring(prefix.length()), value);
          }
        });
    return below;
  }

  /** Every setting in force, secrets masked, a line each, in the order of their keys. */
  public String masked() {
    return values.entrySet().stream()
        .map(e -> e.getKey() + "=" + mask(e.getKey(), e.getValue()))
        .collect(Collectors.joining("\n"));
  }

  private static String mask(String key, String value) {
    if (SECRET.matcher(key).find()) {
      return value.isEmpty() ? "" : "********";
    }
    return value.replaceAll("://[^/@\\s]+@", "://********@");
  }

  private long quantity(String key, Map<String, Long> units, String expected) {
    Matcher matcher = QUANTITY.matcher(text(key));
    Long unit = matcher.matches() ? units.get(matcher.group(2).toLowerCase(Locale.ROOT)) : null;
    if (unit == null) {
      throw wrong(key, expected);
    }
    return Math.round(Double.parseDouble(matcher.group(1)) * unit);
  }

  private UserError wrong(String key, String expected) {
    return new UserError(key + " is '" + text(key) + "', expected " + expected);
  }
}
