package io.clipstream.streams.cli;

import io.clipstream.model.Settings;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.app.Repartition;
import io.clipstream.streams.config.ConnectionSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code clipstream repartition}: goes with a change of the references' topic. */
@Command(
    name = "repartition",
    description = {
      "Let instances go on after partitions were added to the topic of references.",
      "References that were taken and have no outcome yet go back to that topic, each once; no"
          + " instance may run meanwhile. Does nothing where the numbers of partitions agree."
    })
final class RepartitionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Settings settings = options.load(Map.of());
    ConnectionSettings connection = ConnectionSettings.read(settings);
    KafkaConnection kafka = new KafkaConnection(connection);
    String application = connection.kafka().get("application.id");
    String incoming = connection.topics().incoming();
    kafka.require(List.of(incoming));
    Admin admin = kafka.admin();
    int moved;
    try (KafkaConsumer<byte[], byte[]> consumer = kafka.committedRecords();
        KafkaProducer<byte[], byte[]> producer = kafka.transactions(application + "-repartition")) {
      moved = new Repartition(admin, application, incoming, consumer, producer).run();
    } finally {
      admin.close(Duration.ZERO);
    }
    print(incoming, moved);
    return 0;
  }

  private void print(String incoming, int moved) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("type", "repartitioned");
      object.put("topic", incoming);
      object.put("pending", moved);
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.println(
          moved
              + " pending references went back to "
              + incoming
              + ": instances may be started again");
    }
    out.flush();
  }
}
