package io.clipstream.schemas.models;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/**
 * Notices that a topic was made anew, or cut, where a consumer does not: its position is one of the
 * new topic too, or was not cut off. Asks Kafka now and then and never waits for the answer. One
 * thread.
 */
final class TopicIdentity implements AutoCloseable {
  /** Followers that live shorter need no client for this. */
  private static final Duration FIRST = Duration.ofSeconds(1);

  private static final Duration BETWEEN = Duration.ofSeconds(10);

  private final ModelLogConfig config;
  private final String topic;
  private Deadline next = new Deadline(FIRST);
  private Admin admin;
  private CompletableFuture<TopicDescription> description;
  private CompletableFuture<Map<TopicPartition, ListOffsetsResultInfo>> offsets;
  private Uuid id;
  private final Map<TopicPartition, Long> first = new HashMap<>();

  TopicIdentity(ModelLogConfig config, String topic) {
    this.config = config;
    this.topic = topic;
  }

  /** Whether the last answer was of another topic, or of less of it, than the one before. */
  boolean changed(Collection<TopicPartition> partitions) {
    if (description == null) {
      if (next.over()) {
        ask(partitions);
      }
      return false;
    }
    if (!description.isDone() || !offsets.isDone()) {
      return false;
    }
    boolean failed = description.isCompletedExceptionally() || offsets.isCompletedExceptionally();
    boolean changed = !failed && note(description.join(), offsets.join());
    description = null;
    next = new Deadline(BETWEEN);
    return changed;
  }

  private void ask(Collection<TopicPartition> partitions) {
    if (admin == null) {
      admin = config.admin();
    }
    Map<TopicPartition, OffsetSpec> earliest = new HashMap<>();
    partitions.forEach(partition -> earliest.put(partition, OffsetSpec.earliest()));
    offsets = admin.listOffsets(earliest).all().toCompletionStage().toCompletableFuture();
    description =
        admin
            .describeTopics(List.of(topic))
            .topicNameValues()
            .get(topic)
            .toCompletionStage()
            .toCompletableFuture();
  }

  private boolean note(
      TopicDescription described, Map<TopicPartition, ListOffsetsResultInfo> starts) {
    boolean changed = id != null && !id.equals(described.topicId());
    id = described.topicId();
    for (Map.Entry<TopicPartition, ListOffsetsResultInfo> start : starts.entrySet()) {
      Long before = first.put(start.getKey(), start.getValue().offset());
      changed |= before != null && before < start.getValue().offset();
    }
    return changed;
  }

  /** The change was noticed by another sign: the next answer is the first. */
  void forget() {
    id = null;
    first.clear();
    description = null;
    next = new Deadline(FIRST);
  }

  @Override
  public void close() {
    if (admin != null) {
      admin.close(Duration.ZERO);
    }
  }
}
