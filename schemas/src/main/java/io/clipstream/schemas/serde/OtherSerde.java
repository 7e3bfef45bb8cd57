package io.clipstream.schemas.serde;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * A serde that is not ours and does not say since when its registry answers. A schema that the
 * registry does not know is one that it does not know yet, for a while from the first on, and not
 * again before {@value #MINUTES} minutes have passed since then: of bad records, however many, that
 * is all that anybody waits for.
 */
final class OtherSerde<T> implements Serde<T> {
  private static final int MINUTES = 10;

  private static long patientSince;
  private static boolean wasPatient;

  private final Serde<T> serde;
  private final Duration patience;
  private final Deserializer<T> deserializer = new Reading();

  OtherSerde(Serde<T> serde, Duration patience) {
    this.serde = serde;
    this.patience = patience;
  }

  @Override
  public void configure(Map<String, ?> configs, boolean isKey) {
    serde.configure(configs, isKey);
  }

  @Override
  public Serializer<T> serializer() {
    return serde.serializer();
  }

  @Override
  public Deserializer<T> deserializer() {
    return deserializer;
  }

  @Override
  public void close() {
    serde.close();
  }

  /** For the whole process, as clients share what their registry said. */
  private static synchronized boolean isPatient(Duration patience) {
    long now = System.nanoTime();
    if (!wasPatient || now - patientSince >= Duration.ofMinutes(MINUTES).toNanos()) {
      wasPatient = true;
      patientSince = now;
    }
    return now - patientSince < patience.toNanos();
  }

  private final class Reading implements Deserializer<T> {
    @Override
    public T deserialize(String topic, byte[] data) {
      return read(() -> serde.deserializer().deserialize(topic, data));
    }

    @Override
    public T deserialize(String topic, Headers headers, byte[] data) {
      return read(() -> serde.deserializer().deserialize(topic, headers, data));
    }

    @Override
    public T deserialize(String topic, Headers headers, ByteBuffer data) {
      return read(() -> serde.deserializer().deserialize(topic, headers, data));
    }

    private T read(Supplier<T> reading) {
      try {
        return reading.get();
      } catch (RuntimeException e) {
        if (SerdeErrors.isUnknownSchema(e) && isPatient(patience)) {
          throw new SchemaNotYetKnownException(
              e.getMessage() + " (the schema registry may not have read yet what it knows)", e);
        }
        throw e;
      }
    }

    @Override
    public void close() {
      serde.deserializer().close();
    }
  }
}
