package io.clipstream.streams.app;

import io.clipstream.model.artifact.ModelArtifact;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code clipstream run}: the application against the brokers of the configuration. */
@Command(name = "run", description = "Label what arrives on your own Kafka, until stopped.")
final class RunCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(RunCommand.class);
  private static final Duration GRACE = Duration.ofSeconds(60);

  @Mixin private ConfigOptions options;

  /** Succeeds if it ends because it was asked to. */
  @Override
  public Integer call() throws IOException, InterruptedException {
    AppConfig config = options.load(Map.of());
    log.info("Configuration:\n{}", config.masked());
    Assembly assembly = new Assembly(config);
    ModelArtifact model = assembly.model();
    log.info("Model {} ({})", model.manifest().id(), model.digest());
    Duration patience = config.duration("pipeline.shutdown-timeout").plus(GRACE);
    try (StopSignal stop = new StopSignal(patience);
        LabelApp app = assembly.labelApp(assembly.pipeline(model))) {
      app.start();
      while (!stop.await(Duration.ofMillis(500))) {
        if (app.exit().isDone()) {
          Optional<Throwable> cause = app.exit().join();
          throw new UserError(
              "the application ended: " + cause.map(Throwable::getMessage).orElse("unknown"),
              cause.orElse(null));
        }
      }
      log.info("Stopping");
    }
    return 0;
  }
}
