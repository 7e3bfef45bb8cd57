package io.clipstream.streams.app;

import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.embedded.EmbeddedKafka;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code clipstream demo}: broker, registry and application in this process, and the bundled videos
 * sent through them.
 */
@Command(
    name = "demo",
    description = {
      "Run the whole pipeline in this process, with a Kafka of its own, on bundled videos.",
      "Stays up for ./clipstream submit and ./clipstream watch until Ctrl-C."
    })
final class DemoCommand implements Callable<Integer> {
  private static final int KAFKA_PORT = 19092;
  private static final int REGISTRY_PORT = 18081;
  private static final int PARTITIONS = 4;
  private static final Duration POLL = Duration.ofMillis(100);

  /** Where {@code submit} and {@code watch} look for a demo. */
  static final Map<String, String> ADDRESSES = addresses(KAFKA_PORT, REGISTRY_PORT);

  @Spec private CommandSpec spec;

  @Option(names = "--exit", description = "End when every bundled video has its outcome.")
  private boolean exit;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Option(
      names = "--root",
      paramLabel = "DIR",
      description =
          "Folder whose files may be submitted; may be given again. By default your home folder and"
              + " the one you are in.")
  private List<Path> roots = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description = "With --exit: give up if videos have no outcome by then (${DEFAULT-VALUE}).")
  private int timeout;

  /** Succeeds if every bundled video got an outcome. */
  @Override
  public Integer call() throws IOException, InterruptedException, ExecutionException {
    // The signal last: once it is closed, the process may end.
    try (StopSignal stop = new StopSignal(Duration.ofSeconds(60))) {
      Path folder = Files.createTempDirectory("clipstream-demo-");
      try {
        return run(folder, stop);
      } finally {
        Folders.delete(folder);
      }
    }
  }

  private int run(Path folder, StopSignal stop)
      throws IOException, InterruptedException, ExecutionException {
    Path videos = Files.createDirectory(folder.resolve("videos"));
    List<DemoClip> clips = DemoClip.bundled();
    for (DemoClip clip : clips) {
      clip.copyTo(videos);
    }
    int kafkaPort = freePort(KAFKA_PORT);
    int registryPort = freePort(REGISTRY_PORT);
    AppConfig config = config(folder, kafkaPort, registryPort);
    Assembly assembly = new Assembly(config, fileRoots(config, videos));
    ModelArtifact model = assembly.model();
    // The broker starts while natives and weights load.
    CompletableFuture<EmbeddedKafka> starting =
        CompletableFuture.supplyAsync(() -> new EmbeddedKafka(folder.resolve("kafka"), kafkaPort));
    LabelPipeline pipeline;
    try {
      pipeline = assembly.pipeline(model);
    } catch (RuntimeException e) {
      starting.join().close();
      throw e;
    }
    try (EmbeddedRegistry registry = new EmbeddedRegistry(registryPort);
        EmbeddedKafka kafka = starting.join();
        LabelApp app = assembly.labelApp(pipeline)) {
      kafka.createTopics(PARTITIONS, Assembly.topics(config).all().toArray(String[]::new));
      app.start();
      say(
          "Kafka %s, schema registry %s, model %s with %d labels",
          kafka.bootstrapServers(),
          registry.url(),
          model.manifest().id(),
          model.manifest().labels().size());
      return follow(config, videos, clips, stop, app);
    }
  }

  private int follow(
      AppConfig config, Path videos, List<DemoClip> clips, StopSignal stop, LabelApp app)
      throws InterruptedException, ExecutionException {
    KafkaConnection kafka = new KafkaConnection(config);
    Map<String, SpecificRecord> outcomes = new LinkedHashMap<>();
    OutcomeWriter writer = new OutcomeWriter(spec.commandLine().getOut(), json);
    Instant end = Instant.now().plusSeconds(timeout);
    boolean summed = false;
    List<String> topics = List.of(config.text("topics.labeled"), config.text("topics.rejected"));
    try (KafkaConsumer<String, SpecificRecord> consumer = kafka.outcomes(topics)) {
      send(kafka, config.text("topics.incoming"), videos, clips);
      while (!stop.given()) {
        for (ConsumerRecord<String, SpecificRecord> record : consumer.poll(POLL)) {
          writer.print(record.value());
          outcomes.put(record.key(), record.value());
        }
        if (app.exit().isDone()) {
          throw new IllegalStateException("the application ended", app.exit().join().orElse(null));
        }
        if (!summed && clips.stream().allMatch(clip -> outcomes.containsKey(clip.file()))) {
          summed = true;
          if (!json) {
            print(clips, outcomes);
          }
          if (exit) {
            return 0;
          }
          say(
              "Waiting for more: ./clipstream submit%1$s my.mp4, ./clipstream watch%1$s;"
                  + " Ctrl-C ends",
              options(config, System.getenv()));
        }
        if (exit && Instant.now().isAfter(end)) {
          throw new UserError(
              outcomes.size()
                  + " of "
                  + clips.size()
                  + " videos have an outcome after "
                  + timeout
                  + " s");
        }
      }
    }
    return summed ? 0 : 1;
  }

  private static void send(KafkaConnection kafka, String topic, Path videos, List<DemoClip> clips)
      throws InterruptedException, ExecutionException {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<String, VideoReference> producer = kafka.producer()) {
      for (DemoClip clip : clips) {
        VideoReference reference =
            VideoReference.newBuilder()
                .setId(clip.file())
                .setUri(videos.resolve(clip.file()).toUri().toString())
                .setSubmittedAt(Instant.now())
                .build();
        sent.add(producer.send(new ProducerRecord<>(topic, reference.getId(), reference)));
      }
      for (Future<RecordMetadata> record : sent) {
        record.get();
      }
    }
  }

  private void print(List<DemoClip> clips, Map<String, SpecificRecord> outcomes) {
    PrintWriter out = spec.commandLine().getOut();
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

  /** To the terminal, where standard output is not for machines. */
  private void say(String format, Object... arguments) {
    if (!json) {
      spec.commandLine().getOut().printf(format + "%n", arguments);
      spec.commandLine().getOut().flush();
    }
  }

  /** Passed on as paths: as a setting, a comma in a name would make two of it. */
  private List<Path> fileRoots(AppConfig config, Path videos) {
    List<Path> allowed = new ArrayList<>(List.of(videos));
    roots.forEach(root -> allowed.add(Folders.named("--root", root)));
    if (roots.isEmpty() && config.list("fetch.file-roots").isEmpty()) {
      allowed.addAll(existing(System.getProperty("user.dir"), System.getProperty("user.home")));
    }
    return allowed;
  }

  /** An account without a home has "?" or a folder that does not exist. */
  static List<Path> existing(String... folders) {
    return Stream.of(folders)
        .map(Path::of)
        .filter(folder -> folder.isAbsolute() && Files.isDirectory(folder))
        .toList();
  }

  private static AppConfig config(Path folder, int kafkaPort, int registryPort) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("pipeline.work-directory", folder.resolve("work").toString());
    settings.put("kafka.state.dir", folder.resolve("state").toString());
    settings.put("application.id", "clipstream-demo");
    return AppConfig.load(settings, null, System.getenv(), addresses(kafkaPort, registryPort));
  }

  /** The options with which {@code submit} and {@code watch} reach this demo. */
  static String options(AppConfig demo, Map<String, String> environment) {
    AppConfig withoutOptions = AppConfig.load(ADDRESSES, null, environment, Map.of());
    return ADDRESSES.keySet().stream()
        .filter(key -> !demo.text(key).equals(withoutOptions.text(key)))
        .sorted()
        .map(key -> " --set " + key + "=" + demo.text(key))
        .collect(Collectors.joining());
  }

  private static Map<String, String> addresses(int kafkaPort, int registryPort) {
    return Map.of(
        "kafka.bootstrap.servers", "127.0.0.1:" + kafkaPort,
        "serde.schema.registry.url", "http://127.0.0.1:" + registryPort);
  }

  /** The port if nobody listens there, else any that is free. */
  private static int freePort(int wanted) throws IOException {
    try (ServerSocket socket = new ServerSocket(wanted, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (BindException taken) {
      return freePort(0);
    }
  }
}
