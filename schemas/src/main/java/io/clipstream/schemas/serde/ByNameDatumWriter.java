package io.clipstream.schemas.serde;

import java.io.IOException;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Conversion;
import org.apache.avro.LogicalType;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Field;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.Encoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * Writes a record in another schema than its own, as {@code use.latest.version} asks for. Fields
 * are found by name, where Avro's writers go by position and would put values into the wrong
 * fields; those that the record lacks get the default of the schema that is written.
 */
final class ByNameDatumWriter<T extends IndexedRecord> extends SpecificDatumWriter<T> {

  ByNameDatumWriter(Schema written, SpecificData data) {
    super(written, data);
  }

  @Override
  protected void writeField(Object datum, Field field, Encoder out, Object state)
      throws IOException {
    IndexedRecord record = (IndexedRecord) datum;
    Field own = record.getSchema().getField(field.name());
    if (own == null) {
      write(field.schema(), getData().getDefaultValue(field), out);
      return;
    }
    Object value = record.get(own.pos());
    LogicalType logicalType = field.schema().getLogicalType();
    if (logicalType != null && record instanceof SpecificRecordBase specific) {
      Conversion<?> conversion = specific.getConversion(own.pos());
      if (conversion != null) {
        value = convert(field.schema(), logicalType, conversion, value);
      }
      writeWithoutConversion(field.schema(), value, out);
    } else {
      write(field.schema(), value, out);
    }
  }

  /** By symbol: SpecificDatumWriter goes by the ordinal, which another schema may number anew. */
  @Override
  protected void writeEnum(Schema schema, Object datum, Encoder out) throws IOException {
    if (!schema.hasEnumSymbol(datum.toString())) {
      throw new AvroTypeException(
          schema.getFullName() + " has no symbol " + datum + " in the version that is written");
    }
    out.writeEnum(schema.getEnumOrdinal(datum.toString()));
  }
}
