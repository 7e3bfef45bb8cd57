package io.clipstream.streams.live;

import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.models.TransferProgress;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

/** A publisher in a process of its own, for a test that kills it. */
final class KilledPublisher {
  /** For {@code holdAt}: with everything sent, the release too, and nothing committed. */
  static final long BEFORE_COMMIT = -1;

  /** As {@link #BEFORE_COMMIT}, but of the deletion of the version. */
  static final long DELETING = -2;

  /** Printed once it holds still, and before each publication of an endless row. */
  private static final String READY = "READY";

  /**
   * Holds still when the brokers have a record of the topic of releases. Producers and consumers
   * have these settings in common, so it is an interceptor of both.
   */
  public static final class HoldAtRelease
      implements ProducerInterceptor<Object, Object>, ConsumerInterceptor<Object, Object> {
    @Override
    public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
      return record;
    }

    @Override
    public void onAcknowledgement(RecordMetadata record, Exception error) {
      if (record.topic().equals(ModelTopics.defaults().releases())) {
        hold();
      }
    }

    @Override
    public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
      return records;
    }

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {}

    @Override
    public void configure(Map<String, ?> configs) {}
  }

  private KilledPublisher() {}

  /**
   * Starts the process, which ends by itself when this one does, and waits until it is ready to be
   * killed.
   *
   * @param version to publish once; empty for 1, 2, 3 and so on without end
   * @param holdAt bytes at which it holds still for ever; more than the file has for never; or one
   *     of the constants
   */
  static Process start(ModelCluster cluster, String model, String version, Path file, long holdAt)
      throws IOException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx256m",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    KilledPublisher.class.getName(),
                    cluster.kafka.bootstrapServers(),
                    cluster.registry.url(),
                    model,
                    version,
                    file.toString(),
                    Long.toString(holdAt)))
            .redirectErrorStream(true)
            .start();
    BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
    StringBuilder seen = new StringBuilder();
    for (String line = lines.readLine(); !READY.equals(line); line = lines.readLine()) {
      if (line == null) {
        throw new AssertionError("the publisher ended: " + seen);
      }
      seen.append(line).append('\n');
    }
    return process;
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    Thread parent = new Thread(KilledPublisher::endWithTheParent);
    parent.setDaemon(true);
    parent.start();
    long holdAt = Long.parseLong(args[5]);
    ModelLogConfig config = ModelCluster.config(ModelTopics.defaults(), args[0], args[1]);
    if (holdAt < 0) {
      Map<String, Object> clients = new HashMap<>(config.clients());
      clients.put("interceptor.classes", HoldAtRelease.class.getName());
      config = new ModelLogConfig(config.topics(), clients, config.serdeClass(), config.serde());
    }
    ModelPublisher publisher =
        new ModelPublisher(
            config, new PublishSettings(ModelCluster.SMALL_CHUNK, 2 << 20), Optional.empty());
    Path file = Path.of(args[4]);
    if (holdAt == DELETING) {
      publisher.delete(args[2], args[3]);
    } else if (!args[3].isEmpty()) {
      publisher.publish(
          ModelCluster.model(args[2], args[3]), file, (bytes, total) -> hold(bytes, holdAt));
    }
    for (int version = 1; args[3].isEmpty(); version++) {
      if (version == 2) {
        System.out.println(READY);
      }
      publisher.publish(
          ModelCluster.model(args[2], Integer.toString(version)), file, TransferProgress.NONE);
    }
  }

  private static void hold(long bytes, long holdAt) {
    if (holdAt >= 0 && bytes >= holdAt) {
      hold();
    }
  }

  private static void hold() {
    System.out.println(READY);
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Whoever started this process holds the other end of its standard input. */
  private static void endWithTheParent() {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException e) {
      // ends too
    }
    Runtime.getRuntime().halt(1);
  }
}
