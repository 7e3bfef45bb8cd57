package io.clipstream.streams.cli;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.streams.app.Assembly;
import io.clipstream.streams.app.ClientCheck;
import io.clipstream.streams.app.InstanceConsole;
import io.clipstream.streams.app.LabelApp;
import io.clipstream.streams.app.Monitoring;
import io.clipstream.streams.classify.ActiveModel;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.DeviceChoice;
import io.clipstream.streams.config.MaskedSettings;
import io.clipstream.streams.live.InstanceId;
import io.clipstream.streams.live.LiveModels;
import io.clipstream.streams.tracing.Tracing;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code clipstream run}: the application against the brokers of the configuration. */
@Command(
    name = "run",
    description = {
      "Label what arrives on your own Kafka, until stopped.",
      "Exit code 0: it was asked to end (SIGTERM, Ctrl-C), and did; 75: it ended by what may pass,"
          + " such as brokers that are away: start it again; 1: settings, topics or rights must be"
          + " mended first."
    })
final class RunCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(RunCommand.class);
  private static final Duration GRACE = Duration.ofSeconds(60);
  private static final Duration WAIT = Duration.ofMillis(500);

  @Mixin private ConfigOptions options;

  /** Succeeds if it ends because it was asked to. */
  @Override
  public Integer call() throws IOException, InterruptedException {
    Settings given = options.load(Map.of());
    AppSettings settings = AppSettings.read(given);
    log.info("Configuration:\n{}", MaskedSettings.of(given));
    checkClients(given, settings); // Before a model is loaded.
    var unused =
        given.value(
            "model.devices", DeviceChoice.EXPECTED, text -> settings.model().devices().devices());
    Duration patience = settings.work().shutdownTimeout().plus(GRACE);
    try (StopSignal stop = new StopSignal(patience);
        Tracing tracing =
            new Tracing(
                settings.tracing(),
                InstanceId.create(),
                settings.connection().topics().incoming());
        Monitoring monitoring = new Monitoring(settings);
        InstanceConsole console = new InstanceConsole(settings)) {
      Assembly assembly =
          new Assembly(
              console.settings(),
              PipelineObserver.both(
                  PipelineObserver.both(monitoring.observer(), console.observer()),
                  tracing.observer()));
      Watching watching = new Watching(monitoring, console, tracing);
      if (settings.live().fromLog()) {
        serveLog(assembly, watching, stop);
      } else {
        ModelArtifact model = ModelFile.open(settings.model());
        log.info("Model {} ({})", model.manifest().id(), model.digest());
        GenerationFactory factory = assembly.generations();
        VideoLabeller labeller = assembly.pipeline(model, factory);
        ActiveModel active = new ActiveModel(new ServedModel(model.manifest(), model.digest()), 0);
        serve(assembly, watching.watch(labeller, () -> List.of(active), factory), watching, stop);
      }
      stop.endedWell();
    }
    return 0;
  }

  private static void checkClients(Settings given, AppSettings settings) {
    try {
      ClientCheck.require(given, settings.connection());
    } catch (UserError e) {
      throw RestartException.notStarted(e);
    }
  }

  /** Those who are told what the parts of an instance do. */
  private record Watching(Monitoring monitoring, InstanceConsole console, Tracing tracing) {
    VideoLabeller watch(
        VideoLabeller labeller, Supplier<List<ActiveModel>> active, GenerationFactory factory) {
      monitoring.watch(factory.gpus());
      return tracing.watch(console.watch(monitoring.watch(labeller, active, factory.budget())));
    }
  }

  /** Serves what the model topics want. */
  private static void serveLog(Assembly assembly, Watching watching, StopSignal stop)
      throws IOException, InterruptedException {
    GenerationFactory factory = assembly.generations();
    try (LiveModels models = assembly.liveModels(factory)) {
      watching.monitoring().watch(models);
      models.start();
      while (!models.serving().isDone()) {
        if (stop.await(WAIT)) {
          return;
        }
      }
      VideoLabeller labeller = assembly.shadowed(models, factory);
      serve(assembly, watching.watch(labeller, models::active, factory), watching, stop);
    }
  }

  private static void serve(
      Assembly assembly, VideoLabeller labeller, Watching watching, StopSignal stop)
      throws InterruptedException {
    try (LabelApp app = assembly.labelApp(labeller)) {
      try {
        app.start();
      } catch (UserError e) {
        throw RestartException.notStarted(e);
      }
      watching.monitoring().watch(app);
      watching.console().watch(app, assembly);
      while (!stop.await(WAIT)) {
        if (app.exit().isDone()) {
          throw RestartException.ended(app.exit().join().orElseThrow());
        }
      }
      log.info("Stopping");
    }
  }
}
