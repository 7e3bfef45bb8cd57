package io.clipstream.streams.app;

import io.clipstream.model.Nearest;
import io.clipstream.schemas.VideoReference;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
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
    description = "Send videos to be labelled: files, or http and https addresses.")
final class SubmitCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;

  @Parameters(arity = "1..*", paramLabel = "VIDEO", description = "A file or an address.")
  private List<String> videos;

  @Option(names = "--id", description = "Id of the video; with one VIDEO only.")
  private String id;

  @Option(names = "--model", description = "Name of the model that must label it.")
  private String model;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    if (id != null && videos.size() > 1) {
      throw new UserError("--id names one video, but " + videos.size() + " are given");
    }
    List<VideoReference> references = new ArrayList<>();
    for (String video : videos) {
      references.add(reference(video));
    }
    AppConfig config = options.load(DemoCommand.ADDRESSES);
    KafkaConnection kafka = new KafkaConnection(config);
    String topic = config.text("topics.incoming");
    kafka.require(List.of(topic));
    PrintWriter out = spec.commandLine().getOut();
    try (KafkaProducer<String, VideoReference> producer = kafka.producer()) {
      Map<VideoReference, Future<RecordMetadata>> sent = new LinkedHashMap<>();
      for (VideoReference reference : references) {
        sent.put(
            reference, producer.send(new ProducerRecord<>(topic, reference.getId(), reference)));
      }
      for (Map.Entry<VideoReference, Future<RecordMetadata>> entry : sent.entrySet()) {
        entry.getValue().get();
        print(out, entry.getKey());
      }
    }
    return 0;
  }

  private void print(PrintWriter out, VideoReference reference) {
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("type", "submitted");
      object.put("id", reference.getId());
      object.put("uri", reference.getUri());
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.println("submitted " + reference.getId() + "  " + reference.getUri());
    }
    out.flush();
  }

  private VideoReference reference(String video) {
    String uri = uri(video);
    return VideoReference.newBuilder()
        .setId(id != null ? id : newId(uri))
        .setUri(uri)
        .setModel(model)
        .setSubmittedAt(Instant.now())
        .build();
  }

  /** A file becomes a file: address, so that the application reads the same one. */
  private static String uri(String video) {
    if (video.matches("[A-Za-z][A-Za-z0-9+.-]+:.*")) {
      try {
        return URI.create(video).toString();
      } catch (IllegalArgumentException e) {
        throw new UserError("not an address: " + video + " (" + e.getMessage() + ")", e);
      }
    }
    Path path = Path.of(video).toAbsolutePath().normalize();
    if (!Files.isRegularFile(path)) {
      throw new UserError(
          "no file at "
              + video
              + Nearest.hint(path)
              + ": expected a video file or an http(s) address");
    }
    return path.toUri().toString();
  }

  /** The file's name, which people recognise, and random digits, which keep two of them apart. */
  private static String newId(String uri) {
    String path = URI.create(uri).getPath();
    String name = path == null ? "" : path.substring(path.lastIndexOf('/') + 1);
    return "%s-%06x"
        .formatted(name.isEmpty() ? "video" : name, new SecureRandom().nextInt(1 << 24));
  }
}
