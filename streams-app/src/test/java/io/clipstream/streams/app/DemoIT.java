package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application as a user starts it: by the launcher, from the jars. */
class DemoIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;

  @Test
  void shouldGiveEveryBundledClipItsOutcomeAndEnd() throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");

    int code = start(out, err, "demo", "--exit", "--json");

    assertThat(code).as(Files.readString(err)).isZero();
    Map<String, JsonNode> outcomes = new HashMap<>();
    for (String line : Files.readAllLines(out)) {
      JsonNode outcome = JSON.readTree(line);
      assertThat(outcomes.put(outcome.get("id").asText(), outcome)).as("two outcomes").isNull();
    }
    List<DemoClip> clips = DemoClip.bundled();
    assertThat(clips).hasSizeGreaterThanOrEqualTo(12);
    assertThat(outcomes).hasSameSizeAs(clips);
    for (DemoClip clip : clips) {
      JsonNode outcome = outcomes.get(clip.file());
      String got =
          outcome.get("type").asText().equals("labelled")
              ? outcome.get("labels").get(0).get("name").asText()
              : outcome.get("reason").asText();
      assertThat(got).as(clip.file()).isEqualTo(clip.expected());
    }
    assertThat(Files.readString(err)).as("the log").isEmpty();
  }

  private static int start(Path out, Path err, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("../clipstream"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("ended").isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }
}
