package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class HelpTest {

  @ParameterizedTest
  @MethodSource("names")
  void shouldNameEachValueAndSayWhatItIs(String name) {
    CommandLine command = at(name);

    assertThat(command.getUsageMessage())
        .as("labels that picocli makes of fields, and lists that it writes out twice")
        .doesNotContain("=<")
        .doesNotContainPattern("\\[,[^\\]]*\\.\\.\\.");
    assertThat(command.getCommandSpec().options())
        .filteredOn(option -> !option.hidden())
        .allSatisfy(option -> assertThat(option.description()).isNotEmpty());
  }

  @Test
  void shouldTellTheDefaultsOfPredict() {
    assertThat(at("clipstream predict").getUsageMessage()).contains("Labels to print (5)");
  }

  @Test
  void shouldTellTheCommandsThatThereAre() {
    assertThat(names())
        .contains("clipstream model wrap", "clipstream topics create", "clipstream bench classify");
  }

  private static Stream<String> names() {
    return all(Clipstream.commandLine()).map(line -> line.getCommandSpec().qualifiedName());
  }

  private static CommandLine at(String name) {
    return all(Clipstream.commandLine())
        .filter(line -> line.getCommandSpec().qualifiedName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Stream<CommandLine> all(CommandLine line) {
    return Stream.concat(
        Stream.of(line), line.getSubcommands().values().stream().flatMap(HelpTest::all));
  }
}
