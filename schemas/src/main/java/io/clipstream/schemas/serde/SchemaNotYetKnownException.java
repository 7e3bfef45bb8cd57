package io.clipstream.schemas.serde;

/**
 * The registry does not know a schema, of a record that is read or one that is to be written, and
 * began to answer only just now: it may not have read yet what it knows. The same call may succeed
 * soon. If it does not, that comes to an end {@code missing.id.patience.sec} after the registry
 * began to answer: then the record that is read is bad, and what is to be written is refused.
 */
public final class SchemaNotYetKnownException extends RegistryException {
  private static final long serialVersionUID = 1;

  SchemaNotYetKnownException(String message, Throwable cause) {
    super(message, cause);
  }
}
