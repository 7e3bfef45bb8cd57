package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelArtifactChunk;
import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelIdentity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;

/**
 * Sends an artifact file as chunks to one partition, within a transaction that the caller has begun
 * and ends. One thread writes; {@link #acknowledged} is called by the producer's.
 */
final class ChunkWriter {
  private final Producer<String, SpecificRecord> producer;
  private final String topic;
  private final PublishPlan plan;

  private volatile long firstOffset = -1;
  private volatile long lastOffset = -1;
  private volatile long arrived;
  private volatile Exception failure;

  ChunkWriter(Producer<String, SpecificRecord> producer, String topic, PublishPlan plan) {
    this.producer = producer;
    this.topic = topic;
    this.plan = plan;
  }

  static int count(long bytes, int chunkBytes) {
    return Math.toIntExact((bytes - 1) / chunkBytes + 1);
  }

  /**
   * Returns once every chunk has arrived.
   *
   * @param bytes size of the file
   * @throws ModelLogException if the file is not, or no longer, what model and bytes say
   */
  ModelChunks write(ModelIdentity model, long bytes, Path file, TransferProgress progress)
      throws IOException {
    int count = count(bytes, plan.chunkBytes());
    List<Integer> checksums = new ArrayList<>(count);
    MessageDigest digest = FileDigest.newSha256();
    CRC32C checksum = new CRC32C();
    byte[] buffer = new byte[(int) Math.min(plan.chunkBytes(), bytes)];
    progress.at(0, bytes);
    try (InputStream in = Files.newInputStream(file)) {
      long left = bytes;
      for (int index = 0; index < count; index++) {
        int length = (int) Math.min(buffer.length, left);
        if (in.readNBytes(buffer, 0, length) < length) {
          throw changed(file);
        }
        left -= length;
        digest.update(buffer, 0, length);
        checksum.reset();
        checksum.update(buffer, 0, length);
        checksums.add((int) checksum.getValue());
        send(model, index, count, ByteBuffer.wrap(buffer, 0, length));
        progress.at(arrived, bytes);
      }
      if (in.read() >= 0) {
        throw changed(file);
      }
    }
    if (!FileDigest.hex(digest).equals(model.getDigest())) {
      throw changed(file);
    }
    producer.flush();
    requireNoFailure();
    progress.at(bytes, bytes);
    return new ModelChunks(plan.partition(), firstOffset, lastOffset, plan.chunkBytes(), checksums);
  }

  /** The data are free again on return: the producer has serialised them. */
  @SuppressWarnings("FutureReturnValueIgnored") // the callback is told
  private void send(ModelIdentity model, int index, int count, ByteBuffer data) {
    requireNoFailure();
    int length = data.remaining();
    producer.send(
        new ProducerRecord<>(
            topic,
            plan.partition(),
            ModelNames.chunkKey(model, index),
            new ModelArtifactChunk(model.getDigest(), index, count, data)),
        (metadata, error) -> acknowledged(index, length, metadata, error));
  }

  /** In the order of the chunks. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread of the producer calls
  private void acknowledged(int index, int length, RecordMetadata metadata, Exception error) {
    if (error != null) {
      failure = failure == null ? error : failure;
      return;
    }
    if (index == 0) {
      firstOffset = metadata.offset();
    }
    lastOffset = metadata.offset();
    arrived += length;
  }

  private void requireNoFailure() {
    Exception error = failure;
    if (error instanceof KafkaException known) {
      throw known;
    }
    if (error != null) {
      throw new KafkaException("a chunk was not written: " + error.getMessage(), error);
    }
  }

  private static ModelLogException changed(Path file) {
    return new ModelLogException(
        file
            + " was changed while it was published: nothing of it was published; try it again once"
            + " it is whole");
  }
}
