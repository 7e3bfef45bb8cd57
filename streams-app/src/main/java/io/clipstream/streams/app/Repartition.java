package io.clipstream.streams.app;

import io.clipstream.model.UserError;
import io.clipstream.schemas.models.Refusals;
import io.clipstream.streams.topology.PendingVideos;
import io.clipstream.streams.topology.PendingVideos.Entry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Lets an application go on after the number of its input's partitions was changed: what is pending
 * goes back to the input, where its key now leads, and the topic that kept it is deleted. The
 * application's next start makes it anew, and reads the input from the offsets that it has.
 *
 * <p>A reference is appended to the input in the transaction that takes it out of the pending ones:
 * whatever stops this, nothing is lost or doubled, and another run does the rest. References of one
 * key stay in their order among themselves, but come behind those of the key that nobody had taken
 * yet: Kafka itself keeps no order of a key across a change of partitions. They get the time of
 * now: with their own, the retention of the input might delete them before anybody reads them. How
 * many processes died with them, and since when they wait for a host or a root, goes with them.
 *
 * <p>One thread; no instance of the application may run.
 */
public final class Repartition {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int TRANSACTION = 500;

  /** Instances that were killed leave transactions that the brokers end after a while. */
  private static final Duration OPEN_TRANSACTIONS = Duration.ofMinutes(2);

  private final Admin admin;
  private final String applicationId;
  private final String incoming;
  private final String changelog;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;

  /**
   * @param admin stays the caller's, as the others do
   * @param consumer of committed records, without a group that anybody joins
   * @param producer with a transactional id
   */
  public Repartition(
      Admin admin,
      String applicationId,
      String incoming,
      KafkaConsumer<byte[], byte[]> consumer,
      KafkaProducer<byte[], byte[]> producer) {
    this.admin = admin;
    this.applicationId = applicationId;
    this.incoming = incoming;
    this.changelog = PendingVideos.changelog(applicationId);
    this.consumer = consumer;
    this.producer = producer;
  }

  /**
   * Does it, if the counts differ.
   *
   * @return references that went back to the input
   * @throws UserError if an instance runs, or Kafka refuses or does not answer
   */
  public int run() throws InterruptedException {
    PartitionCounts counts = PartitionCounts.read(admin, applicationId, incoming);
    if (counts.fit()) {
      return 0;
    }
    requireNoInstance();
    Optional<Uuid> topic = changelogId();
    beginWriting();
    int moved = 0;
    for (int i = 0; i < counts.pending(); i++) {
      TopicPartition partition = new TopicPartition(changelog, i);
      awaitNoTransaction(partition);
      moved += move(i, PendingVideos.decode(slots(partition)));
    }
    requireNoInstance();
    if (topic.isPresent()) {
      delete(topic.get());
    }
    return moved;
  }

  /** Ends what an earlier run has left open. */
  private void beginWriting() {
    try {
      producer.initTransactions();
    } catch (TransactionalIdAuthorizationException e) { // It does not say on which.
      throw new UserError(
          "the access rules (ACLs) do not allow WRITE on the transactional id "
              + applicationId
              + "-repartition",
          e);
    }
  }

  /** Of the very topic that is read: once it is gone, another may have its name. */
  private Optional<Uuid> changelogId() throws InterruptedException {
    try {
      return Optional.of(
          await(
                  changelog + " cannot be described",
                  AclOperation.DESCRIBE,
                  admin.describeTopics(List.of(changelog)).topicNameValues().get(changelog))
              .topicId());
    } catch (UserError e) {
      if (isGone(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private void requireNoInstance() throws InterruptedException {
    // A list lacks what this user may not see: then none would seem to run.
    await(
        "it cannot be seen whether the group " + applicationId + " has members",
        AclOperation.DESCRIBE,
        admin.listConsumerGroupOffsets(applicationId).partitionsToOffsetAndMetadata());
    boolean running =
        await(
                "the consumer groups cannot be listed",
                AclOperation.DESCRIBE,
                admin.listGroups().all())
            .stream()
            .filter(group -> group.groupId().equals(applicationId))
            .anyMatch(
                group ->
                    group
                        .groupState()
                        .filter(state -> state == GroupState.EMPTY || state == GroupState.DEAD)
                        .isEmpty());
    if (running) {
      throw new UserError(
          "the group "
              + applicationId
              + " has members: stop every instance first, and wait for the session time limit if"
              + " one was killed");
    }
  }

  /** Until then its committed records may not all be seen. */
  private void awaitNoTransaction(TopicPartition partition) throws InterruptedException {
    long end = System.nanoTime() + OPEN_TRANSACTIONS.toNanos();
    while (end(partition, IsolationLevel.READ_COMMITTED)
        < end(partition, IsolationLevel.READ_UNCOMMITTED)) {
      if (System.nanoTime() > end) {
        throw new UserError(
            "a transaction on " + partition + " is still open: try again once it timed out");
      }
      Thread.sleep(POLL.toMillis());
    }
  }

  private long end(TopicPartition partition, IsolationLevel level) throws InterruptedException {
    return await(
            "the end of " + partition + " cannot be found",
            AclOperation.DESCRIBE,
            admin
                .listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(level))
                .partitionResult(partition))
        .offset();
  }

  /** What the store of a task holds. */
  private Map<Integer, byte[]> slots(TopicPartition partition) throws InterruptedException {
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
    long end = end(partition, IsolationLevel.READ_COMMITTED);
    Map<Integer, byte[]> slots = new HashMap<>();
    long patience = System.nanoTime() + PATIENCE.toNanos();
    for (long before = -1, at = consumer.position(partition);
        at < end;
        at = consumer.position(partition)) {
      if (at > before) {
        before = at;
        patience = System.nanoTime() + PATIENCE.toNanos();
      } else if (System.nanoTime() > patience) {
        throw new UserError(partition + " cannot be read: no answer from Kafka");
      }
      for (ConsumerRecord<byte[], byte[]> record : poll()) {
        int slot = ByteBuffer.wrap(record.key()).getInt();
        if (record.value() == null) {
          slots.remove(slot);
        } else {
          slots.put(slot, record.value());
        }
      }
    }
    return slots;
  }

  private ConsumerRecords<byte[], byte[]> poll() {
    try {
      return consumer.poll(POLL);
    } catch (TopicAuthorizationException e) {
      throw Refusals.explained(e, AclOperation.READ.name());
    }
  }

  private int move(int partition, List<Entry> pending) {
    for (int i = 0; i < pending.size(); i += TRANSACTION) {
      producer.beginTransaction();
      for (Entry entry : pending.subList(i, Math.min(i + TRANSACTION, pending.size()))) {
        var record = entry.record();
        var unused =
            producer.send(
                new ProducerRecord<>(
                    incoming, null, null, record.key(), record.value(), entry.headersBack()));
        byte[] slot = ByteBuffer.allocate(Integer.BYTES).putInt(entry.slot()).array();
        unused = producer.send(new ProducerRecord<>(changelog, partition, slot, null));
      }
      try {
        producer.commitTransaction(); // Throws what a send met.
      } catch (KafkaException e) {
        throw Refusals.explained(e, AclOperation.WRITE.name());
      }
    }
    return pending.size();
  }

  private void delete(Uuid topic) throws InterruptedException {
    try {
      await(
          changelog + " cannot be deleted",
          AclOperation.DELETE,
          admin.deleteTopics(TopicCollection.ofTopicIds(List.of(topic))).all());
    } catch (UserError e) {
      if (!isGone(e)) {
        throw e;
      }
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (changelogId().filter(topic::equals).isPresent()) {
      if (System.nanoTime() > end) {
        throw new UserError(
            changelog + " was deleted, but brokers still show it: wait before you start");
      }
      Thread.sleep(POLL.toMillis());
    }
  }

  private static boolean isGone(UserError e) {
    return e.getCause() instanceof ExecutionException failed
        && (failed.getCause() instanceof UnknownTopicOrPartitionException
            || failed.getCause() instanceof UnknownTopicIdException);
  }

  private static <V> V await(String failure, AclOperation right, KafkaFuture<V> future)
      throws InterruptedException {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new UserError(
          failure + ": " + cause.getMessage() + Refusals.hint(cause, right.name()), e);
    } catch (TimeoutException e) {
      throw new UserError(failure + ": no answer from Kafka", e);
    }
  }
}
