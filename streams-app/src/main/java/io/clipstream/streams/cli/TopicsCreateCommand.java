package io.clipstream.streams.cli;

import io.clipstream.model.Count;
import io.clipstream.model.Settings;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.app.TopicPlan;
import io.clipstream.streams.app.TopicReport;
import io.clipstream.streams.app.TopicSetup;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.LiveSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code clipstream topics create}: what is missing of the topics is made. */
@Command(
    name = "create",
    description = {
      "Make the topics of videos and of models that are missing, and say how the others differ.",
      "Topics that exist are left as they are; kafka-configs.sh --alter changes their settings.",
      "How long records are kept is the brokers' default. Exit code 1: a topic differs from what is"
          + " needed, or was not made."
    })
final class TopicsCreateCommand implements Callable<Integer> {
  private static final int LEAST = 1;
  private static final int MOST_PARTITIONS = 100_000;

  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      defaultValue = "12",
      description =
          "Partitions of the topics of videos that are made (${DEFAULT-VALUE}): at most so many"
              + " instances share the work.")
  private int partitions;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description =
          "Brokers that hold each partition: by default 3, or all where there are fewer brokers.")
  private Integer replicas;

  @Option(names = "--dry-run", description = "Say what would be done, and change nothing.")
  private boolean dryRun;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    OptionValues.within(LEAST, MOST_PARTITIONS, "--partitions", partitions);
    if (replicas != null) {
      OptionValues.within(LEAST, Short.MAX_VALUE, "--replicas", replicas);
    }
    Settings settings = options.load(Map.of());
    ConnectionSettings connection = ConnectionSettings.read(settings);
    List<TopicPlan> plans = TopicPlan.all(connection, LiveSettings.topics(settings), partitions);
    List<TopicReport> reports = reports(new KafkaConnection(connection), plans);
    print(reports);
    return reports.stream().allMatch(TopicReport::good) ? 0 : 1;
  }

  private List<TopicReport> reports(KafkaConnection kafka, List<TopicPlan> plans)
      throws InterruptedException {
    kafka.require(List.of());
    Admin admin = kafka.admin();
    try {
      OptionalInt wanted = replicas == null ? OptionalInt.empty() : OptionalInt.of(replicas);
      TopicSetup setup = new TopicSetup(admin, wanted);
      return dryRun ? setup.look(plans) : setup.create(plans);
    } finally {
      admin.close(Duration.ZERO);
    }
  }

  private void print(List<TopicReport> reports) {
    PrintWriter out = spec.commandLine().getOut();
    int width = reports.stream().mapToInt(report -> report.topic().length()).max().orElse(0);
    for (TopicReport report : reports) {
      out.println(
          json
              ? OutcomeWriter.toJson(object(report))
              : ("%-" + width + "s  %-7s  %s")
                  .formatted(report.topic(), state(report), text(report)));
    }
    out.flush();
  }

  private static String text(TopicReport report) {
    if (!report.good()) {
      return String.join("; ", report.faults());
    }
    return Count.of(report.partitions(), "partition")
        + ", "
        + Count.of(report.replicas(), "replica")
        + ", "
        + report.cleanup();
  }

  private static Map<String, Object> object(TopicReport report) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", "topic");
    object.put("topic", report.topic());
    object.put("state", state(report));
    object.put("partitions", report.partitions());
    object.put("replicas", report.replicas());
    object.put("cleanup", report.cleanup());
    object.put("faults", report.faults());
    return object;
  }

  private static String state(TopicReport report) {
    return report.state().name().toLowerCase(Locale.ROOT);
  }
}
