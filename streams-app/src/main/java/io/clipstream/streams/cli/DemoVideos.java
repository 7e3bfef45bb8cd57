package io.clipstream.streams.cli;

import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.app.KafkaConnection;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** The bundled videos as files, on their way through a demo. */
record DemoVideos(Path folder, List<DemoClip> clips) {
  static DemoVideos copyTo(Path folder) throws IOException {
    List<DemoClip> clips = DemoClip.bundled();
    for (DemoClip clip : clips) {
      clip.copyTo(folder);
    }
    return new DemoVideos(folder, clips);
  }

  /** References to all of them, keyed by their files' names; returns once Kafka has them. */
  void send(KafkaConnection kafka, String topic) throws InterruptedException, ExecutionException {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<String, VideoReference> producer = kafka.producer()) {
      for (DemoClip clip : clips) {
        VideoReference reference =
            VideoReference.newBuilder()
                .setId(clip.file())
                .setUri(folder.resolve(clip.file()).toUri().toString())
                .setSubmittedAt(Instant.now())
                .build();
        sent.add(producer.send(new ProducerRecord<>(topic, reference.getId(), reference)));
      }
      for (Future<RecordMetadata> record : sent) {
        record.get();
      }
    }
  }

  /** Whether all of them are among these keys of outcomes. */
  boolean allIn(Set<String> keys) {
    return clips.stream().allMatch(clip -> keys.contains(clip.file()));
  }

  /** A table of what became of each. */
  void print(PrintWriter out, Map<String, SpecificRecord> outcomes) {
    out.printf("%n%-26s %-22s %6s  %s%n", "video", "outcome", "score", "what it is");
    for (DemoClip clip : clips) {
      SpecificRecord outcome = outcomes.get(clip.file());
      String name;
      String score = "";
      if (outcome instanceof VideoLabels labels) {
        name = labels.getLabels().get(0).getName();
        score = String.format(Locale.ROOT, "%.3f", labels.getLabels().get(0).getScore());
      } else {
        name = ((RejectedVideo) outcome).getReason().toString();
      }
      out.printf("%-26s %-22s %6s  %s%n", clip.file(), name, score, clip.title());
    }
    out.println();
    out.flush();
  }
}
