package io.clipstream.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import org.apache.avro.AvroTypeException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class SerdeErrorsTest {
  @Test
  void shouldBlameTheRecordForBytesAndFields() {
    assertThat(SerdeErrors.isBadRecord(new SerializationException("x"))).isTrue();
    assertThat(SerdeErrors.isBadRecord(new SerializationException("x", new EOFException())))
        .isTrue();
    assertThat(
            SerdeErrors.isBadRecord(
                new IllegalStateException(
                    new SerializationException("x", new AvroTypeException("y")))))
        .isTrue();
  }

  @Test
  void shouldBlameTheRegistryForItsOwnFailures() {
    assertThat(SerdeErrors.isBadRecord(new RegistryUnavailableException("x", null))).isFalse();
    assertThat(
            SerdeErrors.isBadRecord(
                new SerializationException("x", new RegistryRefusedException("y", null))))
        .isFalse();
    assertThat(SerdeErrors.isBadRecord(new NullPointerException())).isFalse();
    assertThat(SerdeErrors.isBadRecord(null)).isFalse();
  }

  /** As Confluent's serdes throw them. */
  @Test
  void shouldUnderstandConfluentsExceptions() {
    String message = "Error deserializing Avro message for id 7";
    assertThat(SerdeErrors.isBadRecord(new SerializationException(message, new ConnectException())))
        .isFalse();
    assertThat(
            SerdeErrors.isBadRecord(
                new SerializationException(message, new IOException(new SocketTimeoutException()))))
        .isFalse();
    assertThat(SerdeErrors.isBadRecord(new TimeoutException(message))).isFalse();
    assertThat(
            SerdeErrors.isBadRecord(
                new InvalidConfigurationException("Unauthorized; error code: 401")))
        .isFalse();
    assertThat(
            SerdeErrors.isBadRecord(
                new InvalidConfigurationException("Schema 7 not found; error code: 40403")))
        .isTrue();
    assertThat(SerdeErrors.isBadRecord(new SerializationException("Unknown magic byte!"))).isTrue();
  }
}
