package io.clipstream.streams.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsSourcesTest {
  @TempDir Path directory;

  @Test
  void shouldOverrideDefaultsByFileThenEnvironmentThenCommandLine() throws IOException {
    Path file =
        write(
            "batch.max-clips=2\nbatch.max-delay=1s\nlabels.top-k=7\nkafka.security.protocol=SSL\n");

    Settings config =
        SettingsSources.load(
            Map.of("labels.top-k", "1", "topics.incoming", "from-command"),
            file,
            Map.of("CLIPSTREAM_BATCH_MAX_CLIPS", "4", "CLIPSTREAM_BATCH_MAX_DELAY", "2s"),
            Map.of("batch.max-clips", "8"));

    assertThat(config.integer("batch.max-clips", 1)).isEqualTo(8);
    assertThat(config.text("batch.max-delay")).isEqualTo("2s");
    assertThat(config.integer("labels.top-k", 1)).isEqualTo(7);
    assertThat(config.text("topics.incoming")).isEqualTo("from-command");
    assertThat(config.below("kafka."))
        .containsEntry("security.protocol", "SSL")
        .containsEntry("processing.guarantee", "exactly_once_v2");
  }

  @Test
  void shouldPassKafkaAndSerdeSettingsOfTheEnvironmentThrough() throws IOException {
    Settings config =
        SettingsSources.load(
            Map.of(),
            null,
            Map.of(
                "CLIPSTREAM_KAFKA_BOOTSTRAP_SERVERS", "broker:1",
                "CLIPSTREAM_KAFKA_SASL_MECHANISM", "PLAIN",
                "CLIPSTREAM_SERDE_AUTO_REGISTER_SCHEMAS", "false",
                "CLIPSTREAM_JAVA_OPTS", "-Xmx1g",
                "PATH", "/bin"),
            Map.of());

    assertThat(config.below("kafka."))
        .containsEntry("bootstrap.servers", "broker:1")
        .containsEntry("sasl.mechanism", "PLAIN");
    assertThat(config.below("serde.")).containsEntry("auto.register.schemas", "false");
  }

  @Test
  void shouldNameTheNearestKeyForAnUnknownOne() throws IOException {
    Path file = write("batch.max-clip=2\n");

    assertThatThrownBy(() -> SettingsSources.load(Map.of(), file, Map.of(), Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessage(file + ": unknown key batch.max-clip, did you mean batch.max-clips?");
    assertThatThrownBy(
            () ->
                SettingsSources.load(
                    Map.of(), null, Map.of("CLIPSTREAM_BATCH_MAX_CLIP", "1"), Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "the environment variable CLIPSTREAM_BATCH_MAX_CLIP sets nothing,"
                + " did you mean CLIPSTREAM_BATCH_MAX_CLIPS?");
  }

  @Test
  void shouldRefuseAKeyThatAFileSetsTwice() throws IOException {
    Path file = write("batch.max-clips=2\nlabels.top-k=1\nbatch.max-clips=4\n");

    assertThatThrownBy(() -> SettingsSources.load(Map.of(), file, Map.of(), Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessage(file + ": batch.max-clips is set more than once, expected each key once");
  }

  @Test
  void shouldNameTheSourceOfAWrongValue() throws IOException {
    Path file = write("batch.max-clips=many\n");
    String expected = "batch.max-clips is 'many', expected a whole number from 1 to 1024";

    assertThatThrownBy(() -> read(SettingsSources.load(Map.of(), file, Map.of(), Map.of())))
        .hasMessage(file + ": " + expected);
    assertThatThrownBy(
            () -> read(SettingsSources.environment(Map.of("CLIPSTREAM_BATCH_MAX_CLIPS", "many"))))
        .hasMessage("CLIPSTREAM_BATCH_MAX_CLIPS: " + expected);
    assertThatThrownBy(
            () ->
                read(
                    SettingsSources.load(
                        Map.of(), null, Map.of(), Map.of("batch.max-clips", "many"))))
        .hasMessage("--set: " + expected);
  }

  @Test
  void shouldMaskSecrets() throws IOException {
    Settings config =
        SettingsSources.load(
            Map.of(),
            null,
            Map.of(),
            Map.of(
                "kafka.sasl.jaas.config", "login password=hunter2",
                "kafka.ssl.truststore.password", "hunter2",
                "kafka.sasl.oauthbearer.assertion.private.key.passphrase", "hunter2",
                "serde.basic.auth.user.info", "me:hunter2",
                "serde.request.header.Authorization", "Bearer hunter2",
                "serde.schema.registry.url", "https://me:hunter2@registry:8081",
                "fetch.allow-private", "10.20.0.0/16"));

    assertThat(MaskedSettings.of(config))
        .doesNotContain("hunter2")
        .contains("kafka.ssl.truststore.password=********")
        .contains("serde.schema.registry.url=https://********@registry:8081")
        .contains("fetch.allow-private=10.20.0.0/16")
        .contains("batch.max-clips=16");
  }

  private static AppSettings read(Settings settings) {
    return AppSettings.read(settings);
  }

  private Path write(String text) throws IOException {
    return Files.writeString(directory.resolve("my.properties"), text);
  }
}
