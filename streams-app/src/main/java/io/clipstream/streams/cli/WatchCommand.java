package io.clipstream.streams.cli;

import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.config.ConnectionSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code clipstream watch}: outcomes as they are committed, until interrupted. */
@Command(name = "watch", description = "Follow the outcomes: labels and rejections.")
final class WatchCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(200);

  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;

  @Option(names = "--rejected", description = "Only videos that were rejected.")
  private boolean rejectedOnly;

  @Option(names = "--from-beginning", description = "Earlier outcomes first.")
  private boolean fromBeginning;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "End after N outcomes.",
      defaultValue = "9223372036854775807",
      showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
  private long count;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    OptionValues.atLeast(1, "--count", count);
    ConnectionSettings settings = ConnectionSettings.read(options.load(DemoCommand.ADDRESSES));
    KafkaConnection kafka = new KafkaConnection(settings);
    List<String> topics = new ArrayList<>(List.of(settings.topics().rejected()));
    if (!rejectedOnly) {
      topics.add(settings.topics().labeled());
    }
    kafka.require(topics);
    OutcomeWriter writer = new OutcomeWriter(spec.commandLine().getOut(), json);
    long left = count;
    try (KafkaConsumer<String, SpecificRecord> consumer = kafka.outcomes(topics)) {
      if (!fromBeginning) {
        consumer.seekToEnd(consumer.assignment());
        consumer.assignment().forEach(consumer::position); // now, not at the first poll
      }
      BrokerWatch watch =
          new BrokerWatch(
              consumer,
              String.valueOf(settings.kafka().get("bootstrap.servers")),
              spec.commandLine().getErr());
      while (left > 0) {
        ConsumerRecords<String, SpecificRecord> records = consumer.poll(POLL);
        watch.polled(records.count());
        for (ConsumerRecord<String, SpecificRecord> record : records) {
          if (left <= 0) {
            break;
          }
          if (record.value() != null) {
            writer.print(record.value());
            left--;
          }
        }
      }
    }
    return 0;
  }
}
