package io.clipstream.schemas.serde;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits within {@code deserialize} while the registry may not have read yet what it knows, for
 * threads that have nothing else to do. All threads; one that is interrupted gets {@link
 * InterruptException}.
 *
 * @param <T> the records
 */
public final class PatientDeserializer<T> implements Deserializer<T> {
  private static final Logger log = LoggerFactory.getLogger(PatientDeserializer.class);
  private static final long PAUSE_MILLIS = 200;

  private final Deserializer<T> records;

  /**
   * @param records how they are read; closed with this one
   */
  public PatientDeserializer(Deserializer<T> records) {
    this.records = records;
  }

  @Override
  public void configure(Map<String, ?> configs, boolean isKey) {
    records.configure(configs, isKey);
  }

  @Override
  public T deserialize(String topic, byte[] data) {
    return patiently(() -> records.deserialize(topic, data));
  }

  @Override
  public T deserialize(String topic, Headers headers, byte[] data) {
    return patiently(() -> records.deserialize(topic, headers, data));
  }

  @Override
  public T deserialize(String topic, Headers headers, ByteBuffer data) {
    return patiently(() -> records.deserialize(topic, headers, data));
  }

  private T patiently(Supplier<T> reading) {
    for (boolean again = false; ; again = true) {
      try {
        return reading.get();
      } catch (SchemaNotYetKnownException e) {
        if (!again) {
          log.warn("A record waits for its schema: {}", e.getMessage());
        }
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        throw new InterruptException(e);
      }
    }
  }

  @Override
  public void close() {
    records.close();
  }
}
