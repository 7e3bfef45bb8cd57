package io.clipstream.streams.cli;

import ai.djl.Device;
import io.clipstream.model.Progress;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.schemas.models.SigningKey;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SettingsSources;
import io.clipstream.streams.config.UnknownSettings;
import io.clipstream.trainer.RunFolder;
import io.clipstream.trainer.TrainingRun;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.feedback.FeedbackData;
import io.clipstream.trainer.feedback.FeedbackSnapshot;
import io.clipstream.trainer.gate.PromotionGate;
import io.clipstream.trainer.recipe.FeedbackSettings;
import io.clipstream.trainer.recipe.GateSettings;
import io.clipstream.trainer.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code clipstream train}: from a recipe to a model, and into Kafka if it is better. */
@Command(
    name = "train",
    description = {
      "Train a model from a recipe and evaluate it.",
      "A run that was stopped goes on when it is started again with the same recipe, data and"
          + " folder, also between its publication and its activation."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:trained, and with --publish published",
      "1:failed",
      "2:wrong options",
      "3:trained, but refused by the gate",
      "130:stopped by Ctrl-C or SIGTERM"
    })
final class TrainCommand implements Callable<Integer> {
  /** The gate refused the model. */
  static final int REFUSED = 3;

  /** What was trained is in checkpoints. */
  private static final String STOPPED =
      "stopped; the same command goes on from the last checkpoint";

  /** Keys of {@code --set} that are not the recipe's but how Kafka and videos are reached. */
  private static final List<String> CONNECTION =
      List.of("kafka.", "serde.", "topics.", "models.", "fetch.");

  /** The start model that a recipe asks for by this word is the one that serves. */
  private static final String LIVE = "live";

  @Spec private CommandSpec spec;

  @Option(
      names = {"-c", "--recipe"},
      required = true,
      paramLabel = "RECIPE",
      description =
          "Properties file: data, network and training; with train.start=M.pt it begins with that"
              + " model's weights, with train.start=live with those of the version that serves.")
  private Path recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Overrides a key of the recipe, or one of kafka.*, serde.*, topics.*, models.* and"
              + " fetch.*; may be repeated.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  @Option(
      names = "--data",
      paramLabel = "DIR|LIST",
      description =
          "A folder with a folder of videos for each label, or a list of videos or of folders of"
              + " frames, instead of the recipe's.")
  private Path data;

  @Option(
      names = "--feedback",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "FROM..TO|SNAPSHOT",
      description =
          "Also trains on people's corrections and sure labels in Kafka: all, a range of offsets or"
              + " times, or again those of a run's feedback/snapshot.json.")
  private String feedback;

  @Option(
      names = "--kafka",
      paramLabel = "FILE",
      description = "Settings of brokers, registry and fetching (properties), as run takes them.")
  private Path kafkaFile;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "DIR",
      description =
          "Folder of the run: data, checkpoint, model and metrics.json (default:"
              + " runs/NAME-VERSION).")
  private Path output;

  @Option(
      names = "--dry-run",
      description = "Says what there is to train on and how long it will take, and stops there.")
  private boolean dryRun;

  @Option(
      names = "--prepare",
      description =
          "Decodes the videos and writes what trainer/torchrun/train.py trains by, on many hosts,"
              + " and stops there.")
  private boolean prepare;

  @Option(
      names = "--fresh",
      description =
          "Begins anew, whatever was trained in the folder; what is decoded there is kept.")
  private boolean fresh;

  @Option(
      names = "--publish",
      description = "Publishes the model, if the gate (gate.* of the recipe) lets it pass.")
  private boolean publish;

  @Option(
      names = "--activate",
      description = "With --publish: makes it the version that serves, too.")
  private boolean activate;

  @Option(
      names = "--against",
      paramLabel = "M.pt",
      description = "Model that the gate compares with (with --publish: the one that serves).")
  private Path against;

  @Option(
      names = "--force",
      description = "With --publish: also what the gate refuses; the manifest says so.")
  private boolean force;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "Private key that signs what is published (model keygen).")
  private Path key;

  @Option(
      names = "--metrics",
      paramLabel = "FILE.prom",
      description =
          "Keeps metrics of the run in this file, for the textfile collector of Prometheus' node"
              + " exporter.")
  private Path metricsFile;

  @Option(
      names = "--photographs",
      paramLabel = "DIR",
      description = "Folder of source pictures, instead of the recipe's.")
  private Path photographs;

  @Option(
      names = "--devices",
      paramLabel = "all|N|GPUs",
      description =
          "GPUs that share the training: all, so many, or those named, such as gpu0,gpu1 (default:"
              + " 1; cpu where there is none). The result is the same but for rounding.")
  private String devices = "1";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that render, encode and decode (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  private TrainKafka kafka;

  @Override
  public Integer call() throws IOException, InterruptedException {
    OptionValues.atLeast(1, "--threads", threads);
    if (prepare && publish) {
      throw new UserError(
          "--prepare trains nothing that --publish could publish; publish what model import makes"
              + " of the weights");
    }
    if ((activate || force || key != null) && !publish) {
      throw new UserError("--activate, --force and --key are for --publish, which is not given");
    }
    Map<String, String> keys = withPhotographs(recipeKeys(), photographs);
    Settings raw = Settings.read(recipe, keys);
    String name = Recipe.name(raw, "model.name");
    String version = Recipe.name(raw, "model.version");
    Path folder = output != null ? output : Path.of("runs", name + "-" + version);
    Progress progress = new Progress(spec.commandLine().getErr());
    Optional<SigningKey> signer =
        key == null ? Optional.empty() : Optional.of(SigningKey.read(key));
    TrainMetrics metrics =
        new TrainMetrics(
            Optional.ofNullable(dryRun || prepare ? null : metricsFile), name, version, progress);
    metrics.begins();
    try (RunFolder run = RunFolder.open(folder);
        EndAtOnce asked = new EndAtOnce(STOPPED)) {
      if (publish) {
        Path artifact = run.file(name + "-" + version + ".pt");
        if (!fresh && !dryRun && publication(run, progress).goOn(artifact)) {
          finish(artifact);
          metrics.outcome(TrainMetrics.Outcome.PUBLISHED);
          return 0;
        }
        kafka(progress).requirePublishable(name, version, activate);
      }
      int code = train(run, keys, name, signer, progress, metrics);
      metrics.outcome(
          code == REFUSED
              ? TrainMetrics.Outcome.REFUSED
              : publish ? TrainMetrics.Outcome.PUBLISHED : TrainMetrics.Outcome.TRAINED);
      return code;
    } catch (IOException | RuntimeException | Error e) {
      metrics.outcome(TrainMetrics.Outcome.FAILED);
      throw e;
    }
  }

  /** Everything that is kept in the folder of the run, which is this process's. */
  private int train(
      RunFolder folder,
      Map<String, String> keys,
      String name,
      Optional<SigningKey> signer,
      Progress progress,
      TrainMetrics metrics)
      throws IOException, InterruptedException {
    if (Settings.read(recipe, keys).text("train.start", "").equals(LIVE)) {
      keys.put("train.start", startModel(name, folder, progress).toAbsolutePath().toString());
    }
    List<Device> shared = TrainDevices.of(devices);
    Map<String, String> origin = feedback == null ? Map.of() : takeFeedback(keys, folder, progress);
    Recipe read = Recipe.read(recipe, keys);
    Device device = shared.get(0);
    GateSettings judging = GateSettings.read(recipe, keys);
    TrainingRun run = new TrainingRun(read, shared, threads, progress);
    boolean judged = publish || against != null;
    Optional<Path> live = judged ? live(name, folder, progress) : Optional.empty();
    if (live.isPresent()) { // before hours of training
      ModelArtifact before = ModelFile.open(live.get(), device);
      PromotionGate.lacking(before.manifest().labels(), read.labels())
          .ifPresent(
              labels ->
                  progress.note(
                      "the gate will refuse the model: %s; add videos of each, or --force"
                          .formatted(labels)));
    }
    if (dryRun) {
      run.dryRun(folder, live.map(model -> judging.split()));
      return 0;
    }
    if (prepare) {
      run.prepare(folder);
      return 0;
    }
    if (!judged) {
      finish(run.run(folder, fresh, (artifact, list) -> origin, metrics));
      return 0;
    }
    TrainGate gate =
        new TrainGate(judging, live, force, folder.file("gate.json"), device, threads, progress);
    Path artifact =
        run.run(
            folder,
            fresh,
            new TrainingRun.Judge() {
              @Override
              public Map<String, String> judge(ModelArtifact candidate, ClipList list)
                  throws IOException, InterruptedException {
                Map<String, String> told = new HashMap<>(origin);
                told.putAll(gate.judge(candidate, list));
                metrics.gate(gate.decision());
                return told;
              }

              @Override
              public Optional<String> split() {
                return gate.split();
              }
            },
            metrics);
    finish(artifact);
    if (!gate.decision().passed() && !force) {
      return REFUSED;
    }
    if (publish) {
      publication(folder, progress).publish(artifact, signer);
    }
    return 0;
  }

  private TrainPublication publication(RunFolder folder, Progress progress) throws IOException {
    return new TrainPublication(folder, kafka(progress), activate, progress);
  }

  private void finish(Path artifact) {
    spec.commandLine().getOut().println(artifact);
    spec.commandLine().getOut().flush();
  }

  /** What the command line sets of the recipe. */
  private Map<String, String> recipeKeys() {
    Map<String, String> keys = new LinkedHashMap<>(overrides);
    keys.keySet().removeIf(TrainCommand::isConnection);
    if (data != null) {
      keys.put("data.list", data.toAbsolutePath().toString());
    }
    return keys;
  }

  private static boolean isConnection(String setting) {
    return CONNECTION.stream().anyMatch(setting::startsWith);
  }

  /** Read when it is first needed, since many trainings need no Kafka. */
  private TrainKafka kafka(Progress progress) throws IOException {
    if (kafka == null) {
      Map<String, String> own = new LinkedHashMap<>(overrides);
      own.keySet().removeIf(setting -> !isConnection(setting));
      Settings settings =
          SettingsSources.load(DemoCommand.ADDRESSES, kafkaFile, System.getenv(), own);
      UnknownSettings.warnings(settings).forEach(progress::note);
      kafka = new TrainKafka(AppSettings.read(settings), progress);
    }
    return kafka;
  }

  /** The model that training begins with: a run that goes on keeps the one that it began with. */
  private Path startModel(String name, RunFolder folder, Progress progress)
      throws IOException, InterruptedException {
    Path file = folder.file("start.pt");
    if (Files.exists(file) && !fresh) {
      return file;
    }
    return kafka(progress)
        .live(name, file)
        .orElseThrow(
            () ->
                new UserError(
                    "train.start is live, but no version of " + name + " is active in Kafka"));
  }

  /** Brings what people and models said, and has the recipe train on it. */
  private Map<String, String> takeFeedback(
      Map<String, String> keys, RunFolder folder, Progress progress)
      throws IOException, InterruptedException {
    FeedbackSettings settings = FeedbackSettings.read(recipe, keys);
    FeedbackData videos = new FeedbackData(settings, folder.file("feedback"), progress);
    FeedbackSnapshot snapshot = kafka(progress).feedback(feedback, settings, videos, fresh);
    keys.put("data.list", videos.list().toAbsolutePath().toString());
    keys.put("data.prefix", videos.list().toAbsolutePath().getParent().toString());
    Map<String, String> broken = new HashMap<>();
    while (true) {
      int before = broken.size();
      broken.putAll(TrainingRun.missed(Recipe.read(recipe, keys), folder, threads, progress));
      if (broken.size() == before) {
        return snapshot.told();
      }
      videos.deal(snapshot, broken);
    }
  }

  private Optional<Path> live(String name, RunFolder folder, Progress progress)
      throws IOException, InterruptedException {
    return against != null
        ? Optional.of(against)
        : kafka(progress).live(name, folder.file("live.pt"));
  }

  static Map<String, String> withPhotographs(Map<String, String> overrides, Path photographs) {
    Map<String, String> all = new LinkedHashMap<>(overrides);
    if (photographs != null) {
      all.put("generate.photographs", photographs.toAbsolutePath().toString());
    }
    return all;
  }
}
