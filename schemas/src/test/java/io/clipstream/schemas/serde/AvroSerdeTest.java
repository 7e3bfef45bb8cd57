package io.clipstream.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.Examples;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AvroSerdeTest {
  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void shouldGiveBackEachRecord() {
    try (AvroSerde<SpecificRecord> serde = new AvroSerde<>()) {
      serde.configure(Map.of("schema.registry.url", registry.url()), false);
      for (SpecificRecord record : Examples.all()) {
        String topic = record.getSchema().getName();

        byte[] bytes = serde.serializer().serialize(topic, record);

        assertThat(serde.deserializer().deserialize(topic, bytes))
            .hasSameClassAs(record)
            .isEqualTo(record);
      }
    }
  }
}
