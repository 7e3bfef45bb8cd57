package io.clipstream.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;

/**
 * The registry does not know the id of a record's schema. The record is bad, unless the registry
 * has just started and has not read all that it knows.
 */
public class UnknownSchemaException extends SerializationException {
  private static final long serialVersionUID = 1;

  UnknownSchemaException(String message, Throwable cause) {
    super(message, cause);
  }
}
