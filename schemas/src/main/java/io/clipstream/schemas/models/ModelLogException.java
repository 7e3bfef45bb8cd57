package io.clipstream.schemas.models;

import org.apache.kafka.common.KafkaException;

/**
 * Something about the model log that the user can mend. The message is the whole report, one line:
 * what was wrong, what was expected, what to do.
 */
public final class ModelLogException extends KafkaException {
  private static final long serialVersionUID = 1;

  public ModelLogException(String message) {
    super(message);
  }

  public ModelLogException(String message, Throwable cause) {
    super(message, cause);
  }
}
