package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AppConfigTest {
  @TempDir Path directory;

  @Test
  void shouldOverrideDefaultsByFileThenEnvironmentThenCommandLine() throws IOException {
    Path file =
        write(
            "batch.max-clips=2\nbatch.max-delay=1s\nlabels.top-k=7\nkafka.security.protocol=SSL\n");

    AppConfig config =
        AppConfig.load(
            Map.of("labels.top-k", "1", "topics.incoming", "from-command"),
            file,
            Map.of("CLIPSTREAM_BATCH_MAX_CLIPS", "4", "CLIPSTREAM_BATCH_MAX_DELAY", "2s"),
            Map.of("batch.max-clips", "8"));

    assertThat(config.integer("batch.max-clips", 1, 100)).isEqualTo(8);
    assertThat(config.duration("batch.max-delay")).isEqualTo(Duration.ofSeconds(2));
    assertThat(config.integer("labels.top-k", 1, 100)).isEqualTo(7);
    assertThat(config.text("topics.incoming")).isEqualTo("from-command");
    assertThat(config.below("kafka."))
        .containsEntry("security.protocol", "SSL")
        .containsEntry("processing.guarantee", "exactly_once_v2");
  }

  @Test
  void shouldPassKafkaAndSerdeSettingsOfTheEnvironmentThrough() {
    AppConfig config =
        AppConfig.load(
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

    assertThatThrownBy(() -> AppConfig.load(Map.of(), file, Map.of(), Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessage("unknown key batch.max-clip in " + file + ", did you mean batch.max-clips?");
    assertThatThrownBy(
            () ->
                AppConfig.load(Map.of(), null, Map.of("CLIPSTREAM_BATCH_MAX_CLIP", "1"), Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "the environment variable CLIPSTREAM_BATCH_MAX_CLIP sets nothing,"
                + " did you mean CLIPSTREAM_BATCH_MAX_CLIPS?");
  }

  @ParameterizedTest
  @CsvSource({"1,1", "512MiB,536870912", "1.5 KiB,1536", "2gib,2147483648"})
  void shouldReadSizes(String text, long bytes) {
    assertThat(with("fetch.max-bytes", text).bytes("fetch.max-bytes")).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"20ms,20", "1.5s,1500", "5m,300000", "4h,14400000"})
  void shouldReadTimes(String text, long millis) {
    assertThat(with("batch.max-delay", text).duration("batch.max-delay"))
        .isEqualTo(Duration.ofMillis(millis));
  }

  @Test
  void shouldSayWhatWasExpectedOfAWrongValue() {
    assertThatThrownBy(() -> with("batch.max-clips", "many").integer("batch.max-clips", 1, 1024))
        .hasMessage("batch.max-clips is 'many', expected a whole number from 1 to 1024");
    assertThatThrownBy(() -> with("batch.max-delay", "20").duration("batch.max-delay"))
        .hasMessage("batch.max-delay is '20', expected a time such as 20ms, 30s or 5m");
    assertThatThrownBy(() -> with("fetch.max-bytes", "2GB").bytes("fetch.max-bytes"))
        .hasMessage("fetch.max-bytes is '2GB', expected a size such as 512MiB");
  }

  @Test
  void shouldMaskSecrets() {
    AppConfig config =
        AppConfig.load(
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

    assertThat(config.masked())
        .doesNotContain("hunter2")
        .contains("kafka.ssl.truststore.password=********")
        .contains("serde.schema.registry.url=https://********@registry:8081")
        .contains("fetch.allow-private=10.20.0.0/16")
        .contains("batch.max-clips=16");
  }

  private static AppConfig with(String key, String value) {
    return AppConfig.load(Map.of(), null, Map.of(), Map.of(key, value));
  }

  private Path write(String text) throws IOException {
    return Files.writeString(directory.resolve("my.properties"), text);
  }
}
