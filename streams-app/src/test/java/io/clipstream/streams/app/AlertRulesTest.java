package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The alerts' rules: as Prometheus reads them, as they fire, and with a runbook for each. */
class AlertRulesTest {
  private static final Path PROMETHEUS = Path.of("../ops/prometheus");

  @Test
  void shouldBeWhatPrometheusReads() throws Exception {
    promtool("check", "config", "prometheus.yml");
  }

  @Test
  void shouldFireWhenTheirTestsSay() throws Exception {
    promtool("test", "rules", "alerts.test.yml");
  }

  @Test
  void shouldHaveARunbookAndATestEach() throws IOException {
    List<String> alerts = matches("alerts.yml", "alert: (\\w+)");
    String runbook = Files.readString(PROMETHEUS.resolve("runbook.md"));
    String rules = Files.readString(PROMETHEUS.resolve("alerts.yml"));

    assertThat(alerts).hasSizeGreaterThan(8).doesNotHaveDuplicates();
    assertThat(matches("alerts.test.yml", "alertname: (\\w+)")).containsAll(alerts);
    for (String alert : alerts) {
      assertThat(runbook).contains("\n## " + alert + "\n");
      assertThat(rules).contains("runbook.md#" + alert.toLowerCase(Locale.ROOT) + "\"");
    }
  }

  private static List<String> matches(String file, String pattern) throws IOException {
    return Pattern.compile(pattern)
        .matcher(Files.readString(PROMETHEUS.resolve(file)))
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }

  /** Debian's package {@code prometheus} has it; {@code PROMTOOL} names another. */
  private static void promtool(String... arguments) throws Exception {
    String tool = System.getenv().getOrDefault("PROMTOOL", "promtool");
    boolean there =
        Pattern.compile(File.pathSeparator)
            .splitAsStream("." + File.pathSeparator + System.getenv("PATH"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder).resolve(tool)));
    assumeTrue(
        there, "there is no promtool here: Prometheus' own reading of the rules is not tried");
    ProcessBuilder process = new ProcessBuilder(tool);
    process.command().addAll(List.of(arguments));
    process.directory(PROMETHEUS.toFile()).redirectErrorStream(true);
    Process run = process.start();
    String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(run.waitFor()).as(said).isZero();
  }
}
