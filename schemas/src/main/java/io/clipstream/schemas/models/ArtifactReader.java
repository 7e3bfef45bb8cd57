package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelArtifactChunk;
import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.models.ArtifactException.Reason;
import io.clipstream.schemas.serde.PatientDeserializer;
import io.clipstream.schemas.serde.SerdeErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;

/**
 * Brings artifacts out of the log into files: reads the records that a release names, and nothing
 * before or after them. Holds 8 MiB of records and a chunk or two in memory at a time.
 *
 * <p>Compaction leaves gaps between a release's chunks, never among them, as no other record has
 * their keys while the release is there.
 *
 * <p>All threads; each download is one thread's. One that is interrupted gets {@link
 * org.apache.kafka.common.errors.InterruptException}.
 */
public final class ArtifactReader {
  private static final Duration SLICE = Duration.ofMillis(500);
  private static final Duration CHECK = Duration.ofSeconds(2);
  private static final Duration BETWEEN_CHECKS = Duration.ofSeconds(5);
  private static final int FETCH_BYTES = 8 << 20;

  private final ModelLogConfig config;
  private final String topic;

  public ArtifactReader(ModelLogConfig config) {
    this.config = config;
    this.topic = config.topics().artifacts();
  }

  /**
   * Downloads an artifact. What arrives is kept in {@code FILE.part}, and a later download of the
   * same release goes on there; the file itself appears whole and checked, and replaces what was
   * there. Nobody else may write these two meanwhile.
   *
   * @param release one that has chunks
   * @throws ArtifactException if the artifact cannot be had; the reason says whether waiting helps
   * @throws IOException if the disk fails
   * @throws io.clipstream.schemas.serde.RegistryException if the registry fails
   */
  public void download(
      ModelRelease release, Path file, TransferLimits limits, TransferProgress progress)
      throws IOException {
    ModelChunks chunks = release.getChunks();
    if (chunks == null) {
      throw new IllegalArgumentException(
          ModelNames.releaseKey(release.getModel())
              + " has no chunks, it is at "
              + release.getUri());
    }
    Path partPath = file.resolveSibling(file.getFileName() + ".part");
    try (PartFile part = new PartFile(partPath, release)) {
      progress.at(part.bytes(), release.getBytes());
      if (!part.whole()) {
        receive(release, part, limits, progress);
      }
      if (!part.become(file)) {
        throw ArtifactException.of(
            Reason.DIGEST_WRONG,
            release,
            "its chunks together have another SHA-256 than " + release.getModel().getDigest());
      }
    }
  }

  private void receive(
      ModelRelease release, PartFile part, TransferLimits limits, TransferProgress progress)
      throws IOException {
    Deadline total = new Deadline(limits.total());
    Deadline idle = new Deadline(limits.idle());
    Deadline nextCheck = new Deadline(Duration.ZERO);
    ModelChunks chunks = release.getChunks();
    TopicPartition partition = new TopicPartition(topic, chunks.getPartition());
    try (KafkaConsumer<String, ByteBuffer> consumer =
            config.consumer(
                "read_committed",
                Map.of(
                    ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES,
                    ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES));
        Serde<ModelArtifactChunk> serde = config.serde(ModelArtifactChunk.class)) {
      Deserializer<ModelArtifactChunk> records = new PatientDeserializer<>(serde.deserializer());
      consumer.assign(List.of(partition));
      // Each chunk took one offset or more.
      consumer.seek(partition, chunks.getFirstOffset() + part.next());
      while (!part.whole()) {
        int before = part.next();
        for (ConsumerRecord<String, ByteBuffer> record : poll(consumer, release, part)) {
          if (take(record, release, part, records)) {
            progress.at(part.bytes(), release.getBytes());
          }
        }
        if (part.whole()) {
          return;
        }
        if (isPast(consumer, partition, chunks.getLastOffset())) {
          throw missing(release, part.next(), "the offsets that its release names do not hold it");
        }
        if (part.next() > before) {
          idle = new Deadline(limits.idle());
        } else if (nextCheck.over()) {
          requirePresence(release, part);
          nextCheck = new Deadline(BETWEEN_CHECKS);
        }
        if (total.over()) {
          throw ArtifactException.of(
              Reason.TIMED_OUT, release, progressOf(release, part, limits.total()));
        }
        if (idle.over()) {
          throw ArtifactException.of(
              Reason.STALLED,
              release,
              "no chunk came for "
                  + limits.idle().toSeconds()
                  + " s: Kafka is slow or out of reach, or the transaction of a publisher that died"
                  + " is open before it; "
                  + progressOf(release, part, limits.total()));
        }
      }
    }
  }

  private Iterable<ConsumerRecord<String, ByteBuffer>> poll(
      KafkaConsumer<String, ByteBuffer> consumer, ModelRelease release, PartFile part)
      throws ArtifactException {
    try {
      return consumer.poll(SLICE);
    } catch (OffsetOutOfRangeException e) {
      requirePresence(release, part);
      throw missing(release, part.next(), "its topic was cut or made anew");
    }
  }

  private static boolean isPast(
      KafkaConsumer<String, ByteBuffer> consumer, TopicPartition partition, long last) {
    try {
      return consumer.position(partition, SLICE) > last;
    } catch (TimeoutException e) {
      return false; // Kafka is out of reach.
    }
  }

  /** Tells what will not come from what may come. */
  private void requirePresence(ModelRelease release, PartFile part) throws ArtifactException {
    ModelChunks chunks = release.getChunks();
    try (ArtifactPresence presence = new ArtifactPresence(config, chunks.getPartition())) {
      long first = chunks.getFirstOffset() + part.next();
      switch (presence.find(first, chunks.getLastOffset(), CHECK)) {
        case NO_PARTITION ->
            throw ArtifactException.of(
                Reason.TOPIC_GONE,
                release,
                "there is no partition " + chunks.getPartition() + " of topic " + topic);
        case OTHER_OFFSETS ->
            throw missing(
                release,
                part.next(),
                "its topic was cut or made anew, without offsets "
                    + first
                    + " to "
                    + chunks.getLastOffset());
        case HELD -> {}
      }
    } catch (TimeoutException e) {
      return; // Kafka is slow or out of reach, which the time limits are for.
    }
  }

  /** Whether it was the next chunk. Records of others are passed by unread. */
  private boolean take(
      ConsumerRecord<String, ByteBuffer> record,
      ModelRelease release,
      PartFile part,
      Deserializer<ModelArtifactChunk> records)
      throws IOException {
    OptionalInt found = ModelNames.chunkIndex(record, release.getModel());
    if (part.whole() || found.isEmpty() || found.getAsInt() < part.next()) {
      return false;
    }
    int index = part.next();
    if (found.getAsInt() > index) {
      throw missing(release, index, "chunk " + found.getAsInt() + " follows its predecessor");
    }
    Object value; // Serdes of others may give whatever was written.
    try {
      value = records.deserialize(topic, record.headers(), record.value());
    } catch (RuntimeException e) {
      if (!SerdeErrors.isBadRecord(e)) {
        throw e;
      }
      throw chunkFailure(Reason.CHUNK_ALTERED, release, index, "is no chunk: " + e.getMessage());
    }
    if (!(value instanceof ModelArtifactChunk chunk)) {
      throw chunkFailure(Reason.CHUNK_ALTERED, release, index, "is no chunk");
    }
    if (!chunk.getDigest().equals(release.getModel().getDigest())) {
      throw chunkFailure(
          Reason.CHUNK_FOREIGN, release, index, "is of the artifact " + chunk.getDigest());
    }
    int count = release.getChunks().getChecksums().size();
    int length = chunk.getData().remaining();
    if (length < part.length(index)) {
      throw chunkFailure(
          Reason.CHUNK_SHORT,
          release,
          index,
          "has " + length + " bytes, expected " + part.length(index));
    }
    if (chunk.getIndex() != index || chunk.getCount() != count) {
      throw chunkFailure(
          Reason.CHUNK_ALTERED,
          release,
          index,
          "says it is " + chunk.getIndex() + " of " + chunk.getCount());
    }
    if (length > part.length(index) || !part.append(chunk.getData())) {
      throw chunkFailure(Reason.CHUNK_ALTERED, release, index, "has other data than was published");
    }
    return true;
  }

  private static String progressOf(ModelRelease release, PartFile part, Duration limit) {
    return part.bytes()
        + " of "
        + release.getBytes()
        + " bytes are there, expected all within "
        + limit.toSeconds()
        + " s";
  }

  private static ArtifactException missing(ModelRelease release, int index, String why) {
    return ArtifactException.of(
        Reason.CHUNK_MISSING, release, "chunk " + index + " is missing: " + why);
  }

  private static ArtifactException chunkFailure(
      Reason reason, ModelRelease release, int index, String what) {
    return ArtifactException.of(reason, release, "chunk " + index + " " + what);
  }
}
