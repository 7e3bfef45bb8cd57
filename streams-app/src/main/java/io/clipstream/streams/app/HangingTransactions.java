package io.clipstream.streams.app;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;

/**
 * Transactions that nobody ends any more: a partition waits for a mark that Kafka's coordinator of
 * transactions counts as written. Offsets and records behind one cannot be read until somebody
 * aborts it. Kafka 4.3.0 and 4.3.1 leave them where a partition has no leader for a moment, as when
 * the only broker is killed (KAFKA-20734).
 */
final class HangingTransactions {
  /** Brokers allow none to be open for longer than 15 minutes ({@code transaction.max.timeout}). */
  private static final Duration LONGEST = Duration.ofMinutes(15);

  private static final Set<TransactionState> ENDED =
      Set.of(
          TransactionState.COMPLETE_ABORT,
          TransactionState.COMPLETE_COMMIT,
          TransactionState.EMPTY);

  private final Admin admin;

  /** Its time limit is that of each answer. */
  HangingTransactions(Admin admin) {
    this.admin = admin;
  }

  /**
   * One of them.
   *
   * @param start offset of its first record
   * @param last time of its last record
   */
  record Hanging(TopicPartition partition, long producer, long start, Instant last) {
    /** In one line, with the way out. */
    String line(String servers) {
      return "%s waits since %s for the end of a transaction of producer %d, which Kafka counts as ended: "
              .formatted(partition, last, producer)
          + "kafka-transactions.sh --bootstrap-server %s abort --topic %s --partition %d --start-offset %d"
              .formatted(servers, partition.topic(), partition.partition(), start);
    }
  }

  /** What hangs in these partitions, by partition and offset. */
  List<Hanging> in(Collection<TopicPartition> partitions) throws Exception {
    Map<TopicPartition, List<ProducerState>> before = open(partitions);
    if (before.isEmpty()) {
      return List.of();
    }
    Map<Long, TransactionState> states = states(before.values());
    // One that ended in between is no longer there, and its producer's next one starts elsewhere.
    Map<TopicPartition, List<ProducerState>> after = open(before.keySet());
    Instant longAgo = Instant.now().minus(LONGEST);
    List<Hanging> hanging = new ArrayList<>();
    after.forEach(
        (partition, producers) -> {
          Set<Long> starts =
              before.get(partition).stream()
                  .map(HangingTransactions::start)
                  .collect(Collectors.toSet());
          for (ProducerState producer : producers) {
            Instant last = Instant.ofEpochMilli(producer.lastTimestamp());
            TransactionState state = states.get(producer.producerId());
            // Of transactions that this user may not describe, brokers do not tell.
            boolean ended = state == null ? last.isBefore(longAgo) : ENDED.contains(state);
            if (ended && starts.contains(start(producer))) {
              hanging.add(new Hanging(partition, producer.producerId(), start(producer), last));
            }
          }
        });
    return hanging;
  }

  /** Producers with an open transaction, by partition, the first first. */
  private Map<TopicPartition, List<ProducerState>> open(Collection<TopicPartition> partitions)
      throws Exception {
    Map<TopicPartition, List<ProducerState>> open =
        new TreeMap<>(
            Comparator.comparing(TopicPartition::topic)
                .thenComparingInt(TopicPartition::partition));
    admin
        .describeProducers(partitions)
        .all()
        .get()
        .forEach(
            (partition, state) -> {
              List<ProducerState> producers =
                  state.activeProducers().stream()
                      .filter(producer -> producer.currentTransactionStartOffset().isPresent())
                      .sorted(Comparator.comparingLong(HangingTransactions::start))
                      .toList();
              if (!producers.isEmpty()) {
                open.put(partition, producers);
              }
            });
    return open;
  }

  private Map<Long, TransactionState> states(Collection<List<ProducerState>> open)
      throws Exception {
    Set<Long> ids =
        open.stream()
            .flatMap(List::stream)
            .map(ProducerState::producerId)
            .collect(Collectors.toSet());
    Map<Long, TransactionState> states = new HashMap<>();
    for (TransactionListing transaction :
        admin.listTransactions(new ListTransactionsOptions().filterProducerIds(ids)).all().get()) {
      states.put(transaction.producerId(), transaction.state());
    }
    return states;
  }

  private static long start(ProducerState producer) {
    return producer.currentTransactionStartOffset().orElseThrow();
  }
}
