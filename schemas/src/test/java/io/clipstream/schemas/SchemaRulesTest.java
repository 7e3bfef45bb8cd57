package io.clipstream.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.apache.avro.JsonProperties;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every schema keeps to, so that it can be understood and can change. */
class SchemaRulesTest {
  static Set<Schema> schemas() {
    Set<Schema> found = new HashSet<>();
    for (SpecificRecord record : Examples.all()) {
      collect(record.getSchema(), found);
    }
    return found;
  }

  private static void collect(Schema schema, Set<Schema> found) {
    switch (schema.getType()) {
      case RECORD -> {
        if (found.add(schema)) {
          schema.getFields().forEach(field -> collect(field.schema(), found));
        }
      }
      case ENUM -> found.add(schema);
      case ARRAY -> collect(schema.getElementType(), found);
      case MAP -> collect(schema.getValueType(), found);
      case UNION -> schema.getTypes().forEach(type -> collect(type, found));
      default -> {}
    }
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void shouldBeDocumentedAndReadyToChange(Schema schema) {
    assertThat(schema.getDoc()).as(schema.getFullName()).isNotBlank();
    assertThat(schema.getNamespace()).isEqualTo("io.clipstream.schemas");
    if (schema.getType() == Schema.Type.ENUM) {
      assertThat(schema.getEnumDefault()).as(schema.getFullName()).isEqualTo("UNKNOWN");
      return;
    }
    for (Schema.Field field : schema.getFields()) {
      String name = schema.getName() + "." + field.name();
      assertThat(field.doc()).as(name).isNotBlank();
      if (field.schema().isNullable()) {
        assertThat(field.schema().getTypes().get(0).getType())
            .as(name + " lists null first")
            .isEqualTo(Schema.Type.NULL);
        assertThat(field.defaultVal()).as(name).isEqualTo(JsonProperties.NULL_VALUE);
      }
      if (field.name().endsWith("At")) {
        assertThat(field.schema().toString()).as(name).contains("timestamp-millis");
      }
    }
  }
}
