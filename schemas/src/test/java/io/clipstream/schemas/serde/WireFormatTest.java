package io.clipstream.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.ModelArtifactChunk;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bytes worked out by hand from the Avro specification and Confluent's wire format. */
class WireFormatTest {
  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private final AvroSerde<SpecificRecord> serde = new AvroSerde<>();

  @BeforeEach
  void configure() {
    serde.configure(Map.of("schema.registry.url", registry.url()), false);
  }

  @AfterEach
  void close() {
    serde.close();
    registry.close();
  }

  @Test
  void shouldWriteAPlainReference() {
    shouldBe(
        VideoReference.newBuilder().setId("a").setUri("file:/b").build(),
        "00 00000001" // magic, schema id
            + "02 61" // id
            + "0e 66696c653a2f62" // uri
            + "00 00 00 00" // sha256, startMillis, endMillis, model: null
            + "00" // metadata: no block
            + "00"); // submittedAt: null
  }

  @Test
  void shouldWriteAReferenceWithEveryField() {
    shouldBe(
        VideoReference.newBuilder()
            .setId("é")
            .setUri("")
            .setSha256("f")
            .setStartMillis(64L)
            .setEndMillis(-1L)
            .setModel("m")
            .setMetadata(Map.of("k", "v"))
            .setSubmittedAt(Instant.ofEpochMilli(1))
            .build(),
        "00 00000001"
            + "04 c3a9"
            + "00"
            + "02 02 66"
            + "02 8001" // 64, zig-zag 128
            + "02 01" // -1
            + "02 02 6d"
            + "02 02 6b 02 76 00" // one block of one entry, then the end
            + "02 02");
  }

  @Test
  void shouldCountIdsBigEndian() {
    try (RegistryClient client =
        RegistryClient.shared(RegistryConfig.from(Map.of("schema.registry.url", registry.url())))) {
      for (int i = 1; i < 300; i++) {
        client.register("filler-" + i, record("Filler" + i), false);
      }
    }

    shouldBe(
        new ModelArtifactChunk("d", 1, 2, ByteBuffer.wrap(new byte[] {(byte) 0xff, 0})),
        "00 0000012c" + "02 64" + "02" + "04" + "04 ff00");
  }

  @Test
  void shouldWriteARejectionByTheReasonsPlace() {
    RejectedVideo video =
        RejectedVideo.newBuilder()
            .setReference(VideoReference.newBuilder().setId("a").setUri("b").build())
            .setReason(RejectionReason.NOT_A_VIDEO)
            .setDetail("")
            .setAttempts(1)
            .setRejectedAt(Instant.EPOCH)
            .build();

    shouldBe(video, "00 00000001" + "02 61 02 62 00 00 00 00 00 00" + "18" + "00" + "02" + "00");
  }

  private static Schema record(String name) {
    return SchemaBuilder.record(name).fields().requiredInt("n").endRecord();
  }

  private void shouldBe(SpecificRecord record, String hex) {
    byte[] bytes = serde.serializer().serialize("topic", record);

    assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(hex.replace(" ", ""));
    assertThat(serde.deserializer().deserialize("topic", bytes)).isEqualTo(record);
  }
}
