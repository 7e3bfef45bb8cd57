package io.clipstream.schemas.serde;

/** A definite answer of the registry other than success; no retry helps. */
final class RegistryResponseException extends Exception {
  private final int status;
  private final int errorCode;

  /**
   * @param status HTTP status
   * @param errorCode Confluent's {@code error_code} such as 40403, or 0 when the answer had none
   */
  RegistryResponseException(int status, int errorCode, String message) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }

  int status() {
    return status;
  }

  /** False: perhaps of a proxy before it. */
  boolean isOfRegistry() {
    return errorCode != 0;
  }

  /** A registry (not some other server) said that the subject, version or schema is not there. */
  boolean isNotFound() {
    return errorCode / 100 == 404;
  }
}
