package io.clipstream.schemas.serde;

/**
 * The registry answered and said no: credentials (HTTP 401, 403), an incompatible or invalid schema
 * (409, 422), a subject that is not there while {@code auto.register.schemas=false}, or something
 * that is not a schema registry. A person has to mend it; another try alone does not.
 */
public final class RegistryRefusedException extends RegistryException {
  public RegistryRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
