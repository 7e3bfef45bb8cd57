package io.clipstream.schemas.serde;

/**
 * No registry answered, after every retry at every URL: connection refused or lost, time-out, or
 * only answers that ask for another try (HTTP 408, 429, 5xx). The same call may succeed later.
 */
public final class RegistryUnavailableException extends RegistryException {
  public RegistryUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
