package io.clipstream.schemas.serde;

import org.apache.kafka.common.KafkaException;

/**
 * The schema registry did not give what the serdes need, for a reason that says nothing about the
 * record at hand: stop and lose nothing. A bad record is a {@link
 * org.apache.kafka.common.errors.SerializationException} instead; {@link SerdeErrors} tells them
 * apart, whoever's serdes threw.
 *
 * <p>A {@link RegistryUnavailableException}, {@link SchemaNotYetKnownException} or {@link
 * RegistryRefusedException}.
 */
public abstract class RegistryException extends KafkaException {
  RegistryException(String message, Throwable cause) {
    super(message, cause);
  }
}
