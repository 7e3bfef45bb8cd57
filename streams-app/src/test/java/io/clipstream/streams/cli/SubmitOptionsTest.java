package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class SubmitOptionsTest {
  @Command
  private static final class Holder {
    @Mixin private SubmitOptions options;
  }

  @Test
  void shouldTakeWhatAReferenceCanSay() {
    SubmitOptions options =
        options(
            "--id=a",
            "--start=1.5",
            "--end=2",
            "--meta=camera=3",
            "--meta",
            "site=x",
            "--model=m",
            "--sha256=" + "AB".repeat(32));

    options.check(1);

    assertThat(options.startMillis()).isEqualTo(1500);
    assertThat(options.endMillis()).isEqualTo(2000);
    assertThat(options.metadata()).containsEntry("camera", "3").containsEntry("site", "x");
    assertThat(options.sha256()).isEqualTo("ab".repeat(32));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--id=x            | 2 | --id names one video, but 2 are given",
        "--sha256=ab       | 1 | --sha256 is 'ab', expected 64 hex digits",
        "--start=-1        | 1 | --start is '-1', expected seconds up to 1000000000, or a time such as"
            + " 1500ms",
        "--start=2000000000 | 1 | --start is '2000000000', expected seconds up to 1000000000, or a"
            + " time such as 1500ms",
        "--end=two         | 1 | --end is 'two', expected seconds up to 1000000000, or a time such as"
            + " 1500ms",
        "--end=0           | 1 | --end is 0, expected later than --start, 0",
        "--start=3 --end=2s | 1 | --end is 2s, expected later than --start, 3",
      })
  void shouldRefuseWhatDoesNotGoTogether(String arguments, int videos, String message) {
    SubmitOptions options = options(arguments.split(" ", -1));

    assertThatThrownBy(() -> options.check(videos))
        .isInstanceOf(UserError.class)
        .hasMessage(message);
  }

  /** Who labels a part and corrects it afterwards may write its times alike. */
  @ParameterizedTest
  @CsvSource({"4, 4000", "4.25, 4250", "4s, 4000", "1500ms, 1500", "2m, 120000", "0, 0"})
  void shouldTakePlacesInAVideoAsSecondsOrTimes(String text, long millis) {
    assertThat(options("--start=" + text).startMillis()).isEqualTo(millis);
    assertThat(OptionValues.placeMillis("--end", text)).isEqualTo(millis);
  }

  private static SubmitOptions options(String... arguments) {
    Holder holder = new Holder();
    new CommandLine(holder).parseArgs(arguments);
    return holder.options;
  }
}
