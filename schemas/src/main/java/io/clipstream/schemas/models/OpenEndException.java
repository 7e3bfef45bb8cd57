package io.clipstream.schemas.models;

import org.apache.kafka.common.KafkaException;

/**
 * A broker answered the end of a transaction with an error that leaves open whether it was
 * committed. Who opens the transaction of the same id next ends it, and finds out.
 */
final class OpenEndException extends KafkaException {
  private static final long serialVersionUID = 1;

  OpenEndException(KafkaException cause) {
    super(cause);
  }
}
