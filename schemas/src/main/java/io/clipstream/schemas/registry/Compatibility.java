package io.clipstream.schemas.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;

/** Which earlier versions a new one must get on with, and in which direction. */
enum Compatibility {
  /** Anything goes. */
  NONE(false, false, false),
  /** Readers with the new schema read what the newest version wrote; the default. */
  BACKWARD(true, false, false),
  BACKWARD_TRANSITIVE(true, false, true),
  /** Readers with the newest version read what the new schema writes. */
  FORWARD(false, true, false),
  FORWARD_TRANSITIVE(false, true, true),
  FULL(true, true, false),
  FULL_TRANSITIVE(true, true, true);

  private final boolean readsOld;
  private final boolean readByOld;
  private final boolean transitive;

  Compatibility(boolean readsOld, boolean readByOld, boolean transitive) {
    this.readsOld = readsOld;
    this.readByOld = readByOld;
    this.transitive = transitive;
  }

  static Compatibility parse(String name) {
    for (Compatibility level : values()) {
      if (level.name().equals(name.toUpperCase(Locale.ROOT))) {
        return level;
      }
    }
    throw RegistryError.invalidCompatibility(name);
  }

  /**
   * What stands in the way of {@code added}, one line each; empty when it may be registered.
   *
   * @param earlier the versions before, oldest first
   */
  List<String> problems(Schema added, List<Schema> earlier) {
    List<String> problems = new ArrayList<>();
    int oldest = transitive ? 0 : Math.max(0, earlier.size() - 1);
    for (int i = earlier.size() - 1; i >= oldest; i--) {
      if (readsOld) {
        describe("READER", "BACKWARD", added, earlier.get(i), problems);
      }
      if (readByOld) {
        describe("WRITER", "FORWARD", earlier.get(i), added, problems);
      }
    }
    return problems;
  }

  private static void describe(
      String role, String direction, Schema reader, Schema writer, List<String> problems) {
    for (Incompatibility problem :
        SchemaCompatibility.checkReaderWriterCompatibility(reader, writer)
            .getResult()
            .getIncompatibilities()) {
      problems.add(
          "{errorType:'"
              + problem.getType()
              + "', description:'The new schema as "
              + role
              + " is not "
              + direction
              + " compatible at "
              + problem.getLocation()
              + "', additionalInfo:'"
              + problem.getMessage()
              + "'}");
    }
  }
}
