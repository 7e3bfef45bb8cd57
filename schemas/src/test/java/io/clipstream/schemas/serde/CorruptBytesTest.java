package io.clipstream.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.clipstream.schemas.Examples;
import io.clipstream.schemas.ModelArtifactChunk;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CorruptBytesTest {
  /** Far more than any of these records needs, far less than the lengths they claim. */
  private static final long MOST_ALLOCATED = 8 << 20;

  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private final Map<String, String> config =
      Map.of(
          "schema.registry.url",
          registry.url(),
          "specific.avro.reader",
          "true",
          "missing.id.patience.sec",
          "0");
  private final AvroSerializer<SpecificRecord> serializer = new AvroSerializer<>();
  private final AvroDeserializer<SpecificRecord> deserializer = new AvroDeserializer<>();

  @BeforeEach
  void configure() {
    serializer.configure(config, false);
    deserializer.configure(config, false);
    serializer.serialize("references", Examples.reference()); // schema id 1
    serializer.serialize("labels", Examples.labels()); // 2
  }

  @AfterEach
  void close() {
    serializer.close();
    deserializer.close();
    registry.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                  | 0 bytes, expected at least 5",
        "00                  | 1 bytes, expected at least 5",
        "00000000            | 4 bytes, expected at least 5",
        "7b226964223a317d    | first byte is 123, expected 0",
        "01000000010000      | first byte is 1, expected 0",
        "000000000100        | corrupt record of schema id 1",
        "0000000001          | corrupt record of schema id 1",
        "0000000001 06 61ff62 | the string of 3 bytes at byte 6 is not UTF-8",
        "0000000001 06 eda080 | the string of 3 bytes at byte 6 is not UTF-8",
        "0000000001 02 c3    | the string of 1 bytes at byte 6 is not UTF-8",
        "000000006300        | does not know schema id 99",
        "000000000000        | schema id is 0, expected a positive number",
        "00ffffffff00        | schema id is -1, expected a positive number",
      })
  void shouldSayWhatIsWrong(String hex, String message) {
    assertThatThrownBy(() -> read(hex))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("topic t")
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"))
        .satisfies(e -> assertThat(SerdeErrors.isBadRecord(e)).isTrue());
  }

  @Test
  void shouldReadReplacementCharactersOfTheWriter() {
    VideoReference reference =
        VideoReference.newBuilder(Examples.reference()).setId("a \uFFFD b").build();

    assertThat(deserializer.deserialize("t", serializer.serialize("t", reference)))
        .isEqualTo(reference);
  }

  @ParameterizedTest
  @CsvSource({
    "id of 2^30 bytes, 00 00000001 8080808008",
    "id of 2^31 - 2 bytes, 00 00000001 fcffffff0f",
    "id of 2^62 bytes, 00 00000001 808080808080808080 01",
    "id of -1 bytes, 00 00000001 01",
    "number of 11 bytes, 00 00000001 ffffffffffffffffffffff",
    "map of 2^30 entries, 00 00000001 02 61 02 62 00 00 00 00 8080808008",
    "map of -2^63 entries, 00 00000001 02 61 02 62 00 00 00 00 ffffffffffffffffff01 00",
    "union branch 5, 00 00000001 02 61 02 62 0a",
    "union branch -1, 00 00000001 02 61 02 62 01",
    "array of 2^30 labels, 00 00000002 02 61 02 62 8080808008",
    "array of 2^31 labels, 00 00000002 02 61 02 62 8080808010",
    "array of a block of -2^30 labels, 00 00000002 02 61 02 62 ffffffff07 00",
  })
  void shouldNotBelieveLengths(String what, String hex) {
    long before = allocated();

    assertThatThrownBy(() -> read(hex)).as(what).isInstanceOf(SerializationException.class);

    assertThat(allocated() - before).as("bytes allocated for " + what).isLessThan(MOST_ALLOCATED);
  }

  @Test
  void shouldRejectEveryTruncation() {
    for (SpecificRecord record : new SpecificRecord[] {Examples.reference(), Examples.labels()}) {
      byte[] whole = serializer.serialize(record.getSchema().getName(), record);
      for (int length = 0; length < whole.length; length++) {
        byte[] part = Arrays.copyOf(whole, length);
        assertThatThrownBy(() -> deserializer.deserialize("t", part))
            .isInstanceOf(SerializationException.class);
      }
    }
  }

  @Test
  void shouldRejectWhatFollowsTheRecord() {
    byte[] whole = serializer.serialize("t", Examples.reference());

    assertThatThrownBy(() -> deserializer.deserialize("t", Arrays.copyOf(whole, whole.length + 3)))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("3 bytes are left after a record of schema id 1");
  }

  @Test
  void shouldSurviveAnyBitRot() {
    Random random = new Random(7);
    byte[] whole = serializer.serialize("t", Examples.labels());
    long before = allocated();
    int records = 20_000;
    for (int i = 0; i < records; i++) {
      byte[] rotten = whole.clone();
      for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
        // The schema id stays: asking the registry for each wrong one is another test's matter.
        rotten[5 + random.nextInt(rotten.length - 5)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        assertThat(deserializer.deserialize("t", rotten)).isInstanceOf(VideoLabels.class);
      } catch (SerializationException e) {
        assertThat(SerdeErrors.isBadRecord(e)).isTrue();
      }
    }
    assertThat((allocated() - before) / records).as("bytes per record").isLessThan(100_000);
  }

  @Test
  void shouldReadOnAfterABadRecord() {
    byte[] whole = serializer.serialize("t", Examples.reference());

    assertThatThrownBy(() -> deserializer.deserialize("t", Arrays.copyOf(whole, 40)))
        .isInstanceOf(SerializationException.class);

    assertThat(deserializer.deserialize("t", whole)).isEqualTo(Examples.reference());
  }

  @Test
  void shouldRejectAnotherRecordThanTheOneExpected() {
    byte[] model = serializer.serialize("t", Examples.model());
    try (AvroDeserializer<VideoReference> typed = AvroDeserializer.of(VideoReference.class)) {
      typed.configure(config, false);

      assertThatThrownBy(() -> typed.deserialize("t", model))
          .isInstanceOf(SerializationException.class)
          .hasMessageContaining(
              "record is io.clipstream.schemas.ModelIdentity, expected"
                  + " io.clipstream.schemas.VideoReference");
    }
  }

  @Test
  void shouldRejectARecordWithoutAClass() {
    Schema other =
        new Schema.Parser().parse("{'type':'record','name':'x.Y','fields':[]}".replace('\'', '"'));
    try (AvroSerializer<GenericRecord> generic = new AvroSerializer<>()) {
      generic.configure(config, false);
      byte[] bytes = generic.serialize("other", new GenericData.Record(other));

      assertThatThrownBy(() -> deserializer.deserialize("other", bytes))
          .isInstanceOf(SerializationException.class)
          .hasMessageContaining("no class for x.Y");
    }
  }

  @Test
  void shouldEndInAStackThatIsTooDeepAsABadRecord() {
    Schema nested =
        new Schema.Parser()
            .parse(
                ("{'type':'record','name':'x.Nest','fields':["
                        + "{'name':'inner','type':['null','x.Nest'],'default':null}]}")
                    .replace('\'', '"'));
    Map<String, String> generic = Map.of("schema.registry.url", registry.url());
    try (AvroSerializer<GenericRecord> writer = new AvroSerializer<>();
        AvroDeserializer<GenericRecord> reader = new AvroDeserializer<>()) {
      writer.configure(generic, false);
      reader.configure(generic, false);
      byte[] header = writer.serialize("nest", new GenericData.Record(nested));
      ByteArrayOutputStream deep = new ByteArrayOutputStream();
      deep.write(header, 0, 5);
      for (int i = 0; i < 900_000; i++) {
        deep.write(2); // one more level
      }
      deep.write(0);

      assertThatThrownBy(() -> reader.deserialize("nest", deep.toByteArray()))
          .isInstanceOf(SerializationException.class);
    }
  }

  @Test
  void shouldSayWhichFieldCannotBeWritten() {
    ModelArtifactChunk chunk = new ModelArtifactChunk("d", 0, 1, null);

    assertThatThrownBy(() -> serializer.serialize("t", chunk))
        .isInstanceOf(SerializationException.class)
        .hasMessageContaining("ModelArtifactChunk for topic t")
        .hasMessageContaining("data")
        .satisfies(e -> assertThat(SerdeErrors.isBadRecord(e)).isTrue());
    assertThat(deserializer.deserialize("t", serializer.serialize("t2", Examples.reference())))
        .isEqualTo(Examples.reference());
  }

  private SpecificRecord read(String hex) {
    return deserializer.deserialize("t", HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }
}
