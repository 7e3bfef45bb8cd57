package io.clipstream.streams.cli;

import ai.djl.Device;
import io.clipstream.model.Count;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.app.Assembly;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.app.Relabelling;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.Folders;
import io.clipstream.streams.live.ModelCatalog;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Deserializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code clipstream relabel}: past references once more, through another version. */
@Command(
    name = "relabel",
    description = {
      "Label past references once more, in this process, with a version that Kafka holds.",
      "Interrupted, it goes on where it was when it is run again. Live work is left alone."
    })
final class RelabelCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ConfigOptions options;

  @Option(
      names = "--from",
      paramLabel = "PLACE",
      description = "First offset of each partition, or a time; by default the beginning.")
  private String from;

  @Option(
      names = "--to",
      paramLabel = "PLACE",
      description = "First offset or time that is left out; by default the end as it is now.")
  private String to;

  @Option(names = "--model", required = true, paramLabel = "NAME-VERSION", description = "Which.")
  private String model;

  @Option(
      names = "--to-topic",
      required = true,
      paramLabel = "TOPIC",
      description = "Where the labels go; a topic that exists and that live work does not use.")
  private String target;

  @Option(names = "--restart", description = "From the first reference, not where it was.")
  private boolean restart;

  @Option(names = "--json", description = "One JSON object a line: what is rejected, then the sum.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException, ExecutionException {
    AppSettings settings = AppSettings.read(options.load(DemoCommand.ADDRESSES));
    String source = settings.connection().topics().incoming();
    TopicRange range = TopicRange.between(source, from, to);
    ModelRegistry registry = new ModelRegistry(settings.connection(), settings.live().topics());
    if (settings.connection().topics().all().contains(target)
        || settings.connection().topics().feedback().equals(target)
        || registry.log().topics().all().contains(target)) {
      throw new UserError(
          "--to-topic is " + target + ", which live work uses: expected a topic of its own");
    }
    KafkaConnection kafka = new KafkaConnection(settings.connection());
    kafka.require(List.of(source, target));
    ModelRelease release = registry.read().release(model);
    Path folder = Files.createTempDirectory("clipstream-relabel-");
    Progress progress = new Progress(spec.commandLine().getErr());
    try (progress) {
      Path file = folder.resolve(ModelCatalog.id(release.getModel()) + ".pt");
      progress.startBytes("fetch " + ModelCatalog.id(release.getModel()));
      new ReleaseFetch(registry.log(), progress).fetch(release, file);
      progress.end();
      Device device = settings.model().devices().first();
      run(settings, kafka, range, ModelFile.open(file, device), progress);
    } finally {
      Folders.delete(folder);
    }
    return 0;
  }

  private void run(
      AppSettings settings,
      KafkaConnection kafka,
      TopicRange range,
      ModelArtifact artifact,
      Progress progress)
      throws InterruptedException, ExecutionException {
    String id = artifact.manifest().id();
    // The same work again is the same group: another topic or version is other work.
    String group = "clipstream-relabel-" + target + "-" + id;
    OutcomeWriter writer = new OutcomeWriter(spec.commandLine().getOut(), json);
    try (KafkaConsumer<byte[], byte[]> consumer = kafka.records(range.topic(), group);
        KafkaProducer<byte[], VideoLabels> producer = kafka.labels(group);
        Deserializer<VideoReference> references = kafka.references();
        LabelPipeline pipeline = new Assembly(settings).pipeline(artifact)) {
      Map<TopicPartition, Long> ends = range.seek(consumer, kafka);
      if (!restart) {
        resume(consumer);
      }
      progress.start("relabel with " + id, left(consumer, ends));
      Relabelling.Sum sum =
          new Relabelling(consumer, producer, references, pipeline, target)
              .run(
                  ends,
                  outcome -> {
                    if (outcome instanceof Outcome.Rejected rejected) {
                      writer.print(rejected.video());
                    }
                  },
                  count -> progress.step(count, ""));
      progress.end();
      print(sum, id);
    }
  }

  private static void resume(KafkaConsumer<?, ?> consumer) {
    Map<TopicPartition, OffsetAndMetadata> kept = consumer.committed(consumer.assignment());
    kept.forEach(
        (partition, place) -> {
          if (place != null && place.offset() > consumer.position(partition)) {
            consumer.seek(partition, place.offset());
          }
        });
  }

  private static long left(KafkaConsumer<?, ?> consumer, Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream()
        .mapToLong(end -> Math.max(0, end.getValue() - consumer.position(end.getKey())))
        .sum();
  }

  private void print(Relabelling.Sum sum, String id) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("type", "relabelled");
      object.put("model", id);
      object.put("topic", target);
      object.put("labelled", sum.labelled());
      object.put("rejected", sum.rejected());
      object.put("unreadable", sum.unreadable());
      out.println(OutcomeWriter.toJson(object));
    } else {
      out.printf(
          "%s labelled with %s onto %s, %d rejected, %s without a reference%n",
          Count.of(sum.labelled(), "video"),
          id,
          target,
          sum.rejected(),
          Count.of(sum.unreadable(), "record"));
    }
    out.flush();
  }
}
