package io.clipstream.streams.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.Settings;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UnknownSettingsTest {
  @Test
  void shouldNameTheNearestKnownSetting() throws Exception {
    assertThat(warnings("kafka.bootstrap.server", "serde.schema.registry.ulr"))
        .containsExactly(
            "kafka.bootstrap.server is no setting of Kafka's clients,"
                + " did you mean kafka.bootstrap.servers?",
            "serde.schema.registry.ulr is no setting of the serde,"
                + " did you mean serde.schema.registry.url?");
    assertThat(
            warnings(
                "kafka.main.consumer.max.pol.records",
                "kafka.producer.linger.sm",
                "kafka.admin.retires",
                "kafka.topic.segment.byte"))
        .extracting(line -> line.replaceAll(".*did you mean ", ""))
        .containsExactlyInAnyOrder(
            "kafka.main.consumer.max.poll.records?",
            "kafka.producer.linger.ms?",
            "kafka.admin.retries?",
            "kafka.topic.segment.bytes?");
  }

  @Test
  void shouldOnlyWarnOfSettingsLikeNoOther() throws Exception {
    assertThat(warnings("kafka.acme.audit.interceptor.endpoint"))
        .containsExactly("kafka.acme.audit.interceptor.endpoint is no setting of Kafka's clients");
  }

  @Test
  void shouldKnowTheSettingsOfClientsAndSerde() throws Exception {
    assertThat(UnknownSettings.warnings(SettingsSources.defaults())).isEmpty();
    assertThat(
            warnings(
                "kafka.sasl.jaas.config",
                "kafka.num.stream.threads",
                "kafka.max.poll.records",
                "kafka.transaction.timeout.ms",
                "kafka.restore.consumer.fetch.max.bytes",
                "kafka.global.consumer.client.rack",
                "kafka.consumer.session.timeout.ms",
                "kafka.producer.linger.ms",
                "kafka.admin.retries",
                "kafka.topic.min.insync.replicas",
                "serde.auto.register.schemas",
                "serde.schema.registry.basic.auth.user.info",
                "serde.schema.registry.ssl.truststore.location",
                "serde.request.header.X-Tenant"))
        .isEmpty();
  }

  @Test
  void shouldLeaveTheSettingsOfAnotherSerdeToIt() throws Exception {
    Settings config =
        SettingsSources.load(
            Map.of(),
            null,
            Map.of(),
            Map.of("serde.class", "com.acme.OtherSerde", "serde.context.name", "x"));

    assertThat(UnknownSettings.warnings(config)).isEmpty();
  }

  private static List<String> warnings(String... keys) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String key : keys) {
      settings.put(key, "x");
    }
    return UnknownSettings.warnings(SettingsSources.load(Map.of(), null, Map.of(), settings));
  }
}
