package io.clipstream.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.clipstream.schemas.registry.SchemaStore.Candidate;
import io.clipstream.schemas.registry.SchemaStore.Reference;
import io.clipstream.schemas.registry.SchemaStore.Stored;
import io.clipstream.schemas.registry.SchemaStore.Version;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A schema registry inside the process, for the demo and for tests: the REST calls, answers and
 * error codes of Confluent's that clients use, over real HTTP on 127.0.0.1, with Avro schemas and
 * their references, and compatibility BACKWARD unless told otherwise. Nothing is kept beyond the
 * process, nothing is authenticated, and there are no contexts, metadata or rules.
 *
 * <p>Runs from the constructor to {@link #close}, on daemon threads. All threads.
 */
public final class EmbeddedRegistry implements AutoCloseable {
  /** Longest request body; a longer one is refused with HTTP 413. */
  public static final int MAX_REQUEST_BYTES = 1 << 20;

  private static final Logger log = LoggerFactory.getLogger(EmbeddedRegistry.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
  private static final int THREADS = 8;

  static {
    // Java 17's server sends an answer's head and body apart; with Nagle's algorithm the body waits
    // 40 ms for the head's delayed acknowledgement. Read once, when the first server is made.
    if (System.getProperty("sun.net.httpserver.nodelay") == null) {
      System.setProperty("sun.net.httpserver.nodelay", "true");
    }
  }

  private final SchemaStore store = new SchemaStore();
  private final int port;
  private HttpServer server;
  private ExecutorService threads;

  /**
   * Starts it.
   *
   * @param port to listen on, or 0 for any that is free
   * @throws UncheckedIOException when the port is taken
   */
  public EmbeddedRegistry(int port) {
    this.port = listen(port);
  }

  /** What clients put into {@code schema.registry.url}. */
  public String url() {
    return "http://127.0.0.1:" + port;
  }

  /** The port it listens on. */
  public int port() {
    return port;
  }

  /** Closes the port and keeps the schemas, as a registry that is down for a while. */
  public synchronized void suspend() {
    if (server != null) {
      server.stop(0);
      server = null;
      threads.shutdownNow();
    }
  }

  /**
   * Opens the same port again after {@link #suspend}.
   *
   * @throws UncheckedIOException when something else has taken it
   */
  public synchronized void resume() {
    if (server == null) {
      listen(port);
    }
  }

  @Override
  public void close() {
    suspend();
  }

  private synchronized int listen(int wanted) {
    try {
      server =
          HttpServer.create(
              new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), wanted),
              0);
    } catch (BindException e) {
      throw new UncheckedIOException(
          "schema registry: port " + wanted + " of 127.0.0.1 is taken, expected a free one", e);
    } catch (IOException e) {
      throw new UncheckedIOException("schema registry: cannot listen on port " + wanted, e);
    }
    threads =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "embedded-registry");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    // The server's own thread is a daemon when the thread that starts it is one.
    CompletableFuture.runAsync(server::start, threads).join();
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    int status = 200;
    JsonNode answer;
    try {
      answer = answer(Request.read(exchange));
    } catch (RegistryError e) {
      status = e.status();
      answer = error(e.code(), e.getMessage());
    } catch (RuntimeException e) {
      log.error("{} {} failed", exchange.getRequestMethod(), exchange.getRequestURI(), e);
      status = 500;
      answer = error(50001, "Error in the backend data store: " + e);
    }
    byte[] body = JSON.writeValueAsBytes(answer);
    exchange.getResponseHeaders().set("Content-Type", CONTENT_TYPE);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1);
    } else {
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  private static JsonNode error(int code, String message) {
    return NODES.objectNode().put("error_code", code).put("message", message);
  }

  /** Path and query, decoded, and the body, null when there is none. */
  private record Request(
      String method, List<String> path, Map<String, String> query, JsonNode body) {

    static Request read(HttpExchange exchange) throws IOException {
      byte[] bytes;
      try (InputStream in = exchange.getRequestBody()) {
        bytes = in.readNBytes(MAX_REQUEST_BYTES + 1);
      }
      if (bytes.length > MAX_REQUEST_BYTES) {
        throw RegistryError.http(
            413, "Request body is longer than " + MAX_REQUEST_BYTES + " bytes");
      }
      List<String> path = new ArrayList<>();
      for (String segment : exchange.getRequestURI().getRawPath().split("/", -1)) {
        if (!segment.isEmpty()) {
          path.add(decode(segment.replace("+", "%2B")));
        }
      }
      Map<String, String> query = new HashMap<>();
      String rawQuery = exchange.getRequestURI().getRawQuery();
      for (String pair : rawQuery == null ? new String[0] : rawQuery.split("&", -1)) {
        int equals = pair.indexOf('=');
        query.put(
            decode(equals < 0 ? pair : pair.substring(0, equals)),
            equals < 0 ? "" : decode(pair.substring(equals + 1)));
      }
      JsonNode body = null;
      if (bytes.length > 0) {
        try {
          body = JSON.readTree(bytes);
        } catch (JsonProcessingException e) {
          throw RegistryError.http(400, "Request body is not JSON: " + e.getOriginalMessage());
        }
      }
      return new Request(exchange.getRequestMethod(), path, query, body);
    }

    private static String decode(String text) {
      try {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw RegistryError.http(400, "Bad escape in URL: " + text);
      }
    }

    boolean flag(String name) {
      return Boolean.parseBoolean(query.get(name));
    }

    String at(int index) {
      return path.get(index);
    }

    /** The body's schema. */
    Candidate candidate() {
      if (body == null || !body.path("schema").isTextual()) {
        throw RegistryError.invalidSchema("the request has no text field \"schema\"");
      }
      List<Reference> references = new ArrayList<>();
      for (JsonNode reference : body.path("references")) {
        references.add(
            new Reference(
                reference.path("name").asText(),
                reference.path("subject").asText(),
                reference.path("version").asInt()));
      }
      return new Candidate(
          body.path("schemaType").asText("AVRO"), body.get("schema").asText(), references);
    }

    Compatibility compatibility() {
      if (body == null || !body.path("compatibility").isTextual()) {
        throw RegistryError.invalidCompatibility("(none given)");
      }
      return Compatibility.parse(body.get("compatibility").asText());
    }

    int id() {
      try {
        return Integer.parseInt(at(2));
      } catch (NumberFormatException e) {
        throw RegistryError.http(404, "HTTP 404 Not Found");
      }
    }

    /** The method and the path with its variable parts as stars: {@code GET subjects/*}. */
    String route() {
      List<String> shape = new ArrayList<>(path);
      List<Integer> variable =
          path.isEmpty()
              ? List.of()
              : switch (path.get(0)) {
                case "subjects" -> List.of(1, 3);
                case "config", "mode" -> List.of(1);
                case "schemas" -> List.of(2);
                case "compatibility" -> List.of(2, 4);
                default -> List.of();
              };
      for (int i : variable) {
        if (i < shape.size()) {
          shape.set(i, "*");
        }
      }
      return (method.equals("HEAD") ? "GET" : method) + " " + String.join("/", shape);
    }
  }

  private JsonNode answer(Request r) {
    boolean deleted = r.flag("deleted");
    boolean permanent = r.flag("permanent");
    boolean normalize = r.flag("normalize");
    return switch (r.route()) {
      case "GET " -> NODES.objectNode();
      case "GET v1/metadata/id" -> NODES.objectNode().put("id", "").set("scope", scope());
      case "GET v1/metadata/version" ->
          NODES.objectNode().put("version", "embedded").put("commitId", "");
      case "GET contexts" -> NODES.arrayNode().add(".");
      case "GET schemas/types" -> NODES.arrayNode().add("AVRO");

      case "GET subjects" -> {
        ArrayNode names = NODES.arrayNode();
        store.subjects(r.query().getOrDefault("subjectPrefix", ""), deleted).forEach(names::add);
        yield names;
      }
      case "POST subjects/*" -> version(store.lookup(r.at(1), r.candidate(), normalize, deleted));
      case "DELETE subjects/*" -> numbers(store.deleteSubject(r.at(1), permanent));
      case "GET subjects/*/versions" ->
          numbers(store.versions(r.at(1), deleted).stream().map(Version::version).toList());
      case "POST subjects/*/versions" ->
          NODES
              .objectNode()
              .put("id", store.register(r.at(1), r.candidate(), normalize).stored().id());
      case "GET subjects/*/versions/*" -> version(store.version(r.at(1), r.at(3), deleted));
      case "GET subjects/*/versions/*/schema" ->
          tree(store.version(r.at(1), r.at(3), deleted).stored().text());
      case "GET subjects/*/versions/*/referencedby" ->
          numbers(store.referencedBy(r.at(1), r.at(3)));
      case "DELETE subjects/*/versions/*" ->
          NODES.numberNode(store.deleteVersion(r.at(1), r.at(3), permanent));

      case "GET schemas" -> {
        ArrayNode all = NODES.arrayNode();
        List<Version> versions = store.all(r.query().getOrDefault("subjectPrefix", ""), deleted);
        for (int i = 0; i < versions.size(); i++) {
          boolean newest =
              i + 1 == versions.size()
                  || !versions.get(i + 1).subject().equals(versions.get(i).subject());
          if (newest || !r.flag("latestOnly")) {
            all.add(version(versions.get(i)));
          }
        }
        yield all;
      }
      case "GET schemas/ids/*" -> {
        Stored stored = store.schema(r.id());
        ObjectNode schema = NODES.objectNode().put("schema", stored.text());
        addReferences(schema, stored);
        yield schema;
      }
      case "GET schemas/ids/*/schema" -> tree(store.schema(r.id()).text());
      case "GET schemas/ids/*/versions" -> {
        ArrayNode uses = NODES.arrayNode();
        for (Version version : store.uses(r.id(), deleted)) {
          uses.addObject().put("subject", version.subject()).put("version", version.version());
        }
        yield uses;
      }
      case "GET schemas/ids/*/subjects" -> {
        ArrayNode names = NODES.arrayNode();
        store.uses(r.id(), deleted).stream().map(Version::subject).distinct().forEach(names::add);
        yield names;
      }

      case "POST compatibility/subjects/*/versions" ->
          compatibility(store.problems(r.at(2), r.candidate(), normalize), r);
      case "POST compatibility/subjects/*/versions/*" ->
          compatibility(store.problems(r.at(2), r.at(4), r.candidate(), normalize), r);

      case "GET config" -> level("compatibilityLevel", store.level());
      case "PUT config" -> {
        store.setLevel(r.compatibility());
        yield level("compatibility", store.level());
      }
      case "GET config/*" ->
          level("compatibilityLevel", store.level(r.at(1), r.flag("defaultToGlobal")));
      case "PUT config/*" -> {
        store.setLevel(r.at(1), r.compatibility());
        yield level("compatibility", store.level(r.at(1), false));
      }
      case "DELETE config/*" -> {
        Compatibility before = store.level(r.at(1), false);
        store.setLevel(r.at(1), null);
        yield level("compatibilityLevel", before);
      }

      case "GET mode" -> NODES.objectNode().put("mode", "READWRITE");
      case "GET mode/*" -> {
        if (!r.flag("defaultToGlobal")) {
          throw RegistryError.noSubjectMode(r.at(1));
        }
        yield NODES.objectNode().put("mode", "READWRITE");
      }
      case "PUT mode", "PUT mode/*", "DELETE mode/*" ->
          throw RegistryError.notPermitted("The embedded registry's mode is always READWRITE");

      default -> throw RegistryError.http(404, "HTTP 404 Not Found");
    };
  }

  private static ObjectNode scope() {
    ObjectNode scope = NODES.objectNode();
    scope.putArray("path");
    scope.putObject("clusters").put("schema-registry-cluster", "embedded");
    return scope;
  }

  private static ObjectNode version(Version version) {
    ObjectNode node =
        NODES
            .objectNode()
            .put("subject", version.subject())
            .put("version", version.version())
            .put("id", version.stored().id());
    addReferences(node, version.stored());
    return node.put("schema", version.stored().text());
  }

  private static void addReferences(ObjectNode node, Stored stored) {
    if (!stored.references().isEmpty()) {
      ArrayNode references = node.putArray("references");
      for (Reference reference : stored.references()) {
        references
            .addObject()
            .put("name", reference.name())
            .put("subject", reference.subject())
            .put("version", reference.version());
      }
    }
  }

  private static JsonNode compatibility(List<String> problems, Request r) {
    ObjectNode node = NODES.objectNode().put("is_compatible", problems.isEmpty());
    if (r.flag("verbose")) {
      problems.forEach(node.putArray("messages")::add);
    }
    return node;
  }

  private static JsonNode level(String field, Compatibility level) {
    return NODES.objectNode().put(field, level.name());
  }

  private static ArrayNode numbers(List<Integer> numbers) {
    ArrayNode array = NODES.arrayNode();
    numbers.forEach(array::add);
    return array;
  }

  private static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored schema is not JSON", e);
    }
  }
}
