package io.clipstream.model;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Keys and values, from a file or from several sources of which later ones win. Remembers where
 * each value came from, for messages, and which keys were asked for, so that {@link #rejectUnknown}
 * can name a misspelt one. What is wrong with a value is a {@link UserError}: {@code ORIGIN: KEY is
 * 'VALUE', expected ...}. Not for several threads.
 */
public final class Settings {
  private final String origin;
  private final TreeMap<String, Entry> entries = new TreeMap<>();
  private final Set<String> known = new TreeSet<>();
  private int sources;

  /**
   * @param source number of the source that it came from; later ones win
   */
  private record Entry(String text, String origin, int source) {}

  /**
   * @param origin of the values, such as a file's name
   */
  public Settings(String origin, Map<String, String> values) {
    this.origin = origin;
    override(origin, values);
  }

  /**
   * Reads a recipe.
   *
   * @param overrides of the command line; they win over the file
   * @throws UserError if it is no properties file, see {@link PropertiesFile}
   */
  public static Settings read(Path file, Map<String, String> overrides) throws IOException {
    Settings settings = new Settings(file.toString(), PropertiesFile.read("recipe", file));
    settings.override("--set", overrides);
    return settings;
  }

  /** Sets keys, whether or not they were set before. */
  public void override(String from, Map<String, String> values) {
    sources++;
    values.forEach((key, value) -> entries.put(key, new Entry(value, from, sources)));
  }

  /** Sets keys that were not set. */
  public void otherwise(Map<String, String> defaults) {
    defaults.forEach((key, value) -> entries.putIfAbsent(key, new Entry(value, origin, 0)));
  }

  /** Everything that was set, sorted by key. */
  public Map<String, String> asMap() {
    return below("");
  }

  /** What was set below a prefix, without it: {@code kafka.} gives Kafka's own. */
  public Map<String, String> below(String prefix) {
    Map<String, String> below = new TreeMap<>();
    entries.forEach(
        (key, entry) -> {
          if (key.startsWith(prefix)) {
            below.put(key.substring(prefix.length()), entry.text());
          }
        });
    return below;
  }

  public boolean has(String key) {
    known.add(key);
    return entries.containsKey(key);
  }

  public String text(String key) {
    return value(key, "a value", s -> s);
  }

  public String text(String key, String otherwise) {
    return has(key) ? text(key) : otherwise;
  }

  public int integer(String key, int least) {
    return value(key, "a whole number of at least " + least, s -> atLeast(least, s));
  }

  public int integer(String key, Bounds<Integer> bounds) {
    return value(key, "a whole number from " + bounds, s -> within(bounds, Integer.valueOf(s)));
  }

  /** As {@link #integer(String, Bounds)}, for larger ones. */
  public long wholeNumber(String key, Bounds<Long> bounds) {
    return value(key, "a whole number from " + bounds, s -> within(bounds, Long.valueOf(s)));
  }

  public double number(String key, double least, double most) {
    Bounds<Double> bounds = Bounds.of(least, most);
    return value(key, "a number from " + bounds, s -> within(bounds, Double.valueOf(s)));
  }

  /** {@code true} or {@code false}. */
  public boolean flag(String key) {
    return value(
        key,
        "true or false",
        s -> s.equals("true") ? Boolean.TRUE : s.equals("false") ? Boolean.FALSE : null);
  }

  public boolean flag(String key, boolean otherwise) {
    return has(key) ? flag(key) : otherwise;
  }

  /** A number of bytes, such as {@code 512MiB}. */
  public long bytes(String key, Bounds<Long> bounds) {
    return value(
        key,
        "a size from " + Quantity.text(bounds.least()) + " to " + Quantity.text(bounds.most()),
        s -> Quantity.bytes(s).filter(bounds::contain).orElse(null));
  }

  /** A time, such as {@code 20ms}, {@code 30s} or {@code 5m}. */
  public Duration duration(String key, Bounds<Duration> bounds) {
    return value(
        key, "a time from " + bounds, s -> Quantity.time(s).filter(bounds::contain).orElse(null));
  }

  /** Values between commas. */
  public List<String> texts(String key) {
    return Arrays.stream(text(key).split(",")).map(String::strip).toList();
  }

  /** Values between commas, of which there may be none; blank ones are left out. */
  public List<String> list(String key) {
    return texts(key).stream().filter(item -> !item.isEmpty()).toList();
  }

  public List<Integer> integers(String key) {
    return value(
        key,
        "whole numbers separated by commas",
        s -> Arrays.stream(s.split(",", -1)).map(String::strip).map(Integer::valueOf).toList());
  }

  public List<Double> numbers(String key) {
    return value(
        key,
        "numbers separated by commas",
        s -> Arrays.stream(s.split(",", -1)).map(Settings::finite).toList());
  }

  /** Numbers within bounds, separated by commas. */
  public List<Double> numbers(String key, Bounds<Double> bounds) {
    return value(
        key,
        "numbers from " + bounds + " separated by commas",
        s -> {
          List<Double> numbers = Arrays.stream(s.split(",", -1)).map(Settings::finite).toList();
          return numbers.stream().allMatch(bounds::contain) ? numbers : null;
        });
  }

  /**
   * A path.
   *
   * @param folder that a relative one is meant from
   */
  public Path path(String key, Path folder) {
    return value(key, "a path", text -> text.isEmpty() ? null : folder.resolve(text).normalize());
  }

  /** Two finite numbers {@code low,high}, the low one not above the high one. */
  public double[] range(String key) {
    return range(key, Bounds.of(-Double.MAX_VALUE, Double.MAX_VALUE), "two numbers low,high");
  }

  /** Two numbers {@code low,high} within bounds, the low one not above the high one. */
  public double[] range(String key, Bounds<Double> bounds) {
    return range(key, bounds, "two numbers low,high from " + bounds);
  }

  private double[] range(String key, Bounds<Double> bounds, String expected) {
    return value(
        key,
        expected,
        s -> {
          double[] parts = Arrays.stream(s.split(",", -1)).mapToDouble(Settings::finite).toArray();
          return parts.length == 2
                  && parts[0] <= parts[1]
                  && bounds.contain(parts[0])
                  && bounds.contain(parts[1])
              ? parts
              : null;
        });
  }

  /**
   * Two values of which one may not be more than the other. What is wrong is told of the one that
   * came from the later source: the defaults are not to blame.
   */
  public <T extends Comparable<T>> void ordered(String lesser, T least, String greater, T most) {
    if (least.compareTo(most) > 0) {
      throw entries.get(lesser).source() > entries.get(greater).source()
          ? wrong(lesser, "at most " + greater + ", " + entries.get(greater).text())
          : wrong(greater, "at least " + lesser + ", " + entries.get(lesser).text());
    }
  }

  /**
   * A value of any kind.
   *
   * @param expected what the value should be, for the message
   * @param parse gives null, or throws an IllegalArgumentException or a UserError, whose message is
   *     added, for a value that is wrong
   */
  public <T> T value(String key, String expected, Function<String, T> parse) {
    known.add(key);
    Entry entry = entries.get(key);
    if (entry == null) {
      throw new UserError(origin + " does not set " + key + ", expected " + expected);
    }
    T value;
    try {
      value = parse.apply(entry.text().strip());
    } catch (NumberFormatException e) {
      value = null;
    } catch (IllegalArgumentException | UserError e) {
      throw wrong(key, expected + ": " + e.getMessage());
    }
    if (value == null) {
      throw wrong(key, expected);
    }
    return value;
  }

  /** The error that says that the value of a key which was set cannot be used. */
  public UserError wrong(String key, String expected) {
    Entry entry = entries.get(key);
    return new UserError(
        entry.origin() + ": " + key + " is '" + entry.text() + "', expected " + expected);
  }

  /** As {@link #wrong}, but without the value: it may be a secret, or wrong beside others alone. */
  public UserError refused(String key, String reason) {
    return new UserError(entries.get(key).origin() + ": " + key + " cannot be used: " + reason);
  }

  /** Throws if a key was set that nothing asked for, with the nearest known one. */
  public void rejectUnknown() {
    entries.forEach(
        (key, entry) -> {
          if (!known.contains(key)) {
            throw unknown(entry.origin(), key, known);
          }
        });
  }

  /** The error that says that a key is none of the known ones. */
  public static UserError unknown(String origin, String key, Collection<String> known) {
    if (key.isEmpty()) {
      return new UserError(origin + ": a value has no key, expected KEY=VALUE");
    }
    return new UserError(origin + ": unknown key " + key + Nearest.hint(key, known));
  }

  /**
   * @throws NumberFormatException also for NaN and infinities, which Java's parser takes
   */
  private static double finite(String text) {
    double number = Double.parseDouble(text.strip());
    if (!Double.isFinite(number)) {
      throw new NumberFormatException(text);
    }
    return number;
  }

  private static Integer atLeast(int least, String text) {
    return within(Bounds.of(least, Integer.MAX_VALUE), Integer.valueOf(text));
  }

  private static <T extends Comparable<T>> T within(Bounds<T> bounds, T value) {
    return Optional.of(value).filter(bounds::contain).orElse(null);
  }
}
