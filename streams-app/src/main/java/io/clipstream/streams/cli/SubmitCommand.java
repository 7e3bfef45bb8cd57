package io.clipstream.streams.cli;

import io.clipstream.model.Nearest;
import io.clipstream.model.Printable;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.TraceReader;
import io.clipstream.streams.live.InstanceId;
import io.clipstream.streams.tracing.TraceOptions;
import io.clipstream.streams.tracing.Tracing;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code clipstream submit}: references to videos onto the incoming topic. */
@Command(
    name = "submit",
    description = "Send videos to be labelled: files, folders, or http and https addresses.")
final class SubmitCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(200);

  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;
  @Mixin private SubmitOptions reference;

  @Parameters(
      arity = "1..*",
      paramLabel = "VIDEO",
      description =
          "A file, an address, a folder (the videos directly in it by name) or a quoted glob such"
              + " as 'videos/**.mp4'.")
  private List<String> videos;

  @Option(
      names = "--wait",
      description = "Wait for the outcomes and print them; succeed if every video was labelled.")
  private boolean wait;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException, ExecutionException {
    List<String> uris = new ArrayList<>();
    for (String video : videos) {
      uris.addAll(uris(video));
    }
    reference.check(uris.size());
    List<VideoReference> references = uris.stream().map(this::reference).toList();
    Settings given = options.load(DemoCommand.ADDRESSES);
    ConnectionSettings settings = ConnectionSettings.read(given);
    Optional<TraceOptions> traces = TraceReader.read(given);
    KafkaConnection kafka = new KafkaConnection(settings);
    String topic = settings.topics().incoming();
    List<String> outcomes = List.of(settings.topics().labeled(), settings.topics().rejected());
    List<String> needed = new ArrayList<>(List.of(topic));
    needed.addAll(wait ? outcomes : List.of());
    kafka.require(needed);
    if (!wait) {
      send(kafka, topic, references, traces);
      return 0;
    }
    try (KafkaConsumer<String, SpecificRecord> consumer = kafka.outcomes(outcomes)) {
      consumer.seekToEnd(consumer.assignment());
      consumer.assignment().forEach(consumer::position); // now, before anything is sent
      send(kafka, topic, references, traces);
      BrokerWatch watch =
          new BrokerWatch(
              consumer,
              String.valueOf(settings.kafka().get("bootstrap.servers")),
              spec.commandLine().getErr());
      return follow(consumer, watch, references) ? 0 : 1;
    }
  }

  private void send(
      KafkaConnection kafka,
      String topic,
      List<VideoReference> references,
      Optional<TraceOptions> traces)
      throws InterruptedException, ExecutionException {
    PrintWriter out = spec.commandLine().getOut();
    try (Tracing tracing = new Tracing(traces, InstanceId.create(), topic);
        KafkaProducer<String, VideoReference> producer = kafka.producer()) {
      Map<VideoReference, Future<RecordMetadata>> sent = new LinkedHashMap<>();
      for (VideoReference one : references) {
        ProducerRecord<String, VideoReference> record =
            new ProducerRecord<>(topic, one.getId(), one);
        tracing.submitted(record);
        sent.put(one, producer.send(record));
      }
      for (Map.Entry<VideoReference, Future<RecordMetadata>> entry : sent.entrySet()) {
        entry.getValue().get();
        print(out, entry.getKey());
      }
    }
  }

  /** Prints the outcomes of what was sent; whether all of it was labelled. */
  private boolean follow(
      KafkaConsumer<String, SpecificRecord> consumer,
      BrokerWatch watch,
      List<VideoReference> references) {
    OutcomeWriter writer = new OutcomeWriter(spec.commandLine().getOut(), json);
    Set<String> left = new HashSet<>();
    references.forEach(one -> left.add(one.getId()));
    boolean all = true;
    while (!left.isEmpty()) {
      ConsumerRecords<String, SpecificRecord> records = consumer.poll(POLL);
      for (ConsumerRecord<String, SpecificRecord> record : records) {
        SpecificRecord outcome = record.value();
        if (outcome == null) {
          continue;
        }
        String id =
            outcome instanceof VideoLabels labels
                ? labels.getId()
                : ((RejectedVideo) outcome).getReference().getId();
        if (left.remove(id)) {
          writer.print(outcome);
          all &= outcome instanceof VideoLabels;
        }
      }
      watch.polled(records.count());
    }
    return all;
  }

  private void print(PrintWriter out, VideoReference sent) {
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("type", "submitted");
      object.put("id", sent.getId());
      object.put("uri", sent.getUri());
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.println("submitted " + Printable.of(sent.getId()) + "  " + Printable.of(sent.getUri()));
    }
    out.flush();
  }

  private VideoReference reference(String uri) {
    return VideoReference.newBuilder()
        .setId(reference.id() != null ? reference.id() : newId(uri))
        .setUri(uri)
        .setSha256(reference.sha256())
        .setStartMillis(reference.startMillis())
        .setEndMillis(reference.endMillis())
        .setMetadata(reference.metadata())
        .setModel(reference.model())
        .setSubmittedAt(Instant.now())
        .build();
  }

  /** Files become file: addresses, so that the application reads the same ones. */
  private static List<String> uris(String video) {
    if (video.matches("[A-Za-z][A-Za-z0-9+.-]+:.*")) {
      FileFetcher.problem(video)
          .ifPresent(
              problem -> {
                throw new UserError(problem);
              });
      return List.of(video);
    }
    Path path = Path.of(video);
    List<String> uris = new ArrayList<>();
    for (VideoFiles.Found found : VideoFiles.find(List.of(path))) {
      if (!found.problem().isEmpty()) {
        throw new UserError(
            Files.exists(path) || found.problem().equals(VideoFiles.NO_MATCH)
                ? video + ": " + found.problem()
                : "no file at "
                    + video
                    + Nearest.hint(path)
                    + ": expected a video file or an http(s) address");
      }
      uris.add(found.path().toAbsolutePath().normalize().toUri().toString());
    }
    return uris;
  }

  /** The file's name, which people recognise, and random digits, which keep two of them apart. */
  private static String newId(String uri) {
    String path = URI.create(uri).getPath();
    String name = path == null ? "" : path.substring(path.lastIndexOf('/') + 1);
    return "%s-%06x"
        .formatted(name.isEmpty() ? "video" : name, new SecureRandom().nextInt(1 << 24));
  }
}
