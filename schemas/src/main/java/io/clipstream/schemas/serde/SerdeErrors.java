package io.clipstream.schemas.serde;

import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;

/** Tells a bad record from a broken system, whether these serdes or Confluent's failed. */
public final class SerdeErrors {
  private static final int MAX_DEPTH = 32;
  private static final String CONFLUENT_REST_EXCEPTION =
      "io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException";

  private SerdeErrors() {}

  /**
   * Whether a failed {@code serialize} or {@code deserialize} was the record's own fault, so that
   * it belongs on the dead-letter topic and the next record may go on. False means that the
   * registry or the system failed: stop, and the record is processed again later.
   *
   * <p>Confluent's serdes wrap a registry that is down in a {@link SerializationException} too; its
   * cause (a network error or their REST exception) gives it away. An id that the registry does not
   * know is an {@link InvalidConfigurationException} there; the error code ends its message.
   */
  public static boolean isBadRecord(Throwable error) {
    boolean serialization = false;
    Throwable at = error;
    for (int depth = 0; at != null && depth < MAX_DEPTH; depth++, at = at.getCause()) {
      if (at instanceof RegistryException
          || at instanceof RetriableException
          || at.getClass().getName().equals(CONFLUENT_REST_EXCEPTION)
          || isTransport(at)) {
        return false;
      }
      serialization |= at instanceof SerializationException || isUnknownId(at);
    }
    return serialization;
  }

  /** The registry failure within {@code error}, if there is one. */
  public static Optional<RegistryException> registryFailure(Throwable error) {
    Throwable at = error;
    for (int depth = 0; at != null && depth < MAX_DEPTH; depth++, at = at.getCause()) {
      if (at instanceof RegistryException registry) {
        return Optional.of(registry);
      }
    }
    return Optional.empty();
  }

  /** Whether Confluent's serdes say that the registry does not know a record's schema. */
  static boolean isUnknownSchema(Throwable error) {
    Throwable at = error;
    for (int depth = 0; at != null && depth < MAX_DEPTH; depth++, at = at.getCause()) {
      if (isUnknownId(at)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isUnknownId(Throwable error) {
    return error instanceof InvalidConfigurationException
        && error.getMessage() != null
        && error.getMessage().endsWith("error code: 40403");
  }

  /** An I/O error of the network; EOF and its like come from decoding a short payload. */
  private static boolean isTransport(Throwable error) {
    return error instanceof SocketException
        || error instanceof SocketTimeoutException
        || error instanceof UnknownHostException
        || error instanceof HttpTimeoutException
        || error instanceof SSLException;
  }
}
