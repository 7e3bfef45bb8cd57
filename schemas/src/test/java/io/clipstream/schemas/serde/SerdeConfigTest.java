package io.clipstream.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.Examples;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.util.AbstractMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SerdeConfigTest {
  private static final String REFERENCE = "io.clipstream.schemas.VideoReference";

  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private final RegistryClient client =
      RegistryClient.shared(RegistryConfig.from(Map.of("schema.registry.url", registry.url())));

  @AfterEach
  void close() {
    client.close();
    registry.close();
  }

  @ParameterizedTest
  @CsvSource({
    "value.subject.name.strategy, TopicName, false, t-value",
    "key.subject.name.strategy, TopicNameStrategy, true, t-key",
    "other, x, false, t-value",
    "value.subject.name.strategy, RecordName, false, " + REFERENCE,
    "value.subject.name.strategy, topicrecordname, false, t-" + REFERENCE,
    "value.subject.name.strategy, io.confluent.kafka.serializers.subject.TopicRecordNameStrategy,"
        + " false, t-"
        + REFERENCE,
    "key.subject.name.strategy, io.confluent.kafka.serializers.subject.RecordNameStrategy, true, "
        + REFERENCE,
  })
  void shouldNameTheSubject(String key, String strategy, boolean isKey, String subject) {
    try (AvroSerializer<VideoReference> serializer = new AvroSerializer<>()) {
      serializer.configure(config(key, strategy), isKey);
      serializer.serialize("t", Examples.reference());
    }
    assertThat(client.latest(subject).schema()).isEqualTo(VideoReference.getClassSchema());
  }

  @Test
  void shouldNotRegisterWhenToldNotTo() {
    try (AvroSerializer<VideoReference> serializer = new AvroSerializer<>()) {
      serializer.configure(
          config("auto.register.schemas", "false", "missing.id.patience.sec", "0"), false);
      assertThatThrownBy(() -> serializer.serialize("t", Examples.reference()))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining(
              REFERENCE + " under subject t-value is not registered (auto.register.schemas=false)")
          .hasMessageContaining("40401");

      int id = client.register("t-value", VideoReference.getClassSchema(), false);

      assertThat(serializer.serialize("t", Examples.reference())).startsWith(0, 0, 0, 0, id);
    }
  }

  @Test
  void shouldRefuseAnIncompatibleSchema() {
    client.register(
        "t-value", SchemaBuilder.record(REFERENCE).fields().requiredInt("id").endRecord(), false);
    try (AvroSerializer<VideoReference> serializer = new AvroSerializer<>()) {
      serializer.configure(config(), false);
      assertThatThrownBy(() -> serializer.serialize("t", Examples.reference()))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("(incompatible with an earlier version)")
          .satisfies(e -> assertThat(SerdeErrors.isBadRecord(e)).isFalse());
    }
  }

  @Test
  void shouldWriteInTheLatestVersionByFieldName() {
    Schema latest =
        SchemaBuilder.record(REFERENCE)
            .fields()
            .name("priority")
            .type()
            .intType()
            .intDefault(5)
            .name("submittedAt")
            .type(VideoReference.getClassSchema().getField("submittedAt").schema())
            .withDefault(null)
            .requiredString("uri")
            .requiredString("id")
            .endRecord();
    client.register("t-value", latest, false);
    Map<String, Object> config =
        config("auto.register.schemas", "false", "use.latest.version", "true");
    try (AvroSerializer<VideoReference> serializer = new AvroSerializer<>();
        AvroDeserializer<GenericRecord> deserializer = new AvroDeserializer<>()) {
      serializer.configure(config, false);
      deserializer.configure(config, false);

      GenericRecord read =
          deserializer.deserialize("t", serializer.serialize("t", Examples.reference()));

      assertThat(read.getSchema()).isEqualTo(latest);
      assertThat(read.get("id")).hasToString("clip-1");
      assertThat(read.get("uri")).hasToString("file:///videos/clip-1.mp4");
      assertThat(read.get("priority")).isEqualTo(5);
      assertThat(read.get("submittedAt"))
          .isEqualTo(Examples.reference().getSubmittedAt().toEpochMilli());
    }
  }

  @Test
  void shouldWriteEachRecordInItsOwnSchemaAsTheLatest() {
    Map<String, Object> config =
        config("auto.register.schemas", "false", "use.latest.version", "true");
    try (AvroSerde<SpecificRecord> serde = new AvroSerde<>()) {
      serde.configure(config, false);
      for (SpecificRecord record : Examples.all()) {
        String topic = record.getSchema().getName();
        client.register(topic + "-value", record.getSchema(), false);
        assertThat(
                serde
                    .deserializer()
                    .deserialize(topic, serde.serializer().serialize(topic, record)))
            .isEqualTo(record);
      }
    }
  }

  @Test
  void shouldRefuseALatestVersionThatCannotReadOurs() {
    Schema latest =
        SchemaBuilder.record(REFERENCE)
            .fields()
            .requiredString("id")
            .requiredString("uri")
            .requiredString("owner")
            .endRecord();
    client.register("t-value", latest, false);
    try (AvroSerializer<VideoReference> serializer = new AvroSerializer<>()) {
      serializer.configure(
          config("auto.register.schemas", "false", "use.latest.version", "true"), false);
      assertThatThrownBy(() -> serializer.serialize("t", Examples.reference()))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("version 1 of subject t-value cannot read");
    }
  }

  @Test
  void shouldRegisterWithoutJavaPropertiesWhenAsked() {
    try (AvroSerde<SpecificRecord> serde = new AvroSerde<>()) {
      serde.configure(config("avro.remove.java.properties", "true"), false);
      for (SpecificRecord record : Examples.all()) {
        String topic = record.getSchema().getName();
        byte[] bytes = serde.serializer().serialize(topic, record);

        assertThat(client.latest(topic + "-value").schema().toString())
            .isEqualTo(
                record
                    .getSchema()
                    .toString()
                    .replace("{\"type\":\"string\",\"avro.java.string\":\"String\"}", "\"string\"")
                    .replace(",\"avro.java.string\":\"String\"", ""));
        assertThat(serde.deserializer().deserialize(topic, bytes)).isEqualTo(record);
      }
    }
  }

  @Test
  void shouldGiveTheClassThatIsConfigured() {
    try (AvroSerializer<SpecificRecord> serializer = new AvroSerializer<>();
        AvroDeserializer<SpecificRecord> deserializer = new AvroDeserializer<>()) {
      serializer.configure(config(), true);
      deserializer.configure(config("specific.avro.key.type", REFERENCE), true);

      assertThat(deserializer.deserialize("t", serializer.serialize("t", Examples.reference())))
          .isEqualTo(Examples.reference());

      assertThatThrownBy(
              () ->
                  deserializer.configure(
                      config("specific.avro.value.type", "java.lang.String"), false))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("expected a class that Avro generated");
    }
  }

  @Test
  void shouldGiveGenericRecordsByDefault() {
    try (AvroSerializer<SpecificRecord> serializer = new AvroSerializer<>();
        AvroDeserializer<GenericRecord> deserializer = new AvroDeserializer<>()) {
      serializer.configure(config(), false);
      deserializer.configure(config(), false);

      GenericRecord read =
          deserializer.deserialize("t", serializer.serialize("t", Examples.labels()));

      assertThat(read.getClass()).isEqualTo(org.apache.avro.generic.GenericData.Record.class);
      assertThat(((List<?>) read.get("labels"))).hasSize(2);
    }
  }

  @Test
  void shouldMakeASerdeByClassName() {
    try (Serde<VideoReference> serde =
            AvroSerde.create(
                "io.clipstream.schemas.serde.AvroSerde", VideoReference.class, config());
        AvroSerde<ModelIdentity> other = new AvroSerde<>(ModelIdentity.class)) {
      other.configure(config(), false);
      byte[] bytes = serde.serializer().serialize("t", Examples.reference());
      assertThat(serde.deserializer().deserialize("t", bytes)).isEqualTo(Examples.reference());
      assertThatThrownBy(
              () ->
                  serde
                      .deserializer()
                      .deserialize("o", other.serializer().serialize("o", Examples.model())))
          .hasMessageContaining("expected " + REFERENCE);
    }
    String confluent = "io.confluent.kafka.streams.serdes.avro.SpecificAvroSerde";
    assertThatThrownBy(() -> AvroSerde.create(confluent, VideoReference.class, config()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no serde class " + confluent + " on the class path");
    assertThatThrownBy(() -> AvroSerde.create("java.lang.String", RejectedVideo.class, config()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("java.lang.String is not a Kafka serde");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "schema.registry.url          | ''            | schema.registry.url is not set",
        "schema.registry.url          | localhost:8081 | expected http",
        "schema.registry.url          | ftp://x       | expected http",
        "schema.registry.url          | http://a b    | expected http",
        "max.retries                  | many          | expected a whole number",
        "max.retries                  | -1            | expected at least 0",
        "http.read.timeout.ms         | 0             | expected at least 1",
        "auto.register.schemas        | yes           | expected true or false",
        "value.subject.name.strategy  | Mine          | expected TopicName, RecordName or TopicRecordName",
        "basic.auth.credentials.source | SASL_INHERIT | expected USER_INFO or URL",
        "basic.auth.credentials.source | USER_INFO    | basic.auth.user.info is not USER:PASSWORD",
        "bearer.auth.credentials.source | OAUTHBEARER | expected STATIC_TOKEN",
        "bearer.auth.credentials.source | STATIC_TOKEN | bearer.auth.token is not set",
        "schema.registry.ssl.truststore.location | /nowhere | expected a file that can be read",
        "schema.registry.ssl.truststor | x | not a key of Kafka's SSL configuration",
        "schema.registry.ssl.endpoint.identification.algorithm | '' | must carry its host name",
      })
  void shouldSayWhichKeyIsWrong(String key, String value, String message) {
    try (AvroSerializer<SpecificRecord> serializer = new AvroSerializer<>()) {
      assertThatThrownBy(() -> serializer.configure(config(key, value), false))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining(message)
          .satisfies(e -> assertThat(e.getMessage()).contains(key.substring(0, 8)));
    }
  }

  @Test
  void shouldPassTombstonesOn() {
    try (AvroSerde<Label> serde = new AvroSerde<>(Label.class)) {
      serde.configure(config(), false);
      assertThat(serde.serializer().serialize("t", null)).isNull();
      assertThat(serde.deserializer().deserialize("t", (byte[]) null)).isNull();
    }
  }

  private Map<String, Object> config(String... entries) {
    Map<String, Object> config = new HashMap<>();
    config.put("schema.registry.url", registry.url());
    for (int i = 0; i < entries.length; i += 2) {
      config.put(entries[i], entries[i + 1]);
    }
    return config;
  }

  /** Whatever is asked for while the serde is configured is a key that it names. */
  @Test
  void shouldNameEveryKeyThatItReads() {
    Set<String> asked = new TreeSet<>();
    Map<String, Object> given =
        Map.of("schema.registry.url", registry.url(), "proxy.host", "localhost", "proxy.port", "1");
    Map<String, Object> recording =
        new AbstractMap<>() {
          @Override
          public Object get(Object key) {
            asked.add((String) key);
            return given.get(key);
          }

          @Override
          public Set<Entry<String, Object>> entrySet() {
            return given.entrySet();
          }
        };
    for (boolean isKey : new boolean[] {true, false}) {
      try (var serializer = new AvroSerializer<>();
          var deserializer = new AvroDeserializer<>()) {
        serializer.configure(recording, isKey);
        deserializer.configure(recording, isKey);
      }
    }

    assertThat(AvroSerde.configNames()).containsAll(asked);
    assertThat(AvroSerde.configNames().stream().filter(name -> !name.contains(".ssl.")))
        .containsExactlyInAnyOrderElementsOf(asked);
  }
}
