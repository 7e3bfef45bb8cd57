package io.clipstream.schemas.serde;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.kafka.common.errors.SerializationException;

/**
 * The calls of the Schema Registry protocol that serdes need, over {@link RegistryHttp}, with what
 * was learnt kept in bounded caches. An id and its schema never change, so they are kept until they
 * are pushed out; {@code latest} is kept by who asked. All threads.
 *
 * <p>Serdes with equal configuration share one client: {@link #shared} and {@link #close} count.
 */
public final class RegistryClient implements AutoCloseable {
  private static final Map<RegistryConfig, RegistryClient> SHARED = new HashMap<>();

  private final RegistryConfig config;
  private final RegistryHttp http;
  private final BoundedCache<SubjectSchema, Integer> ids;
  private final BoundedCache<Integer, Schema> schemas;
  private final BoundedCache<Integer, Missing> missing;
  private int users;

  private record SubjectSchema(
      String subject, String schema, boolean registered, boolean normalized) {}

  private record Missing(long untilNanos, String message) {}

  /** A schema as a subject knows it. */
  public record Version(String subject, int version, int id, Schema schema) {}

  private RegistryClient(RegistryConfig config) {
    this.config = config;
    this.http = new RegistryHttp(config);
    this.ids = new BoundedCache<>(config.cacheSize());
    this.schemas = new BoundedCache<>(config.cacheSize());
    this.missing = new BoundedCache<>(config.cacheSize());
  }

  /** The client for this configuration; every call needs its own {@link #close}. */
  public static RegistryClient shared(RegistryConfig config) {
    synchronized (SHARED) {
      RegistryClient client = SHARED.computeIfAbsent(config, RegistryClient::new);
      client.users++;
      return client;
    }
  }

  /**
   * Registers {@code schema} under {@code subject}, unless it is there.
   *
   * @return its id
   * @throws RegistryRefusedException when it is incompatible or not allowed
   * @throws RegistryUnavailableException when no registry answers
   */
  public int register(String subject, Schema schema, boolean normalize) {
    return id(subject, schema, normalize, true);
  }

  /**
   * The id of {@code schema}, which must be registered under {@code subject}.
   *
   * @throws SchemaNotYetKnownException when it is not, in a registry that answers for so short a
   *     time that it may not have read yet what it knows
   * @throws RegistryRefusedException when it is not
   * @throws RegistryUnavailableException when no registry answers
   */
  public int lookup(String subject, Schema schema, boolean normalize) {
    return id(subject, schema, normalize, false);
  }

  private int id(String subject, Schema schema, boolean normalize, boolean register) {
    String text = schema.toString();
    SubjectSchema key = new SubjectSchema(subject, text, register, normalize);
    Integer known = ids.get(key);
    if (known != null) {
      return known;
    }
    String path =
        "/subjects/"
            + encode(subject)
            + (register ? "/versions" : "")
            + (normalize ? "?normalize=true" : "");
    int id;
    try {
      id = number(http.post(path, schemaBody(text)), "id");
    } catch (RegistryResponseException e) {
      String what = schema.getFullName() + " under subject " + subject;
      if (register) {
        throw refused("cannot register " + what, e);
      }
      if (e.isNotFound()) {
        what += " is not registered (auto.register.schemas=false)";
        requireRead(what, e);
      }
      throw refused(what, e);
    }
    ids.put(key, id);
    schemas.put(id, schema);
    return id;
  }

  /**
   * The newest version of {@code subject}, asked anew each time.
   *
   * @throws SchemaNotYetKnownException when the subject is not there, in a registry that answers
   *     for so short a time that it may not have read yet what it knows
   * @throws RegistryRefusedException when the subject is not there
   * @throws RegistryUnavailableException when no registry answers
   */
  public Version latest(String subject) {
    try {
      JsonNode answer = http.get("/subjects/" + encode(subject) + "/versions/latest");
      return new Version(
          subject,
          number(answer, "version"),
          number(answer, "id"),
          parse(answer, "the latest schema of " + subject));
    } catch (RegistryResponseException e) {
      String what = "no latest version of subject " + subject;
      if (e.isNotFound()) {
        requireRead(what, e);
      }
      throw refused(what, e);
    } catch (SerializationException e) {
      throw new RegistryRefusedException(e.getMessage(), e);
    }
  }

  /**
   * The schema with this id.
   *
   * @throws SchemaNotYetKnownException when the registry does not know it, and answers for so short
   *     a time that it may not have read yet what it knows
   * @throws SerializationException when the registry does not know it, or it is no Avro schema
   * @throws RegistryRefusedException when the registry refuses to answer
   * @throws RegistryUnavailableException when no registry answers
   */
  public Schema schema(int id) {
    Schema known = schemas.get(id);
    if (known != null) {
      return known;
    }
    Missing before = missing.get(id);
    if (before != null && before.untilNanos() - System.nanoTime() > 0) {
      throw new SerializationException(before.message());
    }
    try {
      Schema schema = parse(http.get("/schemas/ids/" + id), "schema id " + id);
      schemas.put(id, schema);
      missing.remove(id);
      return schema;
    } catch (RegistryResponseException e) {
      if (!e.isNotFound()) {
        throw refused("cannot read schema id " + id, e);
      }
      String message = "the schema registry does not know schema id " + id;
      requireRead(message, e);
      if (!config.missingIdTtl().isZero()) {
        missing.put(id, new Missing(System.nanoTime() + config.missingIdTtl().toNanos(), message));
      }
      throw new SerializationException(message, e);
    }
  }

  /**
   * Whether {@code schema} may become the next version of {@code subject}; true for a subject that
   * is not there yet.
   *
   * @throws RegistryUnavailableException when no registry answers
   */
  public boolean isCompatible(String subject, Schema schema) {
    try {
      return http.post(
              "/compatibility/subjects/" + encode(subject) + "/versions",
              schemaBody(schema.toString()))
          .path("is_compatible")
          .asBoolean();
    } catch (RegistryResponseException e) {
      if (e.isNotFound()) {
        return true;
      }
      throw refused("cannot check " + schema.getFullName() + " with subject " + subject, e);
    }
  }

  /** Parses an answer's schema after the schemas that it refers to. */
  private Schema parse(JsonNode answer, String what) throws RegistryResponseException {
    String type = answer.path("schemaType").asText("AVRO");
    if (!type.equals("AVRO")) {
      throw new SerializationException(what + " is " + type + ", expected AVRO");
    }
    if (!answer.path("schema").isTextual()) {
      throw new RegistryResponseException(200, 0, "the answer for " + what + " has no schema");
    }
    // Foreign writers' defaults are their own business: they are never used for reading.
    Schema.Parser parser = new Schema.Parser().setValidateDefaults(false);
    try {
      parseReferences(answer, parser, new HashSet<>());
      return parser.parse(answer.get("schema").asText());
    } catch (AvroRuntimeException | NullPointerException e) {
      // Avro 1.12 has a NullPointerException for a name that it does not know.
      throw new SerializationException(what + " is not a valid Avro schema: " + e.getMessage(), e);
    }
  }

  private void parseReferences(JsonNode answer, Schema.Parser parser, Set<String> done)
      throws RegistryResponseException {
    for (JsonNode reference : answer.path("references")) {
      String path =
          "/subjects/"
              + encode(reference.path("subject").asText())
              + "/versions/"
              + reference.path("version").asInt();
      if (done.add(path)) {
        JsonNode referenced = http.get(path);
        parseReferences(referenced, parser, done);
        parser.parse(referenced.path("schema").asText());
      }
    }
  }

  private static int number(JsonNode answer, String field) throws RegistryResponseException {
    if (!answer.path(field).isInt()) {
      throw new RegistryResponseException(
          200, 0, "the answer has no number \"" + field + "\": it is not from a schema registry");
    }
    return answer.get(field).asInt();
  }

  private static ObjectNode schemaBody(String schema) {
    return JsonNodeFactory.instance.objectNode().put("schema", schema);
  }

  /**
   * That a registry does not know something is told too early while it may not have read yet what
   * it knows.
   */
  private void requireRead(String message, RegistryResponseException e) {
    Duration answering = http.answering();
    if (answering.compareTo(config.missingIdPatience()) < 0) {
      throw new SchemaNotYetKnownException(
          message
              + ", but the registry answers for "
              + answering.toSeconds()
              + " s only, and may not have read yet what it knows: it has"
              + " missing.id.patience.sec="
              + config.missingIdPatience().toSeconds()
              + " for that",
          e);
    }
  }

  private static RegistryRefusedException refused(String what, RegistryResponseException e) {
    String hint =
        switch (e.status()) {
          case 401, 403 -> " (check basic.auth.user.info or bearer.auth.token)";
          case 409 -> " (incompatible with an earlier version)";
          default -> "";
        };
    return new RegistryRefusedException(what + hint + ": " + e.getMessage(), e);
  }

  private static String encode(String subject) {
    return URLEncoder.encode(subject, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Schemas and ids that are kept now, for tests of the bound. */
  int cached() {
    return Math.max(ids.size(), schemas.size());
  }

  @Override
  public void close() {
    synchronized (SHARED) {
      if (--users > 0) {
        return;
      }
      SHARED.remove(config, this);
    }
    http.close();
  }
}
