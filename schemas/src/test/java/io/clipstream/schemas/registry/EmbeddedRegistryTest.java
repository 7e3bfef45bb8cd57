package io.clipstream.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(300)
class EmbeddedRegistryTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String V1 = record("{'name':'a','type':'int'}");
  private static final String WITH_OPTIONAL =
      record("{'name':'a','type':'int'},{'name':'b','type':'int','default':0}");
  private static final String WITH_REQUIRED =
      record("{'name':'a','type':'int'},{'name':'c','type':'int'}");

  private final EmbeddedRegistry registry = new EmbeddedRegistry(0);
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void shouldGiveASchemaOneIdWhereverItIsRegistered() {
    assertThat(register("s", V1)).hasToString("{\"id\":1}");
    assertThat(register("s", V1.replace(",", " , "))).hasToString("{\"id\":1}");
    assertThat(register("other", V1)).hasToString("{\"id\":1}");
    assertThat(register("s", WITH_OPTIONAL)).hasToString("{\"id\":2}");

    assertThat(get("/subjects")).hasToString("[\"other\",\"s\"]");
    assertThat(get("/subjects?subjectPrefix=o")).hasToString("[\"other\"]");
    assertThat(get("/subjects/s/versions")).hasToString("[1,2]");
    assertThat(get("/schemas/ids/1").path("schema").asText()).isEqualTo(V1);
    assertThat(get("/schemas/ids/1/schema")).hasToString(V1);
    assertThat(get("/schemas/ids/1/subjects")).hasToString("[\"other\",\"s\"]");
    assertThat(get("/schemas/ids/1/versions"))
        .hasToString("[{\"subject\":\"other\",\"version\":1},{\"subject\":\"s\",\"version\":1}]");
    assertThat(get("/schemas?latestOnly=true")).hasSize(2);
    assertThat(get("/schemas")).hasSize(3);
    for (String latest : List.of("2", "latest", "-1")) {
      JsonNode version = get("/subjects/s/versions/" + latest);
      assertThat(version.path("subject").asText()).isEqualTo("s");
      assertThat(version.path("version").asInt()).isEqualTo(2);
      assertThat(version.path("id").asInt()).isEqualTo(2);
      assertThat(version.path("schema").asText()).isEqualTo(WITH_OPTIONAL);
    }
    assertThat(get("/subjects/s/versions/2/schema")).hasToString(WITH_OPTIONAL);
    assertThat(post("/subjects/s", body(V1)).path("version").asInt()).isEqualTo(1);
  }

  @Test
  void shouldTakeSubjectsWithAnyName() {
    String subject = "a/b c+d%é?";
    assertThat(register("a%2Fb%20c%2Bd%25%C3%A9%3F", V1)).hasToString("{\"id\":1}");
    assertThat(get("/subjects").get(0).asText()).isEqualTo(subject);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET  | /subjects/none/versions            | | 404 | 40401",
        "GET  | /subjects/none/versions/1          | | 404 | 40401",
        "GET  | /subjects/s/versions/7             | | 404 | 40402",
        "GET  | /subjects/s/versions/seven         | | 422 | 42202",
        "GET  | /subjects/s/versions/0             | | 422 | 42202",
        "GET  | /schemas/ids/77                    | | 404 | 40403",
        "GET  | /schemas/ids/77/versions           | | 404 | 40403",
        "POST | /subjects/none                     | {\"schema\":\"\\\"int\\\"\"} | 404 | 40401",
        "POST | /subjects/s                        | {\"schema\":\"\\\"int\\\"\"} | 404 | 40403",
        "POST | /subjects/s/versions               | {\"schema\":\"\\\"int\\\"\"} | 409 | 409",
        "POST | /subjects/s/versions               | {\"schema\":\"{\"}           | 422 | 42201",
        "POST | /subjects/s/versions               | {\"schema\":\"\\\"nope\\\"\"} | 422 | 42201",
        "POST | /subjects/s/versions               | {}                          | 422 | 42201",
        "POST | /subjects/s/versions               | []                          | 422 | 42201",
        "POST | /subjects/s/versions               | {\"schema\":7}              | 422 | 42201",
        "POST | /subjects/s/versions               |                             | 422 | 42201",
        "POST | /subjects/s/versions               | no json                     | 400 | 400",
        "POST | /subjects/s/versions | {\"schema\":\"{}\",\"schemaType\":\"JSON\"}  | 422 | 42201",
        "POST | /compatibility/subjects/none/versions/latest | {\"schema\":\"\\\"int\\\"\"} | 404 | 40401",
        "GET  | /config/s                          | | 404 | 40408",
        "PUT  | /config                            | {\"compatibility\":\"SOME\"} | 422 | 42203",
        "PUT  | /config/s                          | {}                          | 422 | 42203",
        "GET  | /mode/s                            | | 404 | 40409",
        "PUT  | /mode                              | {\"mode\":\"READONLY\"}     | 422 | 42205",
        "DELETE | /subjects/none                   | | 404 | 40401",
        "DELETE | /subjects/s?permanent=true       | | 404 | 40405",
        "DELETE | /subjects/s/versions/1?permanent=true | | 404 | 40407",
        "GET  | /nothing/here                      | | 404 | 404",
        "PUT  | /subjects                          | | 404 | 404",
      })
  void shouldAnswerWithConfluentsErrorCodes(
      String method, String path, String body, int status, int code) {
    register("s", V1);

    HttpResponse<String> response = send(method, path, body);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(tree(response).path("error_code").asInt()).isEqualTo(code);
    assertThat(tree(response).path("message").asText()).isNotEmpty();
    assertThat(response.headers().firstValue("Content-Type"))
        .contains("application/vnd.schemaregistry.v1+json");
  }

  @Test
  void shouldBeBackwardCompatibleByDefault() {
    register("s", V1);

    assertThat(check("s", "/latest", WITH_OPTIONAL)).isTrue();
    assertThat(check("s", "/latest", WITH_REQUIRED)).isFalse();
    assertThat(check("s", "", WITH_REQUIRED)).isFalse();
    assertThat(send("POST", "/subjects/s/versions", body(WITH_REQUIRED)).statusCode())
        .isEqualTo(409);
    JsonNode verbose =
        post("/compatibility/subjects/s/versions/1?verbose=true", body(WITH_REQUIRED));
    assertThat(verbose.path("messages").get(0).asText())
        .contains("READER_FIELD_MISSING_DEFAULT_VALUE")
        .contains("c");
  }

  /** Versions: {a}, {a, b=0}; then each candidate by each level. */
  @ParameterizedTest
  @CsvSource({
    // level, {a, c} , {b=0}, {a, b=0, d=0}, {a, b (no default)}
    "NONE, true, true, true, true",
    "BACKWARD, false, true, true, true",
    "BACKWARD_TRANSITIVE, false, true, true, false",
    "FORWARD, true, false, true, true",
    "FORWARD_TRANSITIVE, true, false, true, true",
    "FULL, false, false, true, true",
    "FULL_TRANSITIVE, false, false, true, false",
  })
  void shouldCheckByEachLevel(
      String level, boolean added, boolean removed, boolean optional, boolean undefaulted) {
    register("s", V1);
    register("s", WITH_OPTIONAL);
    assertThat(put("/config/s", "{\"compatibility\":\"" + level + "\"}"))
        .hasToString("{\"compatibility\":\"" + level + "\"}");
    assertThat(get("/config/s")).hasToString("{\"compatibilityLevel\":\"" + level + "\"}");

    assertThat(check("s", "", WITH_REQUIRED)).as("required field").isEqualTo(added);
    assertThat(check("s", "", record("{'name':'b','type':'int','default':0}")))
        .as("field removed")
        .isEqualTo(removed);
    assertThat(
            check(
                "s",
                "",
                record(
                    "{'name':'a','type':'int'},{'name':'b','type':'int','default':0},"
                        + "{'name':'d','type':'int','default':0}")))
        .as("optional field")
        .isEqualTo(optional);
    assertThat(check("s", "", record("{'name':'a','type':'int'},{'name':'b','type':'int'}")))
        .as("default taken away")
        .isEqualTo(undefaulted);
  }

  @Test
  void shouldKeepALevelForEachSubject() {
    register("s", V1);
    assertThat(get("/config")).hasToString("{\"compatibilityLevel\":\"BACKWARD\"}");
    assertThat(get("/config/s?defaultToGlobal=true"))
        .hasToString("{\"compatibilityLevel\":\"BACKWARD\"}");

    put("/config", "{\"compatibility\":\"NONE\"}");
    assertThat(register("s", WITH_REQUIRED)).hasToString("{\"id\":2}");

    put("/config/s", "{\"compatibility\":\"full\"}");
    assertThat(check("s", "", V1)).isFalse();
    assertThat(tree(send("DELETE", "/config/s", null)))
        .hasToString("{\"compatibilityLevel\":\"FULL\"}");
    assertThat(check("s", "", V1)).isTrue();
  }

  @Test
  void shouldDeleteSoftlyThenForGood() {
    register("s", V1);
    register("s", WITH_OPTIONAL);

    assertThat(tree(send("DELETE", "/subjects/s/versions/latest", null))).hasToString("2");
    assertThat(get("/subjects/s/versions")).hasToString("[1]");
    assertThat(get("/subjects/s/versions?deleted=true")).hasToString("[1,2]");
    assertThat(get("/schemas/ids/2").path("schema").asText()).isEqualTo(WITH_OPTIONAL);
    assertThat(tree(send("DELETE", "/subjects/s/versions/2", null)).path("error_code").asInt())
        .isEqualTo(40406);
    assertThat(register("s", WITH_OPTIONAL)).hasToString("{\"id\":2}");
    assertThat(get("/subjects/s/versions")).hasToString("[1,3]");

    assertThat(tree(send("DELETE", "/subjects/s", null))).hasToString("[1,3]");
    assertThat(get("/subjects")).isEmpty();
    assertThat(get("/subjects?deleted=true")).hasSize(1);
    assertThat(tree(send("DELETE", "/subjects/s", null)).path("error_code").asInt())
        .isEqualTo(40404);
    assertThat(tree(send("DELETE", "/subjects/s?permanent=true", null))).hasToString("[1,2,3]");
    assertThat(get("/subjects?deleted=true")).isEmpty();
    assertThat(register("s", "\"int\""))
        .as("nothing to be compatible with")
        .hasToString("{\"id\":3}");
    assertThat(get("/subjects/s/versions")).as("numbers are not used again").hasToString("[4]");
  }

  @Test
  void shouldKeepSchemasThatReferToOthers() {
    register("inner", record("{'name':'a','type':'int'}").replace("\"R\"", "\"Inner\""));
    String outer =
        "{'type':'record','name':'x.Outer','fields':[{'name':'i','type':'x.Inner'}]}"
            .replace('\'', '"');
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("schema", outer);
    body.putArray("references")
        .addObject()
        .put("name", "x.Inner")
        .put("subject", "inner")
        .put("version", 1);

    assertThat(send("POST", "/subjects/outer/versions", body(outer)).statusCode()).isEqualTo(422);
    assertThat(post("/subjects/outer/versions", body.toString())).hasToString("{\"id\":2}");
    assertThat(get("/schemas/ids/2").path("references").get(0).path("subject").asText())
        .isEqualTo("inner");
    assertThat(get("/subjects/inner/versions/1/referencedby")).hasToString("[2]");
    assertThat(tree(send("DELETE", "/subjects/inner", null)).path("error_code").asInt())
        .isEqualTo(42206);

    body.withArray("references").addObject().put("name", "n").put("subject", "n").put("version", 1);
    assertThat(
            tree(send("POST", "/subjects/o2/versions", body.toString())).path("message").asText())
        .contains("reference n: Subject 'n' not found");
  }

  @Test
  void shouldNormalizeWhenAsked() {
    String ordered = "{'type':'record','name':'x.R','fields':[],'p':1,'q':2}".replace('\'', '"');
    String shuffled = "{'q':2,'p':1,'type':'record','fields':[],'name':'x.R'}".replace('\'', '"');

    assertThat(post("/subjects/s/versions?normalize=true", body(ordered)))
        .hasToString("{\"id\":1}");
    assertThat(post("/subjects/s/versions?normalize=true", body(shuffled)))
        .hasToString("{\"id\":1}");
    assertThat(post("/subjects/s?normalize=true", body(shuffled)).path("version").asInt())
        .isEqualTo(1);
  }

  @Test
  void shouldAnswerWhatClientsAskFirst() {
    assertThat(get("/")).isEmpty();
    assertThat(get("/schemas/types")).hasToString("[\"AVRO\"]");
    assertThat(get("/mode")).hasToString("{\"mode\":\"READWRITE\"}");
    assertThat(get("/contexts")).hasToString("[\".\"]");
  }

  @Test
  void shouldRefuseALongRequest() {
    String doc = "x".repeat(EmbeddedRegistry.MAX_REQUEST_BYTES);

    HttpResponse<String> response =
        send(
            "POST",
            "/subjects/s/versions",
            body(record("").replace("{\"type", "{\"doc\":\"" + doc + "\",\"type")));

    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(get("/subjects")).isEmpty();
  }

  @Test
  void shouldRegisterOnceWhenManyAskAtOnce() throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(8);
    try {
      List<Callable<String>> calls = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        String schema = record("{'name':'a','type':'int'}").replace("\"R\"", "\"R" + i % 20 + "\"");
        String subject = "s" + i % 20;
        calls.add(() -> subject + register(subject, schema));
      }
      Set<String> answers = new HashSet<>();
      for (Future<String> answer : clients.invokeAll(calls)) {
        answers.add(answer.get());
      }
      assertThat(answers).hasSize(20);
      assertThat(get("/schemas")).hasSize(20);
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void shouldListenOnTheLoopbackAddressOnly() throws IOException {
    for (NetworkInterface network : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      for (InetAddress address : Collections.list(network.getInetAddresses())) {
        if (!address.isLoopbackAddress()) {
          assertThatThrownBy(() -> new Socket(address, registry.port()).close())
              .isInstanceOf(IOException.class);
        }
      }
    }
  }

  @Test
  void shouldNotKeepTheProcessAlive() {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    try (EmbeddedRegistry another = new EmbeddedRegistry(0)) {
      assertThat(another.url()).isNotEqualTo(registry.url());
      Set<Thread> started = new HashSet<>(Thread.getAllStackTraces().keySet());
      started.removeAll(before);
      assertThat(started).isNotEmpty().allMatch(Thread::isDaemon);
    }
  }

  @Test
  void shouldSayThatThePortIsTaken() {
    assertThatThrownBy(() -> new EmbeddedRegistry(registry.port()))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("port " + registry.port() + " of 127.0.0.1 is taken");
  }

  @Test
  void shouldKeepSchemasWhileSuspended() {
    register("s", V1);
    registry.suspend();
    assertThatThrownBy(() -> get("/subjects")).isInstanceOf(UncheckedIOException.class);
    registry.resume();
    assertThat(get("/subjects")).hasToString("[\"s\"]");
  }

  private boolean check(String subject, String version, String schema) {
    return post("/compatibility/subjects/" + subject + "/versions" + version, body(schema))
        .path("is_compatible")
        .asBoolean();
  }

  private JsonNode register(String subject, String schema) {
    return post("/subjects/" + subject + "/versions", body(schema));
  }

  private static String record(String fields) {
    return ("{'type':'record','name':'R','namespace':'x','fields':[" + fields + "]}")
        .replace('\'', '"');
  }

  private static String body(String schema) {
    return JsonNodeFactory.instance.objectNode().put("schema", schema).toString();
  }

  private JsonNode get(String path) {
    return ok(send("GET", path, null));
  }

  private JsonNode post(String path, String body) {
    return ok(send("POST", path, body));
  }

  private JsonNode put(String path, String body) {
    return ok(send("PUT", path, body));
  }

  private static JsonNode ok(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return tree(response);
  }

  private static JsonNode tree(HttpResponse<String> response) {
    try {
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private HttpResponse<String> send(String method, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(registry.url() + path))
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build();
    try {
      return http.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
