package io.clipstream.model;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and times with a unit, as settings have them: {@code 1.5GiB}, {@code 20ms}. */
public final class Quantity {
  private static final Pattern TEXT = Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?)\\s*([A-Za-z]*)");
  private static final List<Unit> BYTES =
      List.of(
          new Unit("B", 1),
          new Unit("KiB", 1L << 10),
          new Unit("MiB", 1L << 20),
          new Unit("GiB", 1L << 30),
          new Unit("TiB", 1L << 40));
  private static final List<Unit> MILLIS =
      List.of(
          new Unit("ms", 1), new Unit("s", 1000), new Unit("m", 60_000), new Unit("h", 3_600_000));

  private Quantity() {}

  private record Unit(String name, long size) {}

  /** {@code 512MiB}, or a plain number of bytes; empty for anything else. */
  public static Optional<Long> bytes(String text) {
    return parse(text.matches("\\d+") ? text + "B" : text, BYTES);
  }

  /**
   * {@code 20ms}, {@code 1.5s}, {@code 5m} or {@code 5min}, {@code 4h}; empty for anything else.
   */
  public static Optional<Duration> time(String text) {
    return parse(text.replaceFirst("(?i)min$", "m"), MILLIS).map(Duration::ofMillis);
  }

  /** In the largest unit that divides it. */
  public static String text(long bytes) {
    return text(bytes, BYTES);
  }

  /** In the largest unit that divides it; less than a millisecond is left out. */
  public static String text(Duration time) {
    return text(time.toMillis(), MILLIS);
  }

  private static Optional<Long> parse(String text, List<Unit> units) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    BigDecimal number = new BigDecimal(matcher.group(1));
    return units.stream()
        .filter(unit -> unit.name().equalsIgnoreCase(matcher.group(2)))
        .map(unit -> number.multiply(BigDecimal.valueOf(unit.size())))
        .map(value -> value.min(BigDecimal.valueOf(Long.MAX_VALUE)).longValue())
        .findFirst();
  }

  private static String text(long value, List<Unit> units) {
    Unit largest = units.get(0);
    for (Unit unit : units) {
      if (value != 0 && value % unit.size() == 0) {
        largest = unit;
      }
    }
    return value / largest.size() + largest.name();
  }
}
