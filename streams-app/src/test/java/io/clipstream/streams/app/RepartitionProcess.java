package io.clipstream.streams.app;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DeleteTopicsResult;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A repartition in a process of its own, which ends at a stage as if it were killed there. */
final class RepartitionProcess {
  static final int KILLED = 137;

  /** Where it ends. */
  enum Stage {
    /** A transaction is open, and the brokers have records of it. */
    SENT,
    /** The first of several transactions is committed. */
    COMMITTED,
    /** Everything is back in the input, and the topic of pending references is still there. */
    BEFORE_DELETION,
    /** The brokers were told to delete that topic. */
    DELETED
  }

  private final String bootstrapServers;
  private final Stage stage;

  private RepartitionProcess(String bootstrapServers, Stage stage) {
    this.bootstrapServers = bootstrapServers;
    this.stage = stage;
  }

  /** Runs it to its stage; returns its exit status. */
  static int run(Cluster cluster, Stage stage, Path log) throws IOException, InterruptedException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                ServerProcess.QUICK_START,
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                RepartitionProcess.class.getName(),
                cluster.bootstrapServers(),
                stage.name()))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start()
        .waitFor();
  }

  public static void main(String[] args) throws InterruptedException {
    new RepartitionProcess(args[0], Stage.valueOf(args[1])).run();
  }

  private void run() throws InterruptedException {
    try (Admin admin = admin();
        var consumer = consumer();
        var producer = new Producer()) {
      int moved =
          new Repartition(admin, "app", Cluster.TOPICS.incoming(), consumer, producer).run();
      throw new IllegalStateException("it went on to its end, and moved " + moved);
    }
  }

  private void at(Stage reached) {
    if (reached == stage) {
      Runtime.getRuntime().halt(KILLED);
    }
  }

  private Admin admin() {
    Admin real = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
    return (Admin)
        Proxy.newProxyInstance(
            Admin.class.getClassLoader(),
            new Class<?>[] {Admin.class},
            (proxy, method, args) -> {
              boolean deletes = method.getName().equals("deleteTopics");
              if (deletes) {
                at(Stage.BEFORE_DELETION);
              }
              try {
                Object result = method.invoke(real, args);
                if (deletes && result instanceof DeleteTopicsResult deleted) {
                  deleted.all().get();
                  at(Stage.DELETED);
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    return new KafkaConsumer<>(
        Map.of(
            "bootstrap.servers",
            bootstrapServers,
            "isolation.level",
            "read_committed",
            "enable.auto.commit",
            "false",
            "auto.offset.reset",
            "none"),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private final class Producer extends KafkaProducer<byte[], byte[]> {
    Producer() {
      super(
          Map.of("bootstrap.servers", bootstrapServers, "transactional.id", "app-repartition"),
          new ByteArraySerializer(),
          new ByteArraySerializer());
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
      Future<RecordMetadata> sent = super.send(record);
      if (stage == Stage.SENT && record.value() == null) {
        flush();
        at(Stage.SENT);
      }
      return sent;
    }

    @Override
    public void commitTransaction() {
      super.commitTransaction();
      at(Stage.COMMITTED);
    }
  }
}
