package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.Settings;
import io.clipstream.streams.config.SettingsSources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
  private static final String KAFKA = "kafka.bootstrap.servers";
  private static final String REGISTRY = "serde.schema.registry.url";

  @Test
  void shouldAllowOnlyFoldersThatExist(@TempDir Path directory) throws Exception {
    Path comma = Files.createDirectory(directory.resolve("a,b"));

    assertThat(DemoCommand.existing(comma.toString(), "?", "/nonexistent")).containsExactly(comma);
  }

  @Test
  void shouldNameNoOptionsAtTheUsualPorts() throws Exception {
    Settings demo = SettingsSources.load(DemoCommand.ADDRESSES, null, Map.of(), Map.of());

    assertThat(DemoCommand.options(demo, Map.of())).isEmpty();
  }

  @Test
  void shouldNameTheOptionsThatReachADemoAtOtherPorts() throws Exception {
    Settings demo =
        SettingsSources.load(
            DemoCommand.ADDRESSES, null, Map.of(), Map.of(KAFKA, "127.0.0.1:40001"));

    assertThat(DemoCommand.options(demo, Map.of()))
        .isEqualTo(" --set " + KAFKA + "=127.0.0.1:40001");
  }

  @Test
  void shouldNameTheOptionsThatOverrideTheEnvironment() throws Exception {
    Settings demo = SettingsSources.load(DemoCommand.ADDRESSES, null, Map.of(), Map.of());
    Map<String, String> environment =
        Map.of("CLIPSTREAM_SERDE_SCHEMA_REGISTRY_URL", "http://registry:8081");

    assertThat(DemoCommand.options(demo, environment))
        .isEqualTo(" --set " + REGISTRY + "=http://127.0.0.1:18081");
  }
}
