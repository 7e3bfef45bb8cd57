package io.clipstream.streams.cli;

import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelCorrection;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.outcome.CorrectionCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream correct}: what a video really shows, for the next training. */
@Command(
    name = "correct",
    description = {
      "Say what a video really shows: a record for the feedback topic, which train --feedback learns"
          + " from.",
      "Its address is that of its labels. To confirm a label is worth as much as to correct one."
    })
final class CorrectCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;

  @Parameters(
      index = "0",
      paramLabel = "ID",
      description = "Id of the video, as its labels have it.")
  private String id;

  @Parameters(
      index = "1",
      paramLabel = "LABEL",
      description = "Name of the right label; one that no model knows yet is a new one.")
  private String label;

  @Option(
      names = "--start",
      paramLabel = "TIME",
      description = "Where in the video the label begins to hold: seconds, or such as 1500ms.")
  private String start;

  @Option(names = "--end", paramLabel = "TIME", description = "Where it ceases to hold.")
  private String end;

  @Option(
      names = "--uri",
      paramLabel = "ADDRESS",
      description = "Where the video is, for one that has no labels in Kafka (any more).")
  private String uri;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "Digest of the file that you saw, 64 digits.")
  private String sha256;

  @Option(names = "--note", paramLabel = "TEXT", description = "Remark for people.")
  private String note;

  @Option(names = "--json", description = "One JSON object.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException, ExecutionException {
    CorrectionCheck.label(label.strip());
    if (id.isBlank()) {
      throw new UserError("the id is empty, expected that of a video");
    }
    Optional<String> address = Optional.ofNullable(uri).flatMap(FileFetcher::problem);
    if (address.isPresent()) {
      throw new UserError("--uri cannot be used: " + address.get());
    }
    if (sha256 != null && !sha256.matches("[0-9a-fA-F]{64}")) {
      throw new UserError("--sha256 is " + sha256 + ", expected 64 hexadecimal digits");
    }
    Long startMillis = OptionValues.placeMillis("--start", start);
    Long endMillis = OptionValues.placeMillis("--end", end);
    if (endMillis != null && endMillis <= (startMillis == null ? 0 : startMillis)) {
      throw new UserError(
          "--end is " + end + ", expected later than --start, " + (start == null ? "0" : start));
    }
    ConnectionSettings settings = ConnectionSettings.read(options.load(DemoCommand.ADDRESSES));
    KafkaConnection kafka = new KafkaConnection(settings);
    String feedback = settings.topics().feedback();
    String labeled = settings.topics().labeled();
    kafka.require(uri == null ? List.of(feedback, labeled) : List.of(feedback));
    Optional<VideoLabels> known =
        uri == null ? Optional.of(find(kafka, labeled)) : Optional.empty();
    CorrectionCheck.begin(startMillis, known);
    LabelCorrection correction =
        LabelCorrection.newBuilder()
            .setId(id)
            .setUri(known.map(VideoLabels::getUri).orElse(uri))
            .setSha256(sha256)
            .setStartMillis(startMillis)
            .setEndMillis(endMillis)
            .setLabel(label.strip())
            .setLabelledBy(known.map(VideoLabels::getModel).orElse(null))
            .setAuthor(System.getProperty("user.name"))
            .setNote(note)
            .setCorrectedAt(Instant.now())
            .build();
    try (KafkaProducer<String, LabelCorrection> producer = kafka.corrections()) {
      producer.send(new ProducerRecord<>(feedback, id, correction)).get();
    }
    print(correction, known);
    return 0;
  }

  /** The last labels of the video. */
  private VideoLabels find(KafkaConnection kafka, String topic) throws InterruptedException {
    VideoLabels found = null;
    try (KafkaConsumer<String, SpecificRecord> consumer = kafka.outcomes(List.of(topic))) {
      Map<TopicPartition, Long> ends = TopicRange.of(topic).seek(consumer, kafka);
      long heard = System.nanoTime();
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<String, SpecificRecord> record : consumer.poll(POLL)) {
          heard = System.nanoTime();
          if (record.value() instanceof VideoLabels labels
              && labels.getId().equals(id)
              && (found == null || !labels.getLabelledAt().isBefore(found.getLabelledAt()))) {
            found = labels;
          }
        }
        if (System.nanoTime() - heard > PATIENCE.toNanos()) {
          throw new UserError(
              "nothing came from topic " + topic + " for 60 s, expected more of it: is Kafka up?");
        }
      }
    }
    if (found == null) {
      throw new UserError(
          "no labels of video " + id + " are on " + topic + "; say where it is with --uri");
    }
    return found;
  }

  /** A new label that looks like one that the model has may be meant as that one. */
  private static String misspelt(String label, Optional<VideoLabels> known) {
    List<String> names =
        known.stream()
            .flatMap(
                labels ->
                    Stream.concat(
                        labels.getLabels().stream(),
                        labels.getSegments().stream().flatMap(s -> s.getLabels().stream())))
            .map(Label::getName)
            .distinct()
            .toList();
    return names.contains(label) ? "" : Nearest.hint(label, names);
  }

  private void print(LabelCorrection correction, Optional<VideoLabels> known) {
    PrintWriter out = spec.commandLine().getOut();
    String was = known.map(labels -> labels.getLabels().get(0).getName()).orElse(null);
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("type", "corrected");
      object.put("id", id);
      object.put("uri", correction.getUri());
      object.put("label", correction.getLabel());
      object.put("was", was);
      object.put("startMillis", correction.getStartMillis());
      object.put("endMillis", correction.getEndMillis());
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.println(
          "corrected %s to %s%s"
              .formatted(
                  id,
                  correction.getLabel(),
                  was == null
                      ? ""
                      : was.equals(correction.getLabel())
                          ? ", as it was labelled"
                          : ", was " + was + misspelt(correction.getLabel(), known)));
    }
    out.flush();
  }
}
