package io.clipstream.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.schemas.serde.AvroDeserializer;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.schemas.serde.AvroSerializer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Old readers with new records and the reverse. Every version that was ever released is kept in
 * {@code src/test/resources/schemas/N/}; N counts from 1.
 */
class SchemaEvolutionTest {
  private static final int HEADER_BYTES = 5;

  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private final Map<String, String> config = Map.of("schema.registry.url", registry.url());

  @AfterEach
  void close() {
    registry.close();
  }

  static List<SpecificRecord> records() {
    return Examples.all();
  }

  /** A change of a record starts a new version: copy the text that this test wants there. */
  @ParameterizedTest
  @MethodSource("records")
  void shouldKeepTheNewestVersion(SpecificRecord record) {
    List<Schema> versions = versions(record.getSchema().getName());
    String current = portable(record.getSchema());

    assertThat(versions).isNotEmpty();
    assertThat(versions.get(versions.size() - 1).toString()).isEqualTo(current);
  }

  @ParameterizedTest
  @MethodSource("records")
  void shouldReadAndBeReadByEveryVersion(SpecificRecord record) throws IOException {
    Schema current = record.getSchema();
    try (AvroSerde<SpecificRecord> serde = new AvroSerde<>()) {
      serde.configure(config, false);
      byte[] bytes = serde.serializer().serialize(current.getName(), record);
      for (Schema old : versions(current.getName())) {
        assertThat(SchemaCompatibility.checkReaderWriterCompatibility(old, current).getResult())
            .isEqualTo(SchemaCompatibility.SchemaCompatibilityResult.compatible());
        assertThat(SchemaCompatibility.checkReaderWriterCompatibility(current, old).getResult())
            .isEqualTo(SchemaCompatibility.SchemaCompatibilityResult.compatible());

        GenericRecord oldView = readWith(old, current, bytes);
        try (AvroSerializer<GenericRecord> oldWriter = new AvroSerializer<>()) {
          oldWriter.configure(config, false);
          SpecificRecord back =
              serde
                  .deserializer()
                  .deserialize(current.getName(), oldWriter.serialize(current.getName(), oldView));

          assertThat(back).hasSameClassAs(record);
          for (Schema.Field field : old.getFields()) {
            int now = current.getField(field.name()).pos();
            assertThat(back.get(now)).as(field.name()).isEqualTo(record.get(now));
          }
        }
      }
    }
  }

  @Test
  void shouldReadWhatAnOlderProducerWrites() {
    Schema older = resource("evolution/VideoReference-older.avsc");
    GenericRecord written =
        new GenericRecordBuilder(older)
            .set("id", "clip-1")
            .set("uri", "file:/a.mp4")
            .set("priority", 9)
            .set("tags", List.of("a", "b"))
            .build();

    assertThat(throughRegistry(written, VideoReference.class))
        .isEqualTo(VideoReference.newBuilder().setId("clip-1").setUri("file:/a.mp4").build());
  }

  @Test
  void shouldReadWhatANewerProducerWrites() {
    Schema newer = resource("evolution/VideoReference-newer.avsc");
    Schema mirror = newer.getField("mirrors").schema().getElementType();
    GenericRecord written =
        new GenericRecordBuilder(newer)
            .set("id", "clip-1")
            .set("uri", "file:/a.mp4")
            .set(
                "priority", new GenericData.EnumSymbol(newer.getField("priority").schema(), "HIGH"))
            .set("mirrors", List.of(new GenericRecordBuilder(mirror).set("uri", "m").build()))
            .set("startMillis", 5L)
            .set("metadata", Map.of("k", "v"))
            .set("deadline", 99L)
            .build();

    assertThat(throughRegistry(written, VideoReference.class))
        .isEqualTo(
            VideoReference.newBuilder()
                .setId("clip-1")
                .setUri("file:/a.mp4")
                .setStartMillis(5L)
                .setMetadata(Map.of("k", "v"))
                .build());
  }

  @Test
  void shouldBeReadByOlderAndNewerReaders() throws IOException {
    try (AvroSerializer<VideoReference> serializer = new AvroSerializer<>()) {
      serializer.configure(config, false);
      byte[] bytes = serializer.serialize("t", Examples.reference());
      Schema current = VideoReference.getClassSchema();

      GenericRecord older =
          readWith(resource("evolution/VideoReference-older.avsc"), current, bytes);
      assertThat(older.get("id")).hasToString("clip-1");
      assertThat(older.get("priority")).isEqualTo(0);

      GenericRecord newer =
          readWith(resource("evolution/VideoReference-newer.avsc"), current, bytes);
      assertThat(newer.get("id")).hasToString("clip-1");
      assertThat(newer.get("priority")).hasToString("NORMAL");
      assertThat(newer.get("endMillis")).isEqualTo(61_000L);
      assertThat(newer.get("deadline")).isNull();
    }
  }

  @Test
  void shouldReadAReasonThatItDoesNotKnowAsUnknown() {
    Schema newer = resource("evolution/RejectedVideo-newer.avsc");
    Schema reasons = newer.getField("reason").schema();
    for (String reason : reasons.getEnumSymbols()) {
      GenericRecord written =
          new GenericRecordBuilder(newer)
              .set(
                  "reference",
                  new GenericRecordBuilder(newer.getField("reference").schema())
                      .set("id", "clip-1")
                      .set("uri", "u")
                      .build())
              .set("reason", new GenericData.EnumSymbol(reasons, reason))
              .set("detail", "d")
              .set("rejectedAt", 0L)
              .build();

      RejectedVideo read = throughRegistry(written, RejectedVideo.class);

      assertThat(read.getReason())
          .isEqualTo(
              reason.equals("NOT_FOUND") ? RejectionReason.NOT_FOUND : RejectionReason.UNKNOWN);
      assertThat(read.getReference().getMetadata()).isEmpty();
    }
  }

  private <T extends SpecificRecord> T throughRegistry(GenericRecord written, Class<T> type) {
    try (AvroSerializer<GenericRecord> serializer = new AvroSerializer<>();
        AvroDeserializer<T> deserializer = AvroDeserializer.of(type)) {
      serializer.configure(config, false);
      deserializer.configure(config, false);
      return deserializer.deserialize("t", serializer.serialize("t", written));
    }
  }

  /** As another application reads it, with plain Avro. */
  private static GenericRecord readWith(Schema reader, Schema writer, byte[] bytes)
      throws IOException {
    return new GenericDatumReader<GenericRecord>(writer, reader)
        .read(
            null,
            DecoderFactory.get()
                .binaryDecoder(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES, null));
  }

  /** The schema as other languages see it. */
  static String portable(Schema schema) {
    String text = schema.toString();
    return text.replace("{\"type\":\"string\",\"avro.java.string\":\"String\"}", "\"string\"")
        .replace(",\"avro.java.string\":\"String\"", "");
  }

  private static List<Schema> versions(String name) {
    List<Schema> versions = new ArrayList<>();
    for (int version = 1; exists(version); version++) {
      String path = "schemas/" + version + "/" + name + ".avsc";
      if (SchemaEvolutionTest.class.getClassLoader().getResource(path) != null) {
        versions.add(resource(path));
      }
    }
    return versions;
  }

  private static boolean exists(int version) {
    return SchemaEvolutionTest.class.getClassLoader().getResource("schemas/" + version) != null;
  }

  private static Schema resource(String path) {
    try (InputStream in = SchemaEvolutionTest.class.getClassLoader().getResourceAsStream(path)) {
      return new Schema.Parser().parse(new String(in.readAllBytes(), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
