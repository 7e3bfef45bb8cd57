package io.clipstream.streams.app;

import io.clipstream.model.UserError;
import io.clipstream.schemas.LabelCorrection;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.LeftOut;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.schemas.serde.PatientDeserializer;
import io.clipstream.schemas.serde.SerdeErrors;
import io.clipstream.streams.config.ConnectionSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Clients of the brokers and the registry that the configuration names. */
public final class KafkaConnection {
  private static final Logger log = LoggerFactory.getLogger(KafkaConnection.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Records of a poll, each of them a video's worth of work. */
  private static final int BATCH = 64;

  private final ConnectionSettings settings;

  public KafkaConnection(ConnectionSettings settings) {
    this.settings = settings;
  }

  /** See {@link TopicCheck}. */
  public void require(Collection<String> topics) throws InterruptedException {
    TopicCheck.require(clientProperties(), topics);
  }

  /** To be said of topics that are not listed: who may have hidden them. Empty: nobody. */
  public String mayBeHidden() {
    return TopicCheck.hidden(clientProperties());
  }

  /** An admin client. The caller closes it. */
  public Admin admin() {
    return Admin.create(clientProperties());
  }

  /** The models that these brokers hold. */
  public ModelLogConfig modelLog(ModelTopics topics) {
    return new ModelLogConfig(
        topics, clientProperties(), settings.serde().className(), settings.serde().settings());
  }

  public KafkaProducer<String, VideoReference> producer() {
    Map<String, Object> properties = clientProperties();
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) PATIENCE.toMillis());
    return new KafkaProducer<>(
        properties, new StringSerializer(), serde(VideoReference.class).serializer());
  }

  /** A producer of what people say. */
  public KafkaProducer<String, LabelCorrection> corrections() {
    Map<String, Object> properties = clientProperties();
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) PATIENCE.toMillis());
    return new KafkaProducer<>(
        properties, new StringSerializer(), serde(LabelCorrection.class).serializer());
  }

  /**
   * A consumer of the committed records of the feedback topic and the labels' topic, {@code
   * LabelCorrection} and {@code VideoLabels}, assigned to all their partitions; without a group.
   * Null is the value of what is neither.
   */
  public KafkaConsumer<String, SpecificRecord> feedback() {
    return consumer(
        List.of(settings.topics().feedback(), settings.topics().labeled()),
        settings.topics().feedback(),
        reading(LabelCorrection.class));
  }

  /**
   * A consumer of every committed outcome, {@code VideoLabels} and {@code RejectedVideo}, of these
   * topics; without a group. Null is the value of what is neither.
   */
  public KafkaConsumer<String, SpecificRecord> outcomes(Collection<String> topics) {
    return consumer(topics, settings.topics().rejected(), reading(RejectedVideo.class));
  }

  /** Of labels, but for one topic. */
  private KafkaConsumer<String, SpecificRecord> consumer(
      Collection<String> topics, String otherTopic, Deserializer<? extends SpecificRecord> other) {
    Map<String, Object> properties = clientProperties();
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    Deserializer<VideoLabels> labels = reading(VideoLabels.class);
    LeftOut leftOut = new LeftOut(log);
    KafkaConsumer<String, SpecificRecord> consumer =
        new KafkaConsumer<>(
            properties,
            new StringDeserializer(),
            (topic, bytes) ->
                read(topic.equals(otherTopic) ? other : labels, topic, bytes, leftOut));
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : topics) {
      for (PartitionInfo partition : consumer.partitionsFor(topic)) {
        partitions.add(new TopicPartition(topic, partition.partition()));
      }
    }
    consumer.assign(partitions);
    return consumer;
  }

  /** Null for what is no such record: anybody may write to the topic, and others are to be read. */
  private static SpecificRecord read(
      Deserializer<? extends SpecificRecord> format, String topic, byte[] bytes, LeftOut leftOut) {
    try {
      SpecificRecord record = format.deserialize(topic, bytes);
      if (record instanceof VideoLabels labels && labels.getLabels().isEmpty()) {
        leftOut.add("of " + topic, "it has no labels");
        return null;
      }
      return record;
    } catch (RuntimeException e) {
      if (!SerdeErrors.isBadRecord(e)) {
        throw e;
      }
      leftOut.add("of " + topic, e.getMessage());
      return null;
    }
  }

  /**
   * A consumer of the committed records of a topic as they are, a few at a time, assigned to all of
   * its partitions.
   *
   * @param group keeps offsets; nobody joins it
   */
  public KafkaConsumer<byte[], byte[]> records(String topic, String group) {
    Map<String, Object> properties = clientProperties();
    properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, BATCH);
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(
        consumer.partitionsFor(topic).stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList());
    return consumer;
  }

  /** A consumer of committed records as they are, without a group or partitions. */
  public KafkaConsumer<byte[], byte[]> committedRecords() {
    Map<String, Object> properties = clientProperties();
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** A producer of records as they are, in transactions. */
  public KafkaProducer<byte[], byte[]> transactions(String transactionalId) {
    Map<String, Object> properties = clientProperties();
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    properties.put(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, settings.kafka().get("producer.max.request.size"));
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** A producer of labels in transactions. */
  public KafkaProducer<byte[], VideoLabels> labels(String transactionalId) {
    Map<String, Object> properties = clientProperties();
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    properties.put(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, settings.kafka().get("producer.max.request.size"));
    return new KafkaProducer<>(
        properties, new ByteArraySerializer(), serde(VideoLabels.class).serializer());
  }

  /** A producer of labels that nobody waits for, and that may be lost. */
  KafkaProducer<byte[], VideoLabels> shadowLabels() {
    Map<String, Object> properties = clientProperties();
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 100);
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) PATIENCE.toMillis());
    properties.put(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, settings.kafka().get("producer.max.request.size"));
    return new KafkaProducer<>(
        properties, new ByteArraySerializer(), serde(VideoLabels.class).serializer());
  }

  /**
   * First offsets that nobody had written yet. A reader of committed records that goes up to them
   * has seen all that was committed before: a broker answers a commit a little before all can read
   * what was committed, and what comes behind an open transaction waits for its end.
   *
   * @throws UserError if Kafka does not answer
   */
  public Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions)
      throws InterruptedException {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
    Map<TopicPartition, Long> ends = new HashMap<>();
    try (Admin admin = admin()) {
      admin
          .listOffsets(latest)
          .all()
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          .forEach((partition, end) -> ends.put(partition, end.offset()));
    } catch (ExecutionException | TimeoutException e) {
      throw new UserError(
          "the ends of " + partitions + " cannot be found: " + KafkaProblem.reason(e), e);
    }
    return ends;
  }

  public Deserializer<VideoReference> references() {
    return reading(VideoReference.class);
  }

  private <T extends SpecificRecord> Deserializer<T> reading(Class<T> type) {
    return new PatientDeserializer<>(serde(type).deserializer());
  }

  private <T extends SpecificRecord> Serde<T> serde(Class<T> type) {
    return AvroSerde.create(settings.serde().className(), type, settings.serde().settings());
  }

  /** Of Kafka's settings those that every client knows: Streams' own would only give warnings. */
  private Map<String, Object> clientProperties() {
    Map<String, Object> properties = new HashMap<>(settings.kafka());
    properties.keySet().retainAll(AdminClientConfig.configNames());
    return properties;
  }
}
