package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.SettingsSources;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientCheckTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kafka.bootstrap.servers | no.such.host.invalid:9092 | there is no host no.such.host.invalid",
        "kafka.main.consumer.session.timeout.ms | 1 | eartbeat",
        "kafka.heartbeat.interval.ms | 20000 | eartbeat",
        "kafka.security.protocol | SASL_PLAINTEXT | JAAS",
        "kafka.security.protocol | SASL_SSL | JAAS",
        "kafka.metric.reporters | foo.Bar | foo.Bar",
        "kafka.producer.transaction.timeout.ms | 50 | 50",
        "kafka.producer.acks | 1 | acks",
        "kafka.default.deserialization.exception.handler | java.lang.String | java.lang.String",
      })
  void shouldNameKeySourceAndCauseOfWhatTheClientsRefuse(String key, String value, String cause) {
    assertThatThrownBy(() -> check(Map.of(key, value)))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("--set: " + key)
        .hasMessageContaining(cause)
        .hasMessageNotContaining("\n");
  }

  @Test
  void shouldNameAStoreThatIsNotThere() {
    assertThatThrownBy(
            () ->
                check(
                    Map.of(
                        "kafka.security.protocol", "SSL",
                        "kafka.ssl.truststore.location", "/nowhere.jks")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("/nowhere.jks: no such file")
        .hasMessageStartingWith("--set: kafka.s");
  }

  @Test
  void shouldNotShowASecret() {
    assertThatThrownBy(
            () ->
                check(
                    Map.of(
                        "kafka.security.protocol", "SASL_PLAINTEXT",
                        "kafka.sasl.mechanism", "PLAIN",
                        "kafka.sasl.jaas.config", "hunter2")))
        .isInstanceOf(UserError.class)
        .satisfies(e -> assertThat(e.getMessage()).contains("kafka.sasl.jaas.config"));
  }

  @Test
  void shouldTakeWhatClientsTakeWithoutABroker() {
    assertThatCode(() -> check(Map.of("kafka.bootstrap.servers", "127.0.0.1:1")))
        .doesNotThrowAnyException();
  }

  private static void check(Map<String, String> values) throws IOException {
    Settings settings = SettingsSources.load(Map.of(), null, Map.of(), values);
    ClientCheck.require(settings, ConnectionSettings.read(settings));
  }
}
