package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private static final Bounds<Long> SIZE = Bounds.of(1L, 1L << 40);
  private static final Bounds<Duration> TIME = Bounds.of(Duration.ofMillis(1), Duration.ofDays(1));

  @ParameterizedTest
  @CsvSource({
    "1,1",
    "512MiB,536870912",
    "1.5 KiB,1536",
    "2gib,2147483648",
    "1TiB,1099511627776",
    "7B,7"
  })
  void shouldReadSizes(String text, long bytes) {
    assertThat(of(text).bytes("key", SIZE)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"20ms,20", "1.5s,1500", "5m,300000", "5min,300000", "4h,14400000"})
  void shouldReadTimes(String text, long millis) {
    assertThat(of(text).duration("key", TIME)).isEqualTo(Duration.ofMillis(millis));
  }

  @Test
  void shouldReadLists() {
    assertThat(of("a, b,,c ,").list("key")).containsExactly("a", "b", "c");
    assertThat(of("").list("key")).isEmpty();
    assertThat(of("a, b").texts("key")).containsExactly("a", "b");
    assertThat(of("1, 2").integers("key")).containsExactly(1, 2);
    assertThat(of("0.5,2").numbers("key")).containsExactly(0.5, 2.0);
    assertThat(of("0.5,2").range("key")).containsExactly(0.5, 2.0);
  }

  @Test
  void shouldBlameTheValueThatWasSetLast() {
    Settings settings = new Settings("defaults", Map.of("least", "5", "most", "8"));
    settings.override("--set", Map.of("least", "10"));

    assertThatThrownBy(() -> settings.ordered("least", 10, "most", 8))
        .hasMessage("--set: least is '10', expected at most most, 8");

    settings.override("file", Map.of("most", "9"));
    assertThatThrownBy(() -> settings.ordered("least", 10, "most", 9))
        .hasMessage("file: most is '9', expected at least least, 10");
  }

  @Test
  void shouldSayWhatWasExpectedOfAWrongValue() {
    wrong("many", s -> s.integer("key", Bounds.of(1, 1024)), "a whole number from 1 to 1024");
    wrong("0", s -> s.integer("key", Bounds.of(1, 1024)), "a whole number from 1 to 1024");
    wrong("99999999999", s -> s.integer("key", 1), "a whole number of at least 1");
    wrong("-1", s -> s.wholeNumber("key", SIZE), "a whole number from 1 to 1099511627776");
    wrong("2", s -> s.number("key", 0, 0.9), "a number from 0.0 to 0.9");
    wrong("NaN", s -> s.number("key", 0, 0.9), "a number from 0.0 to 0.9");
    wrong("", s -> s.path("key", Path.of("folder")), "a path");
    wrong("yes", s -> s.flag("key"), "true or false");
    wrong("20", s -> s.duration("key", TIME), "a time from 1ms to 24h");
    wrong("0s", s -> s.duration("key", TIME), "a time from 1ms to 24h");
    wrong("2GB", s -> s.bytes("key", SIZE), "a size from 1B to 1TiB");
    wrong("999999999999999999TiB", s -> s.bytes("key", SIZE), "a size from 1B to 1TiB");
    wrong("1;2", s -> s.integers("key"), "whole numbers separated by commas");
    wrong("1,x", s -> s.numbers("key"), "numbers separated by commas");
    wrong("1,NaN", s -> s.numbers("key"), "numbers separated by commas");
    wrong(",", s -> s.numbers("key"), "numbers separated by commas");
    wrong("NaN,NaN", s -> s.range("key"), "two numbers low,high");
    wrong("2,1", s -> s.range("key"), "two numbers low,high");
    wrong("0,Infinity", s -> s.range("key"), "two numbers low,high");
    wrong("0,1", s -> s.range("key", Bounds.of(0.5, 9.0)), "two numbers low,high from 0.5 to 9.0");
    wrong(
        "-1",
        s -> s.numbers("key", Bounds.of(0.5, 9.0)),
        "numbers from 0.5 to 9.0 separated by commas");
    wrong("1", s -> s.range("key"), "two numbers low,high");
    wrong("1,2,3", s -> s.range("key"), "two numbers low,high");
    wrong("", s -> s.integer("key", 1), "a whole number of at least 1");
  }

  @Test
  void shouldNameWhereAWrongValueCameFrom() {
    Settings settings = new Settings("file", Map.of("a", "1", "b", "1", "c", "1"));
    settings.override("VARIABLE", Map.of("b", "x", "c", "x"));
    settings.override("--set", Map.of("c", "y"));
    settings.otherwise(Map.of("a", "9", "d", "2"));

    assertThat(settings.integer("a", 0)).isEqualTo(1);
    assertThat(settings.integer("d", 0)).isEqualTo(2);
    assertThatThrownBy(() -> settings.integer("b", 0)).hasMessageStartingWith("VARIABLE: b is 'x'");
    assertThatThrownBy(() -> settings.integer("c", 0)).hasMessageStartingWith("--set: c is 'y'");
    assertThatThrownBy(() -> settings.text("e"))
        .isInstanceOf(UserError.class)
        .hasMessage("file does not set e, expected a value");
  }

  @Test
  void shouldAddWhatAParserSays() {
    assertThatThrownBy(
            () ->
                of("x")
                    .value(
                        "key",
                        "a port",
                        text -> {
                          throw new IllegalArgumentException("x is no port");
                        }))
        .isInstanceOf(UserError.class)
        .hasMessage("file: key is 'x', expected a port: x is no port");
  }

  @Test
  void shouldRejectWhatNothingAskedFor() {
    Settings settings = new Settings("file", Map.of("epochs", "3"));
    settings.override("--set", Map.of("epocs", "4"));
    settings.integer("epochs", 1);

    assertThatThrownBy(settings::rejectUnknown)
        .isInstanceOf(UserError.class)
        .hasMessage("--set: unknown key epocs, did you mean epochs?");
  }

  private static void wrong(String text, Consumer<Settings> read, String expected) {
    assertThatThrownBy(() -> read.accept(of(text)))
        .isInstanceOf(UserError.class)
        .hasMessage("file: key is '" + text + "', expected " + expected);
  }

  private static Settings of(String text) {
    return new Settings("file", Map.of("key", text));
  }
}
