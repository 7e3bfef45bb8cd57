package io.clipstream.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.clipstream.schemas.Examples;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The serdes against a registry that others wrote. Skipped, and the report says so, where there is
 * no Java that the server runs on.
 */
class ApicurioRegistryIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String REFERENCE = "io.clipstream.schemas.VideoReference";

  private static final String NO_JAVA =
      "found no Java "
          + ApicurioServer.LEAST_JAVA
          + " or newer to run the server with; set JAVA_HOME_25 or the like";
  private static final List<String> SHARED_FIELDS =
      List.of(
          "subject",
          "version",
          "id",
          "schema",
          "is_compatible",
          "compatibility",
          "compatibilityLevel",
          "error_code");

  private static ApicurioServer server;

  @BeforeAll
  static void start() throws Exception {
    Optional<Path> java = ApicurioServer.java();
    if (java.isEmpty()) {
      System.err.println("ApicurioRegistryIT is skipped: " + NO_JAVA);
      return;
    }
    server = ApicurioServer.start(java.get(), Path.of("target", "apicurio").toAbsolutePath());
  }

  /** For each test, so that each is reported as skipped. */
  @BeforeEach
  void skipWithoutServer() {
    assumeThat(server).as(NO_JAVA).isNotNull();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void shouldGiveBackEachRecord() {
    try (AvroSerde<SpecificRecord> writer = new AvroSerde<>();
        AvroSerde<SpecificRecord> reader = new AvroSerde<>()) {
      writer.configure(config(), false);
      reader.configure(config("max.schemas.per.subject", "99"), false); // its own cache
      for (SpecificRecord record : Examples.all()) {
        String topic = "each-" + record.getSchema().getName();
        assertThat(
                reader
                    .deserializer()
                    .deserialize(topic, writer.serializer().serialize(topic, record)))
            .isEqualTo(record);
      }
    }
  }

  @Test
  void shouldCheckCompatibility() {
    Schema required =
        SchemaBuilder.record(REFERENCE).fields().requiredString("id").requiredInt("n").endRecord();
    Schema optional =
        SchemaBuilder.record(REFERENCE).fields().requiredString("id").optionalInt("n").endRecord();
    Schema first = SchemaBuilder.record(REFERENCE).fields().requiredString("id").endRecord();
    try (RegistryClient client = client()) {
      assertThat(client.isCompatible("compatibility-value", first)).isTrue();
      client.register("compatibility-value", first, false);

      assertThat(client.isCompatible("compatibility-value", optional)).isTrue();
      assertThat(client.isCompatible("compatibility-value", required)).isFalse();
      assertThatThrownBy(() -> client.register("compatibility-value", required, false))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("(incompatible with an earlier version)");
      client.register("compatibility-value", optional, false);
      assertThat(client.latest("compatibility-value").schema()).isEqualTo(optional);
      assertThat(client.latest("compatibility-value").version()).isEqualTo(2);
    }
  }

  @Test
  void shouldTakeAnUnknownIdForABadRecord() {
    try (AvroDeserializer<VideoReference> deserializer =
        AvroDeserializer.of(VideoReference.class)) {
      deserializer.configure(config("missing.id.patience.sec", "0"), false);
      assertThatThrownBy(() -> deserializer.deserialize("t", new byte[] {0, 0, 15, 66, 64, 0}))
          .isInstanceOf(SerializationException.class)
          .hasMessageContaining("does not know schema id 1000000")
          .satisfies(e -> assertThat(SerdeErrors.isBadRecord(e)).isTrue());
    }
  }

  @Test
  void shouldFindRegisteredSchemasOnly() {
    try (RegistryClient client = client();
        AvroSerde<VideoReference> serde = new AvroSerde<>(VideoReference.class)) {
      serde.configure(
          config("auto.register.schemas", "false", "missing.id.patience.sec", "0"), false);
      assertThatThrownBy(() -> serde.serializer().serialize("lookup", Examples.reference()))
          .isInstanceOf(RegistryRefusedException.class)
          .hasMessageContaining("is not registered");

      int id = client.register("lookup-value", VideoReference.getClassSchema(), false);

      byte[] bytes = serde.serializer().serialize("lookup", Examples.reference());
      assertThat(java.nio.ByteBuffer.wrap(bytes, 1, 4).getInt()).isEqualTo(id);
      assertThat(serde.deserializer().deserialize("lookup", bytes)).isEqualTo(Examples.reference());
    }
  }

  @Test
  void shouldReadOlderWritersAndWriteTheLatestVersion() {
    Schema older =
        SchemaBuilder.record(REFERENCE)
            .fields()
            .requiredString("uri")
            .requiredString("id")
            .endRecord();
    try (AvroSerializer<GenericRecord> old = new AvroSerializer<>();
        AvroSerde<VideoReference> serde = new AvroSerde<>(VideoReference.class)) {
      old.configure(config(), false);
      byte[] bytes =
          old.serialize(
              "evolve", new GenericRecordBuilder(older).set("id", "i").set("uri", "u").build());
      serde.configure(
          config("auto.register.schemas", "false", "use.latest.version", "true"), false);

      assertThat(serde.deserializer().deserialize("evolve", bytes))
          .isEqualTo(VideoReference.newBuilder().setId("i").setUri("u").build());
      assertThat(
              serde
                  .serializer()
                  .serialize(
                      "evolve",
                      VideoReference.newBuilder().setId("i").setUri("u").setModel("m").build()))
          .isEqualTo(bytes);
    }
  }

  @Test
  void shouldResolveReferences() throws Exception {
    String outer =
        "{'type':'record','name':'x.Outer','fields':[{'name':'i','type':'x.Inner'}]}"
            .replace('\'', '"');
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("schema", outer);
    body.putArray("references")
        .addObject()
        .put("name", "x.Inner")
        .put("subject", "inner")
        .put("version", 1);
    try (EmbeddedRegistry embedded = new EmbeddedRegistry(0)) {
      for (String url : List.of(server.url(), embedded.url())) {
        try (RegistryClient client =
            RegistryClient.shared(RegistryConfig.from(Map.of("schema.registry.url", url)))) {
          client.register(
              "inner",
              SchemaBuilder.record("x.Inner").fields().requiredInt("n").endRecord(),
              false);
          int id =
              JSON.readTree(send(url, "POST", "/subjects/outer/versions", body.toString()).body())
                  .path("id")
                  .asInt();

          Schema schema = client.schema(id);

          assertThat(schema.getFullName()).isEqualTo("x.Outer");
          assertThat(schema.getField("i").schema().getField("n")).isNotNull();
        }
      }
    }
  }

  /** The embedded registry answers as this one does, as far as both follow the protocol. */
  @Test
  void shouldAnswerAsTheEmbeddedRegistryDoes() throws Exception {
    String v1 = schemaBody("'int'");
    String wider = schemaBody("'long'");
    String other = schemaBody("'string'");
    List<String[]> calls = new ArrayList<>();
    calls.add(new String[] {"GET", "/subjects/p/versions", null});
    calls.add(new String[] {"GET", "/subjects/p/versions/latest", null});
    calls.add(new String[] {"POST", "/subjects/p", v1});
    calls.add(new String[] {"POST", "/subjects/p/versions", v1});
    calls.add(new String[] {"POST", "/subjects/p/versions", v1});
    calls.add(new String[] {"POST", "/subjects/p", v1});
    calls.add(new String[] {"POST", "/subjects/p", other});
    calls.add(new String[] {"POST", "/subjects/p/versions", other});
    calls.add(new String[] {"POST", "/compatibility/subjects/p/versions/latest", other});
    calls.add(new String[] {"POST", "/compatibility/subjects/p/versions/latest", wider});
    calls.add(new String[] {"POST", "/subjects/p/versions", wider});
    calls.add(new String[] {"GET", "/subjects/p/versions", null});
    calls.add(new String[] {"GET", "/subjects/p/versions/2", null});
    calls.add(new String[] {"GET", "/subjects/p/versions/3", null});
    calls.add(new String[] {"PUT", "/config/p", "{\"compatibility\":\"NONE\"}"});
    calls.add(new String[] {"GET", "/config/p", null});
    calls.add(new String[] {"POST", "/subjects/p/versions", other});
    calls.add(new String[] {"DELETE", "/subjects/p/versions/3", null});
    calls.add(new String[] {"GET", "/subjects/p/versions", null});
    calls.add(new String[] {"POST", "/subjects/q/versions", v1});
    calls.add(new String[] {"DELETE", "/subjects/q", null});
    calls.add(new String[] {"GET", "/subjects/q/versions", null});
    calls.add(new String[] {"GET", "/schemas/ids/1000000", null});
    calls.add(new String[] {"GET", "/config", null});
    try (EmbeddedRegistry embedded = new EmbeddedRegistry(0)) {
      for (String[] call : calls) {
        assertThat(answer(embedded.url(), call))
            .as(String.join(" ", call[0], call[1], String.valueOf(call[2])))
            .isEqualTo(answer(server.url(), call));
      }
    }
  }

  /** What must agree: the status, and the answer without ids, prose and either one's extras. */
  private static String answer(String url, String[] call) throws Exception {
    HttpResponse<String> response = send(url, call[0], call[1], call[2]);
    JsonNode body = JSON.readTree(response.body());
    if (body instanceof ObjectNode object) {
      if (object.has("id")) {
        object.put("id", 0);
      }
      object.retain(SHARED_FIELDS);
    }
    return response.statusCode() + " " + JSON.treeToValue(body, Object.class);
  }

  private static HttpResponse<String> send(String url, String method, String path, String body)
      throws IOException, InterruptedException {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .build()
        .send(
            HttpRequest.newBuilder(URI.create(url + path))
                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                .method(
                    method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
  }

  private static String schemaBody(String schema) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("schema", schema.replace('\'', '"'))
        .toString();
  }

  private static RegistryClient client() {
    return RegistryClient.shared(RegistryConfig.from(config()));
  }

  private static Map<String, Object> config(String... entries) {
    Map<String, Object> config = new HashMap<>(Map.of("schema.registry.url", server.url()));
    for (int i = 0; i < entries.length; i += 2) {
      config.put(entries[i], entries[i + 1]);
    }
    return config;
  }
}
