package io.clipstream.streams.topology;

import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.serde.AvroSerde;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;

/**
 * How the values of the topics are read and written. Used by one thread at a time.
 *
 * @param references of {@link Topics#incoming}
 * @param labels of {@link Topics#labeled}
 * @param rejected of {@link Topics#rejected}
 */
public record Formats(
    Serde<VideoReference> references, Serde<VideoLabels> labels, Serde<RejectedVideo> rejected)
    implements AutoCloseable {

  /**
   * Serdes of a class chosen by name. The topology tries again by itself while the registry is
   * down, and must not hold a transaction open for long, so each try is short unless {@code config}
   * says otherwise: one round, 2 s to connect, 4 s for an answer.
   *
   * @param serdeClass such as {@code io.clipstream.schemas.serde.AvroSerde}
   * @param config Confluent's keys, {@code schema.registry.url} at least
   */
  public static Formats create(String serdeClass, Map<String, ?> config) {
    Map<String, Object> all = new HashMap<>();
    all.put("max.retries", "0");
    all.put("http.connect.timeout.ms", "2000");
    all.put("http.read.timeout.ms", "4000");
    all.putAll(config);
    return new Formats(
        AvroSerde.create(serdeClass, VideoReference.class, all),
        AvroSerde.create(serdeClass, VideoLabels.class, all),
        AvroSerde.create(serdeClass, RejectedVideo.class, all));
  }

  @Override
  public void close() {
    references.close();
    labels.close();
    rejected.close();
  }
}
