package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelRelease;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;

/**
 * Whether a partition of the topic of artifacts still holds what releases name: topics can be
 * deleted, cut and made anew. Sees what open transactions wrote as well. One thread.
 */
final class ArtifactPresence implements AutoCloseable {
  private static final Duration SLICE = Duration.ofMillis(500);

  private final TopicPartition partition;
  private final KafkaConsumer<String, ByteBuffer> consumer;

  /** What a partition holds of a span of offsets. */
  enum Found {
    NO_PARTITION,
    OTHER_OFFSETS,
    HELD
  }

  ArtifactPresence(ModelLogConfig config, int partition) {
    this.partition = new TopicPartition(config.topics().artifacts(), partition);
    this.consumer =
        config.consumer("read_uncommitted", Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1));
  }

  /**
   * Whether the last chunk of a release is where the release says: then all of them should be.
   *
   * @throws TimeoutException if Kafka does not answer within the limit
   */
  static boolean of(ModelLogConfig config, ModelRelease release, Duration limit) {
    ModelChunks chunks = release.getChunks();
    try (ArtifactPresence presence = new ArtifactPresence(config, chunks.getPartition())) {
      return presence.holdsLast(release, limit);
    }
  }

  /**
   * @param first offset
   * @param last offset, inclusive
   * @throws TimeoutException if Kafka does not answer within the limit
   */
  Found find(long first, long last, Duration limit) {
    Deadline deadline = new Deadline(limit);
    List<PartitionInfo> partitions = consumer.partitionsFor(partition.topic(), deadline.left());
    if (partitions == null
        || partitions.stream().noneMatch(info -> info.partition() == partition.partition())) {
      return Found.NO_PARTITION;
    }
    List<TopicPartition> one = List.of(partition);
    boolean held =
        consumer.beginningOffsets(one, deadline.left()).get(partition) <= first
            && consumer.endOffsets(one, deadline.left()).get(partition) > last;
    return held ? Found.HELD : Found.OTHER_OFFSETS;
  }

  private boolean holdsLast(ModelRelease release, Duration limit) {
    Deadline deadline = new Deadline(limit);
    ModelChunks chunks = release.getChunks();
    long last = chunks.getLastOffset();
    if (find(last, last, limit) != Found.HELD) {
      return false;
    }
    consumer.assign(List.of(partition));
    consumer.seek(partition, last);
    try {
      while (!deadline.over()) {
        for (ConsumerRecord<String, ByteBuffer> record : consumer.poll(deadline.atMost(SLICE))) {
          return record.offset() == last
              && ModelNames.chunkIndex(record, release.getModel()).orElse(-1)
                  == chunks.getChecksums().size() - 1;
        }
        if (consumer.position(partition, deadline.left()) > last) {
          return false;
        }
      }
    } catch (OffsetOutOfRangeException e) {
      return false;
    } catch (TopicAuthorizationException e) {
      throw Refusals.explained(e, "READ");
    }
    throw new TimeoutException(
        "offset " + last + " of " + partition + " was not read within " + limit.toSeconds() + " s");
  }

  @Override
  public void close() {
    consumer.close();
  }
}
