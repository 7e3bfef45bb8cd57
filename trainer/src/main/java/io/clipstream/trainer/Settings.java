package io.clipstream.trainer;

import io.clipstream.model.Nearest;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Keys and values of a recipe. Remembers which keys were asked for, so that {@link #rejectUnknown}
 * can tell a misspelt one. Errors name file, key, value and what was expected.
 */
final class Settings {
  private final String origin;
  private final TreeMap<String, String> values;
  private final Set<String> known = new TreeSet<>();

  Settings(String origin, Map<String, String> values) {
    this.origin = origin;
    this.values = new TreeMap<>(values);
  }

  /**
   * Reads a properties file.
   *
   * @param overrides win over the file
   */
  static Settings read(Path file, Map<String, String> overrides) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "no recipe at " + file + "; expected a properties file" + Nearest.hint(file));
    }
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    } catch (IllegalArgumentException | java.nio.charset.CharacterCodingException e) {
      throw new IllegalArgumentException(file + " is not a properties file: " + e.getMessage(), e);
    }
    TreeMap<String, String> values = new TreeMap<>();
    properties.stringPropertyNames().forEach(k -> values.put(k, properties.getProperty(k)));
    values.putAll(overrides);
    return new Settings(file.toString(), values);
  }

  /** Sets keys that were not set. */
  void otherwise(Map<String, String> defaults) {
    defaults.forEach(values::putIfAbsent);
  }

  /** Everything that was set, sorted by key. */
  Map<String, String> asMap() {
    return new TreeMap<>(values);
  }

  boolean has(String key) {
    known.add(key);
    return values.containsKey(key);
  }

  String text(String key) {
    return value(key, "a value", s -> s);
  }

  String text(String key, String otherwise) {
    return has(key) ? text(key) : otherwise;
  }

  int integer(String key, int least) {
    return value(
        key,
        "a whole number of at least " + least,
        s -> {
          int n = Integer.parseInt(s);
          return n >= least ? n : null;
        });
  }

  double number(String key, double least, double most) {
    return value(
        key,
        "a number from " + least + " to " + most,
        s -> {
          double n = Double.parseDouble(s);
          return n >= least && n <= most ? n : null;
        });
  }

  boolean flag(String key, boolean otherwise) {
    if (!has(key)) {
      return otherwise;
    }
    return value(
        key,
        "true or false",
        s -> s.equals("true") ? Boolean.TRUE : s.equals("false") ? Boolean.FALSE : null);
  }

  List<String> texts(String key) {
    return Arrays.stream(text(key).split(",")).map(String::strip).toList();
  }

  List<Integer> integers(String key) {
    return value(
        key,
        "whole numbers separated by commas",
        s -> Arrays.stream(s.split(",")).map(String::strip).map(Integer::valueOf).toList());
  }

  List<Double> numbers(String key) {
    return value(
        key,
        "numbers separated by commas",
        s -> Arrays.stream(s.split(",")).map(String::strip).map(Double::valueOf).toList());
  }

  /** Two numbers {@code low,high}. */
  double[] range(String key) {
    return value(
        key,
        "two numbers low,high",
        s -> {
          String[] parts = s.split(",", -1);
          if (parts.length != 2) {
            return null;
          }
          return new double[] {
            Double.parseDouble(parts[0].strip()), Double.parseDouble(parts[1].strip())
          };
        });
  }

  private <T> T value(String key, String expected, Function<String, T> parse) {
    known.add(key);
    String text = values.get(key);
    if (text == null) {
      throw new IllegalArgumentException(
          origin + " does not set " + key + ", expected " + expected);
    }
    T value;
    try {
      value = parse.apply(text.strip());
    } catch (NumberFormatException e) {
      value = null;
    }
    if (value == null) {
      throw new IllegalArgumentException(
          origin + ": " + key + " is " + text + ", expected " + expected);
    }
    return value;
  }

  /** Throws if a key was set that nothing asked for, with the nearest known one. */
  void rejectUnknown() {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            origin + ": unknown key " + key + Nearest.hint(key, known));
      }
    }
  }
}
