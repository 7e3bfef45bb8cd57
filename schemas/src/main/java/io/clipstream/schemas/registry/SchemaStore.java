package io.clipstream.schemas.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/**
 * Subjects, their versions and the schemas behind them, in memory, by the rules of Confluent's
 * registry: a schema has one id wherever it is registered; ids and version numbers only go up; a
 * deleted version is first hidden (soft), then gone (permanent), and its id stays readable. All
 * threads.
 */
final class SchemaStore {
  private static final ObjectMapper SORTED =
      JsonMapper.builder()
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  private final Map<Integer, Stored> byId = new HashMap<>();
  private final Map<Text, Integer> ids = new HashMap<>();
  private final NavigableMap<String, Subject> subjects = new TreeMap<>();
  private Compatibility global = Compatibility.BACKWARD;

  /** A schema that another one names. */
  record Reference(String name, String subject, int version) {}

  /** What a client sends: a schema and the references it needs. */
  record Candidate(String type, String schema, List<Reference> references) {}

  /** A schema under its id; {@code text} is canonical JSON. */
  record Stored(int id, String text, List<Reference> references, Schema schema) {}

  /** A version of a subject. */
  record Version(String subject, int version, boolean deleted, Stored stored) {}

  private record Text(String text, List<Reference> references) {}

  private static final class Subject {
    final NavigableMap<Integer, Version> versions = new TreeMap<>();
    int newest;
    Compatibility level;

    List<Version> visible(boolean deleted) {
      return versions.values().stream().filter(v -> deleted || !v.deleted()).toList();
    }
  }

  /** Registers, unless the subject has it; the version that now holds it. */
  synchronized Version register(String name, Candidate candidate, boolean normalize) {
    Stored parsed = parse(candidate, normalize);
    Version existing = find(name, parsed, false);
    if (existing != null) {
      return existing;
    }
    List<String> problems = problems(name, parsed.schema(), earlier(name));
    if (!problems.isEmpty()) {
      throw RegistryError.incompatible(name, problems);
    }
    Text text = new Text(parsed.text(), parsed.references());
    int id = ids.computeIfAbsent(text, t -> ids.size() + 1);
    Stored stored =
        byId.computeIfAbsent(
            id, i -> new Stored(i, parsed.text(), parsed.references(), parsed.schema()));
    Subject subject = subjects.computeIfAbsent(name, n -> new Subject());
    Version version = new Version(name, ++subject.newest, false, stored);
    subject.versions.put(version.version(), version);
    return version;
  }

  /** The version of {@code name} that has this schema. */
  synchronized Version lookup(
      String name, Candidate candidate, boolean normalize, boolean deleted) {
    subject(name, deleted);
    Version version = find(name, parse(candidate, normalize), deleted);
    if (version == null) {
      throw RegistryError.schemaNotFound();
    }
    return version;
  }

  private Version find(String name, Stored wanted, boolean deleted) {
    Subject subject = subjects.get(name);
    if (subject == null) {
      return null;
    }
    return subject.visible(deleted).stream()
        .filter(
            v ->
                v.stored().text().equals(wanted.text())
                    && v.stored().references().equals(wanted.references()))
        .reduce((older, newer) -> newer)
        .orElse(null);
  }

  /** What stands in the way of registering it now, by the subject's own level. */
  synchronized List<String> problems(String name, Candidate candidate, boolean normalize) {
    return problems(name, parse(candidate, normalize).schema(), earlier(name));
  }

  /** The same against one version alone. */
  synchronized List<String> problems(
      String name, String version, Candidate candidate, boolean normalize) {
    return problems(
        name,
        parse(candidate, normalize).schema(),
        List.of(version(name, version, false).stored().schema()));
  }

  private List<String> problems(String name, Schema added, List<Schema> earlier) {
    return effectiveLevel(name).problems(added, earlier);
  }

  private List<Schema> earlier(String name) {
    Subject subject = subjects.get(name);
    return subject == null
        ? List.of()
        : subject.visible(false).stream().map(v -> v.stored().schema()).toList();
  }

  synchronized List<String> subjects(String prefix, boolean deleted) {
    return subjects.entrySet().stream()
        .filter(e -> e.getKey().startsWith(prefix) && !e.getValue().visible(deleted).isEmpty())
        .map(Map.Entry::getKey)
        .toList();
  }

  synchronized List<Version> versions(String name, boolean deleted) {
    return subject(name, deleted).visible(deleted);
  }

  /**
   * @param version a number, {@code latest} or -1
   */
  synchronized Version version(String name, String version, boolean deleted) {
    int number = number(version);
    Subject subject = subject(name, deleted);
    if (number < 0) {
      List<Version> visible = subject.visible(deleted);
      return visible.get(visible.size() - 1);
    }
    Version found = subject.versions.get(number);
    if (found == null || (found.deleted() && !deleted)) {
      throw RegistryError.versionNotFound(number);
    }
    return found;
  }

  private static int number(String version) {
    if (version.equals("latest") || version.equals("-1")) {
      return -1;
    }
    try {
      int number = Integer.parseInt(version);
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw RegistryError.invalidVersion(version);
  }

  synchronized Stored schema(int id) {
    Stored stored = byId.get(id);
    if (stored == null) {
      throw RegistryError.schemaNotFound(id);
    }
    return stored;
  }

  /** Every version, of every subject, that has this id. */
  synchronized List<Version> uses(int id, boolean deleted) {
    schema(id);
    return all("", deleted).stream().filter(v -> v.stored().id() == id).toList();
  }

  synchronized List<Version> all(String prefix, boolean deleted) {
    return subjects.entrySet().stream()
        .filter(e -> e.getKey().startsWith(prefix))
        .flatMap(e -> e.getValue().visible(deleted).stream())
        .toList();
  }

  /** Ids of the schemas that refer to this version. */
  synchronized List<Integer> referencedBy(String name, String version) {
    return referrers(version(name, version, true));
  }

  private List<Integer> referrers(Version version) {
    return all("", false).stream()
        .filter(
            v ->
                v.stored().references().stream()
                    .anyMatch(
                        r ->
                            r.subject().equals(version.subject())
                                && r.version() == version.version()))
        .map(v -> v.stored().id())
        .distinct()
        .toList();
  }

  synchronized List<Integer> deleteSubject(String name, boolean permanent) {
    Subject subject = subject(name, true);
    List<Version> visible = subject.visible(false);
    if (!permanent && visible.isEmpty()) {
      throw RegistryError.subjectSoftDeleted(name);
    }
    if (permanent && !visible.isEmpty()) {
      throw RegistryError.subjectNotSoftDeleted(name);
    }
    List<Version> gone = permanent ? subject.visible(true) : visible;
    gone.forEach(this::refuseReferenced);
    if (permanent) {
      subject.versions.clear();
      subject.level = null;
    } else {
      gone.forEach(v -> hide(subject, v));
    }
    return gone.stream().map(Version::version).toList();
  }

  synchronized int deleteVersion(String name, String version, boolean permanent) {
    Subject subject = subject(name, permanent);
    Version found = version(name, version, true);
    if (!permanent && found.deleted()) {
      throw RegistryError.versionSoftDeleted(name, found.version());
    }
    if (permanent && !found.deleted()) {
      throw RegistryError.versionNotSoftDeleted(name, found.version());
    }
    refuseReferenced(found);
    if (permanent) {
      subject.versions.remove(found.version());
    } else {
      hide(subject, found);
    }
    return found.version();
  }

  private void refuseReferenced(Version version) {
    if (!referrers(version).isEmpty()) {
      throw RegistryError.referenceExists(
          "subject=" + version.subject() + ",version=" + version.version());
    }
  }

  private static void hide(Subject subject, Version version) {
    subject.versions.put(
        version.version(),
        new Version(version.subject(), version.version(), true, version.stored()));
  }

  private Subject subject(String name, boolean deleted) {
    Subject subject = subjects.get(name);
    if (subject == null || subject.visible(deleted).isEmpty()) {
      throw RegistryError.subjectNotFound(name);
    }
    return subject;
  }

  synchronized Compatibility level() {
    return global;
  }

  synchronized void setLevel(Compatibility level) {
    global = level;
  }

  /** The subject's own level, or the global one where that is asked for. */
  synchronized Compatibility level(String name, boolean orGlobal) {
    Subject subject = subjects.get(name);
    if (subject != null && subject.level != null) {
      return subject.level;
    }
    if (!orGlobal) {
      throw RegistryError.noSubjectCompatibility(name);
    }
    return global;
  }

  private Compatibility effectiveLevel(String name) {
    return level(name, true);
  }

  /** Null takes the subject's own level away. */
  synchronized void setLevel(String name, Compatibility level) {
    subjects.computeIfAbsent(name, n -> new Subject()).level = level;
  }

  /** Reads a schema and what it refers to; its id is not known yet and 0. */
  private Stored parse(Candidate candidate, boolean normalize) {
    if (!candidate.type().equals("AVRO")) {
      throw RegistryError.invalidSchema("this registry keeps AVRO alone, not " + candidate.type());
    }
    try {
      Schema.Parser parser = new Schema.Parser();
      addReferences(parser, candidate.references(), new HashSet<>());
      Schema schema = parser.parse(candidate.schema());
      String text =
          candidate.references().isEmpty()
              ? schema.toString()
              : SORTED.readTree(candidate.schema()).toString();
      return new Stored(0, normalize ? sorted(text) : text, candidate.references(), schema);
    } catch (AvroRuntimeException | JsonProcessingException | NullPointerException e) {
      // Avro 1.12 has a NullPointerException for a name that it does not know.
      throw RegistryError.invalidSchema(e.getMessage());
    }
  }

  private void addReferences(
      Schema.Parser parser, List<Reference> references, Set<Reference> done) {
    for (Reference reference : references) {
      if (done.add(new Reference("", reference.subject(), reference.version()))) {
        Stored stored;
        try {
          stored =
              version(reference.subject(), Integer.toString(reference.version()), true).stored();
        } catch (RegistryError e) {
          throw RegistryError.invalidSchema(
              "reference " + reference.name() + ": " + e.getMessage());
        }
        addReferences(parser, stored.references(), done);
        parser.parse(stored.text());
      }
    }
  }

  /** The same schema with the keys of every object in alphabetical order. */
  private static String sorted(String text) throws JsonProcessingException {
    JsonNode tree = SORTED.readTree(text);
    return SORTED.writeValueAsString(SORTED.treeToValue(tree, Object.class));
  }
}
