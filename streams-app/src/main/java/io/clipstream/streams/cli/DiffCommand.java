package io.clipstream.streams.cli;

import io.clipstream.model.Count;
import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.outcome.LabelDiff;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream diff}: what changed between two labellings of the same videos. */
@Command(
    name = "diff",
    description = {
      "Compare the best labels of the same videos in two topics, or in two parts of one.",
      "A and B are TOPIC or TOPIC@FROM..TO, with offsets or times such as 2026-11-26T10:00:00Z.",
      "Records that are no labels are left out and counted; the exit code is 0 all the same, but 1"
          + " where a side has nothing else."
    })
final class DiffCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;

  @Parameters(index = "0", paramLabel = "A", description = "Labels to compare with.")
  private String before;

  @Parameters(index = "1", paramLabel = "B", description = "Labels that are compared.")
  private String after;

  @Option(
      names = "--max-videos",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Most videos of a side, which memory has to hold (${DEFAULT-VALUE}).")
  private int maxVideos;

  @Option(names = "--json", description = "One JSON object a line: the sum, then each class.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    OptionValues.atLeast(1, "--max-videos", maxVideos);
    TopicRange first = TopicRange.of(before);
    TopicRange second = TopicRange.of(after);
    ConnectionSettings settings = ConnectionSettings.read(options.load(DemoCommand.ADDRESSES));
    KafkaConnection kafka = new KafkaConnection(settings);
    kafka.require(new TreeSet<>(List.of(first.topic(), second.topic())));
    LabelDiff diff = new LabelDiff(maxVideos);
    long leftOutBefore = read(kafka, first, diff::before);
    long leftOutAfter = read(kafka, second, diff::after);
    print(diff.result(), leftOutBefore, leftOutAfter);
    return 0;
  }

  /** Gives how many records are no labels. */
  private static long read(KafkaConnection kafka, TopicRange range, Consumer<VideoLabels> take)
      throws InterruptedException {
    long labels = 0;
    long others = 0;
    try (KafkaConsumer<String, SpecificRecord> consumer = kafka.outcomes(List.of(range.topic()))) {
      Map<TopicPartition, Long> ends = range.seek(consumer, kafka);
      long heard = System.nanoTime();
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<String, SpecificRecord> record : consumer.poll(POLL)) {
          heard = System.nanoTime();
          if (record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()))) {
            if (record.value() instanceof VideoLabels found) {
              take.accept(found);
              labels++;
            } else {
              others++;
            }
          }
        }
        if (System.nanoTime() - heard > PATIENCE.toNanos()) {
          throw new UserError(
              "nothing came from topic "
                  + range.topic()
                  + " for "
                  + PATIENCE.toSeconds()
                  + " s, expected more of it: is Kafka up?");
        }
      }
    }
    if (labels == 0 && others > 0) {
      throw new UserError("topic " + range.topic() + " holds no labels, expected one that does");
    }
    return others;
  }

  private void print(LabelDiff.Result result, long leftOutBefore, long leftOutAfter) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(OutcomeWriter.toJson(json(result, leftOutBefore, leftOutAfter)));
      result.classes().forEach(change -> out.println(OutcomeWriter.toJson(json(change))));
    } else {
      out.printf(
          Locale.ROOT,
          "%s in both; %d only in %s, %d only in %s%n",
          Count.of(result.both(), "video"),
          result.onlyBefore(),
          before,
          result.onlyAfter(),
          after);
      out.printf(
          Locale.ROOT,
          "top-1 changed for %d (%.1f %%), its mean score by %+.4f%n",
          result.changed(),
          result.both() == 0 ? 0 : 100.0 * result.changed() / result.both(),
          result.meanScoreChange());
      result.classes().stream()
          .filter(change -> change.changed() > 0)
          .forEach(change -> out.println(Printable.of(line(change))));
      if (leftOutBefore + leftOutAfter > 0) {
        out.printf(
            Locale.ROOT,
            "records that are no labels were left out: %d of %s, %d of %s%n",
            leftOutBefore,
            before,
            leftOutAfter,
            after);
      }
    }
    out.flush();
  }

  private static String line(LabelDiff.ClassChange change) {
    return String.format(
        Locale.ROOT,
        "  %-24s %d of %d changed: %s",
        change.name(),
        change.changed(),
        change.videos(),
        change.to().entrySet().stream()
            .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
            .map(to -> to.getValue() + " " + to.getKey())
            .collect(Collectors.joining(", ")));
  }

  private Map<String, Object> json(LabelDiff.Result result, long leftOutBefore, long leftOutAfter) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", "diff");
    object.put("before", before);
    object.put("after", after);
    object.put("both", result.both());
    object.put("onlyBefore", result.onlyBefore());
    object.put("onlyAfter", result.onlyAfter());
    object.put("changed", result.changed());
    object.put("meanScoreChange", result.meanScoreChange());
    object.put("leftOutBefore", leftOutBefore);
    object.put("leftOutAfter", leftOutAfter);
    return object;
  }

  private static Map<String, Object> json(LabelDiff.ClassChange change) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", "class");
    object.put("name", change.name());
    object.put("videos", change.videos());
    object.put("changed", change.changed());
    object.put("to", change.to());
    return object;
  }
}
