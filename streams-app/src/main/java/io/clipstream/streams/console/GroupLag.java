package io.clipstream.streams.console;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/** References that the group has not taken yet, asked of the brokers. For {@link Following}. */
final class GroupLag implements Following.Reader {
  private static final long LIMIT_MILLIS = 10_000;

  private final Supplier<Admin> admins;
  private final String group;
  private final String topic;
  private Admin admin;
  private volatile Long lag;

  GroupLag(Supplier<Admin> admins, String group, String topic) {
    this.admins = admins;
    this.group = group;
    this.topic = topic;
  }

  /** As of the last answer; null: not known. */
  Long lag() {
    return lag;
  }

  @Override
  public void read() {
    if (admin == null) {
      admin = admins.get();
    }
    try {
      lag = ask();
      TimeUnit.SECONDS.sleep(PlotSeries.SECONDS);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    } catch (ExecutionException | TimeoutException e) {
      lag = null;
      throw new KafkaException("the brokers do not tell the group's offsets: " + e.getMessage(), e);
    }
  }

  private long ask() throws InterruptedException, ExecutionException, TimeoutException {
    TopicDescription described =
        admin
            .describeTopics(List.of(topic))
            .allTopicNames()
            .get(LIMIT_MILLIS, TimeUnit.MILLISECONDS)
            .get(topic);
    List<TopicPartition> partitions =
        described.partitions().stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList();
    Map<TopicPartition, OffsetAndMetadata> taken =
        admin
            .listConsumerGroupOffsets(group)
            .partitionsToOffsetAndMetadata()
            .get(LIMIT_MILLIS, TimeUnit.MILLISECONDS);
    Map<TopicPartition, Long> first = offsets(partitions, OffsetSpec.earliest());
    Map<TopicPartition, Long> last = offsets(partitions, OffsetSpec.latest());
    return partitions.stream()
        .mapToLong(
            at -> {
              OffsetAndMetadata next = taken.get(at); // Null: it is taken from its beginning.
              long from = next == null ? first.get(at) : Math.max(first.get(at), next.offset());
              return Math.max(0, last.get(at) - from);
            })
        .sum();
  }

  private Map<TopicPartition, Long> offsets(List<TopicPartition> partitions, OffsetSpec which)
      throws InterruptedException, ExecutionException, TimeoutException {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    partitions.forEach(partition -> asked.put(partition, which));
    Map<TopicPartition, Long> offsets = new HashMap<>();
    admin
        .listOffsets(asked)
        .all()
        .get(LIMIT_MILLIS, TimeUnit.MILLISECONDS)
        .forEach((partition, info) -> offsets.put(partition, info.offset()));
    return offsets;
  }

  @Override
  public void close() {
    lag = null;
    if (admin != null) {
      admin.close(Duration.ofSeconds(1));
      admin = null;
    }
  }
}
