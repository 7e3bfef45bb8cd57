package io.clipstream.schemas.serde;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;

/** Changes to the text of a schema. */
final class SchemaText {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SchemaText() {}

  /** The schema without {@code avro.java.string}, which means nothing to other languages. */
  static Schema withoutJavaProperties(Schema schema) {
    try {
      JsonNode tree = JSON.readTree(schema.toString());
      return new Schema.Parser().parse(simplify(tree).toString());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a schema's own text is not JSON", e);
    }
  }

  private static JsonNode simplify(JsonNode node) {
    if (node instanceof ObjectNode object) {
      // A field's default may be a map with any key; only schemas have a type.
      if (object.has("type")) {
        object.remove(GenericData.STRING_PROP);
        if (object.size() == 1 && object.get("type").isTextual()) {
          return object.get("type"); // {"type": "string"} is "string"
        }
      }
      object
          .properties()
          .forEach(
              property -> {
                if (!property.getKey().equals("default")) {
                  property.setValue(simplify(property.getValue()));
                }
              });
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, simplify(array.get(i)));
      }
    }
    return node;
  }
}
