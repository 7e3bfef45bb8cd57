package io.clipstream.streams.cli;

import io.clipstream.model.Count;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.app.Assembly;
import io.clipstream.streams.app.InstanceConsole;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.app.LabelApp;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.Folders;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.embedded.EmbeddedKafka;
import io.clipstream.streams.topology.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
  private static final int PARTITIONS = 4;
  private static final Duration POLL = Duration.ofMillis(100);

  /** Where {@code submit} and {@code watch} look for a demo. */
  static final Map<String, String> ADDRESSES = addresses(DemoPorts.KAFKA, DemoPorts.REGISTRY);

  @Spec private CommandSpec spec;

  @Option(names = "--exit", description = "End when every bundled video has its outcome.")
  private boolean exit;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Option(names = "--model", paramLabel = "M.pt", description = "The bundled model by default.")
  private Path modelFile;

  @Option(
      names = "--root",
      paramLabel = "DIR",
      description =
          "Folder whose files may be submitted; may be given again. By default your home folder and"
              + " the one you are in.")
  private List<Path> roots = new ArrayList<>();

  /** For runs that nobody is to find. */
  @Option(names = "--any-port", hidden = true)
  private boolean anyPort;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description = "With --exit: give up if videos have no outcome by then (${DEFAULT-VALUE}).")
  private int timeout;

  /** Succeeds if every bundled video got an outcome. */
  @Override
  public Integer call() throws IOException, InterruptedException, ExecutionException {
    if (timeout < 1) {
      throw new ParameterException(
          spec.commandLine(), "--timeout is " + timeout + ", expected at least 1");
    }
    AppSettings.read(SettingsSources.environment(System.getenv())); // Wrong ones before any work.
    // The signal last: once it is closed, the process may end.
    try (StopSignal stop = new StopSignal(Duration.ofSeconds(60));
        DemoFolder folder = DemoFolder.create(Path.of(System.getProperty("java.io.tmpdir")))) {
      return run(folder.path(), stop);
    }
  }

  private int run(Path folder, StopSignal stop)
      throws IOException, InterruptedException, ExecutionException {
    Path videos = Files.createDirectory(folder.resolve("videos"));
    DemoVideos clips = DemoVideos.copyTo(videos);
    DemoPorts ports = DemoPorts.choose(anyPort, !exit);
    Settings given = settings(folder, ports);
    AppSettings settings = AppSettings.read(given);
    settings = settings.withFileRoots(fileRoots(settings, videos));
    try (InstanceConsole console = new InstanceConsole(settings)) {
      return run(folder.resolve("kafka"), ports, given, clips, stop, console);
    }
  }

  private int run(
      Path data,
      DemoPorts ports,
      Settings given,
      DemoVideos clips,
      StopSignal stop,
      InstanceConsole console)
      throws IOException, InterruptedException, ExecutionException {
    AppSettings settings = console.settings();
    Assembly assembly = new Assembly(settings, console.observer());
    ModelArtifact model =
        modelFile == null
            ? ModelFile.open(settings.model())
            : ModelFile.open(modelFile, settings.model().devices().first());
    if (stop.given()) {
      return 1;
    }
    // The broker starts while natives and weights load.
    CompletableFuture<EmbeddedKafka> starting =
        CompletableFuture.supplyAsync(() -> new EmbeddedKafka(data, ports.kafka()));
    DemoModel demoModel;
    try {
      demoModel = DemoModel.load(model, assembly);
    } catch (RuntimeException e) {
      starting.join().close();
      throw e;
    }
    try (EmbeddedRegistry registry = new EmbeddedRegistry(ports.registry());
        EmbeddedKafka kafka = starting.join();
        DemoModel served = demoModel;
        LabelApp app = assembly.labelApp(console.watch(served.labeller(assembly)))) {
      kafka.createTopics(PARTITIONS, settings.connection().topics().all().toArray(String[]::new));
      kafka.createTopics(1, settings.connection().topics().feedback());
      app.start();
      console.watch(app, assembly);
      say(
          "Kafka %s, schema registry %s, model %s with %s",
          kafka.bootstrapServers(),
          registry.url(),
          model.manifest().id(),
          Count.of(model.manifest().labels().size(), "label"));
      console.address().ifPresent(address -> say("Console %s", address));
      return follow(settings, options(given, System.getenv()), clips, stop, app, served);
    }
  }

  private int follow(
      AppSettings settings,
      String options,
      DemoVideos clips,
      StopSignal stop,
      LabelApp app,
      DemoModel model)
      throws IOException, InterruptedException, ExecutionException {
    KafkaConnection kafka = new KafkaConnection(settings.connection());
    Map<String, SpecificRecord> outcomes = new LinkedHashMap<>();
    OutcomeWriter writer = new OutcomeWriter(spec.commandLine().getOut(), json);
    Instant end = Instant.now().plusSeconds(timeout);
    boolean summed = false;
    Topics names = settings.connection().topics();
    List<String> topics = List.of(names.labeled(), names.rejected());
    try (KafkaConsumer<String, SpecificRecord> consumer = kafka.outcomes(topics)) {
      clips.send(kafka, names.incoming());
      while (!stop.given()) {
        for (ConsumerRecord<String, SpecificRecord> record : consumer.poll(POLL)) {
          if (record.value() != null) {
            writer.print(record.value());
            outcomes.put(record.key(), record.value());
          }
        }
        if (app.exit().isDone()) {
          throw new IllegalStateException("the application ended", app.exit().join().orElse(null));
        }
        if (!summed && clips.allIn(outcomes.keySet())) {
          summed = true;
          if (!json) {
            clips.print(spec.commandLine().getOut(), outcomes);
          }
          if (exit) {
            return 0;
          }
          model.follow(new Assembly(settings), kafka.modelLog(settings.live().topics()));
          say(
              "Waiting for more: ./clipstream submit%1$s my.mp4, ./clipstream watch%1$s,"
                  + " ./clipstream model publish%1$s other.pt --activate; Ctrl-C ends",
              options);
        }
        if (exit && Instant.now().isAfter(end)) {
          throw new UserError(
              outcomes.size()
                  + " of "
                  + clips.clips().size()
                  + " videos have an outcome after "
                  + timeout
                  + " s");
        }
      }
    }
    return summed ? 0 : 1;
  }

  /** To the terminal, where standard output is not for machines. */
  private void say(String format, Object... arguments) {
    if (!json) {
      spec.commandLine().getOut().printf(format + "%n", arguments);
      spec.commandLine().getOut().flush();
    }
  }

  /** Passed on as paths: as a setting, a comma in a name would make two of it. */
  private List<Path> fileRoots(AppSettings settings, Path videos) {
    List<Path> allowed = new ArrayList<>(List.of(videos));
    roots.forEach(root -> allowed.add(Folders.named("--root", root)));
    if (roots.isEmpty() && settings.fetch().fileRoots().isEmpty()) {
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

  private static Settings settings(Path folder, DemoPorts ports) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("pipeline.work-directory", folder.resolve("work").toString());
    settings.put("kafka.state.dir", folder.resolve("state").toString());
    settings.put("application.id", "clipstream-demo");
    settings.put("model.cache", folder.resolve("models").toString());
    // Nobody else is there to wait for.
    settings.put("rollout.lease", "5s");
    settings.put("rollout.soak", "2s");
    settings.put("console.port", ports.console());
    settings.put("console.write", "true");
    return SettingsSources.load(
        settings, null, System.getenv(), addresses(ports.kafka(), ports.registry()));
  }

  /** The options with which {@code submit} and {@code watch} reach this demo. */
  static String options(Settings demo, Map<String, String> environment) throws IOException {
    Settings withoutOptions = SettingsSources.load(ADDRESSES, null, environment, Map.of());
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
}
