package io.clipstream.streams.app;

import io.clipstream.model.UserError;
import io.clipstream.model.fetch.Probes;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.Folders;
import io.clipstream.streams.console.Console;
import io.clipstream.streams.console.ConsoleOptions;
import io.clipstream.streams.console.GroupClients;
import io.clipstream.streams.console.InstanceState;
import io.clipstream.streams.console.Thumbnails;
import io.clipstream.streams.intake.Trouble;
import io.clipstream.streams.live.InstanceId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The console of an instance, if settings want one: watches its parts as they come up. Closed after
 * them. Not for several threads.
 */
public final class InstanceConsole implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(InstanceConsole.class);

  private static final int MOST_SHOWN = 8;

  private final AppSettings settings;
  private final Optional<Console> console;

  /** Of files that are dropped on the page. */
  private final Optional<Path> uploads;

  /** Of models that are published from the page. */
  private final Optional<Path> publications;

  private VideoLabeller labeller;

  /**
   * Answers from now on.
   *
   * @throws UserError if it cannot listen where settings say
   */
  public InstanceConsole(AppSettings settings) {
    String group = settings.connection().kafka().get("application.id");
    this.console =
        settings.console().map(options -> new Console(options, group, InstanceId.host()));
    this.uploads =
        settings
            .console()
            .filter(ConsoleOptions::write)
            .map(writes -> folder(settings.fetch().probes()));
    this.publications =
        settings
            .console()
            .filter(options -> options.maxModelBytes().isPresent())
            .map(publishes -> PublicationFolder.make(settings.work().directory()));
    this.settings = uploads.map(folder -> settings.withFileRoots(List.of(folder))).orElse(settings);
  }

  private static Path folder(Probes probes) {
    try {
      Path folder = Files.createTempDirectory("clipstream-console-").toRealPath();
      if (probes.rootMarker().isPresent()) { // Else its files would wait for a mount.
        Files.createFile(folder.resolve(probes.rootMarker().get()));
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException("no folder for files of the console can be made", e);
    }
  }

  /** With the folder of files that are dropped on the page, which the instance may then fetch. */
  public AppSettings settings() {
    return settings;
  }

  /** Where people find it. */
  public Optional<String> address() {
    return console.map(Console::address);
  }

  /** For the pipeline. */
  public PipelineObserver observer() {
    return console.map(Console::observer).orElse(PipelineObserver.NONE);
  }

  /** Watches what labels. */
  public VideoLabeller watch(VideoLabeller watched) {
    labeller = console.map(it -> it.watch(watched)).orElse(watched);
    return labeller;
  }

  /** Watches the application, which has started. After the labeller. */
  public void watch(LabelApp app, Assembly assembly) {
    console.ifPresent(
        it ->
            it.follow(
                clients(settings),
                () -> state(app, labeller.troubles()),
                new Thumbnails(
                    settings.console().orElseThrow().thumbnails(),
                    assembly.fetcher(),
                    settings.decode()),
                labeller,
                uploads,
                publications));
  }

  private static InstanceState state(LabelApp app, List<Trouble> troubles) {
    LabelApp.Health health = app.health();
    return new InstanceState(
        health.ending() ? "ENDING" : health.state().toString(),
        health.pending(),
        health.unread(),
        health.open(),
        troubles.stream().limit(MOST_SHOWN).map(InstanceConsole::outOfOrder).toList(),
        app.suspects().stream()
            .limit(MOST_SHOWN)
            .map(one -> new InstanceState.Suspect(one.partition(), one.offset(), one.deaths()))
            .toList());
  }

  private static InstanceState.OutOfOrder outOfOrder(Trouble trouble) {
    return new InstanceState.OutOfOrder(
        trouble.origin().toString(),
        trouble.problem(),
        trouble.since().toMillis(),
        trouble.retryIn().toMillis(),
        trouble.waiting());
  }

  private static GroupClients clients(AppSettings settings) {
    ConnectionSettings connection = settings.connection();
    KafkaConnection kafka = new KafkaConnection(connection);
    List<String> outcomes = List.of(connection.topics().labeled(), connection.topics().rejected());
    return new GroupClients(
        connection.kafka().get("application.id"),
        new GroupClients.Names(connection.topics().incoming(), connection.topics().feedback()),
        () -> kafka.outcomes(outcomes),
        kafka::producer,
        kafka::corrections,
        kafka::admin,
        kafka.modelLog(settings.live().topics()));
  }

  @Override
  public void close() {
    console.ifPresent(Console::close);
    uploads.ifPresent(InstanceConsole::delete);
    publications.ifPresent(InstanceConsole::delete);
  }

  private static void delete(Path folder) {
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      log.warn("{} was not deleted: {}", folder, e.toString());
    }
  }
}
