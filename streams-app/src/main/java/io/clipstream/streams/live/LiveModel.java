package io.clipstream.streams.live;

import io.clipstream.model.DeviceName;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.LogEvent;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.schemas.models.TrustedKeys;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.live.rollout.Input;
import io.clipstream.streams.live.rollout.Output;
import io.clipstream.streams.live.rollout.Phase;
import io.clipstream.streams.live.rollout.TimedRollout;
import io.clipstream.streams.live.rollout.Wanted;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An instance's life with one model of the log: reads what is wanted, has versions made ready and
 * takes them into use as {@code ops/rollout-protocol.md} says, and tells the others. One thread
 * owns it all and waits for Kafka alone; what takes long is done by others. Whatever fails, videos
 * go on with what serves.
 */
public final class LiveModel implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LiveModel.class);
  private static final Duration BETWEEN_WARNINGS = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(20);

  private final String model;
  private final LiveOptions options;
  private final LiveGenerations generations;
  private final ReleaseLoader loader;
  private final ModelCache cache;
  private final ModelTopicsFollower topics;
  private final StatusReporter status;
  private final AnswerWriter answers;
  private final FileFetcher fetcher;
  private final TimedRollout rollout;
  private final CandidateLoader candidate;
  private volatile RolloutSteps steps;
  private final Queue<Runnable> events = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private volatile boolean closing;

  private final long started = System.nanoTime();
  private long nextWarning = started;
  private boolean triedCache;

  private VersionsInUse versions;
  private boolean wantedThere;
  private volatile boolean unwanted;
  private volatile String hindrance = "the model topics are being read";
  private CompletableFuture<Void> announced = CompletableFuture.completedFuture(null);

  /**
   * Starts nothing.
   *
   * @param instance id of this process, unlike that of any other
   * @param model its name
   * @param generations take the versions; stay the caller's. One that serves already goes on until
   *     the log chooses another
   * @param factory of generations
   * @param fetcher of artifacts that are not in the log; closed with this
   * @throws IOException if a file of trusted keys cannot be read
   */
  public LiveModel(
      String instance,
      String model,
      LiveOptions options,
      ModelLogConfig config,
      LiveGenerations generations,
      GenerationFactory factory,
      FileFetcher fetcher)
      throws IOException {
    this(instance, model, options, config, generations, factory, fetcher, new SystemMemory());
  }

  /** As the other; what memory is left is for the caller to say. */
  LiveModel(
      String instance,
      String model,
      LiveOptions options,
      ModelLogConfig config,
      LiveGenerations generations,
      GenerationFactory factory,
      FileFetcher fetcher,
      FreeMemory memory)
      throws IOException {
    this.model = model;
    this.options = options;
    this.generations = generations;
    this.fetcher = fetcher;
    this.steps = new RolloutSteps(model);
    cache = new ModelCache(options.cache(), options.cacheBytes());
    loader =
        new ReleaseLoader(
            cache,
            new ArtifactFetch(
                new ArtifactReader(config),
                fetcher,
                new TransferLimits(options.limits().download(), options.limits().silence())),
            TrustedKeys.read(options.trustedKeys()),
            factory.alsoTelling(generations.outcomes()),
            options.limits(),
            new LoadMemory(memory, factory.devices(), factory.batch()),
            new LoadMarks(cache.folder(), options.loadDeaths()));
    topics = new ModelTopicsFollower(config, this::rolloutRead, this::statusRead);
    answers = new AnswerWriter(new RolloutLog(config, instance), model);
    rollout = new TimedRollout(instance, options.policy(), options.times(), System.nanoTime());
    status =
        new StatusReporter(
            instance,
            model,
            factory.devices().stream().map(DeviceName::of).toList(),
            new StatusWriter(config, options.times().lease()),
            rollout,
            generations,
            version -> topics.release(model, version));
    candidate =
        new CandidateLoader(
            model,
            options.anyLabels(),
            version -> topics.release(model, version),
            version -> topics.unreadable(model, version),
            loader,
            generations,
            events::add,
            this::on);
    thread = new Thread(this::run, "live-" + model);
    thread.setDaemon(true);
  }

  /** Tells, from its start on, how far it is. */
  void tell(RolloutSteps told) {
    steps = told;
  }

  /** Starts; returns at once. Videos may come when {@link LiveGenerations#serving} completes. */
  public void start() {
    thread.start();
  }

  /** Whether the log was read and wants no version of the model; none serves then. */
  boolean isUnwanted() {
    return unwanted;
  }

  /** Why nothing serves yet, as far as is known; one line. */
  String hindrance() {
    return hindrance;
  }

  private void run() {
    versions =
        new VersionsInUse(
            model,
            generations,
            cache,
            new UnchosenVersion(model, cache, loader, generations),
            options.watch(),
            () -> Optional.ofNullable(rollout.rollout().wanted()),
            version -> topics.release(model, version));
    while (!closing) {
      try {
        if (topics.follow()) {
          caughtUp();
        }
      } catch (KafkaException e) { // of the registry too
        trouble(e);
      } catch (RuntimeException e) {
        log.error("Following the model topics failed; serving goes on", e);
        pause();
      }
      candidate.search(System.nanoTime());
      takeEvents();
      versions.alarms(this::on);
      carryOut(rollout.tick(System.nanoTime()));
    }
    leave();
  }

  private void leave() {
    on(new Input.Leave());
    loader.close();
    candidate.abandon();
    takeEvents(); // A version that was just loaded is closed with the others.
    topics.close();
    answers.close();
    status.close();
    fetcher.close();
  }

  private void takeEvents() {
    for (Runnable event = events.poll(); event != null; event = events.poll()) {
      try {
        event.run();
      } catch (RuntimeException e) {
        log.error("A step's end could not be taken up; serving goes on", e);
      }
    }
  }

  private void caughtUp() {
    if (!wantedThere) {
      on(new Input.WantedLost());
    }
    carryOut(rollout.caughtUp(System.nanoTime()));
    if (generations.roles().active() == null && rollout.rollout().wanted() == null) {
      unwanted = true;
      log.info("No version of model {} is wanted yet: publish and activate one", model);
    }
  }

  /** The model topics cannot be read. */
  private void trouble(RuntimeException error) {
    long now = System.nanoTime();
    if (now - nextWarning >= 0) {
      nextWarning = now + BETWEEN_WARNINGS.toNanos();
      hindrance = "the model topics cannot be read: " + CandidateLoader.reason(error);
      log.warn("The model topics cannot be read: {}", CandidateLoader.reason(error));
    }
    boolean none = generations.roles().active() == null;
    if (none && !triedCache && now - started >= options.startPatience().toNanos()) {
      triedCache = true;
      versions.serveLastGood();
    }
    pause();
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void rolloutRead(LogEvent<ModelRollout> event) {
    if (event instanceof LogEvent.Put<ModelRollout> put && put.key().equals(model)) {
      wantedThere = true;
      unwanted = false;
      hindrance = "a version is being loaded";
      on(new Input.WantedRead(RolloutRecords.wanted(put.value())));
      versions.rearm();
    } else if (event instanceof LogEvent.Deleted<ModelRollout> deleted
        && deleted.key().equals(model)) {
      wantedThere = false;
      if (topics.caughtUp()) {
        on(new Input.WantedLost());
      }
    } else if (event instanceof LogEvent.Restarted<ModelRollout>) {
      wantedThere = false;
    }
  }

  private void statusRead(LogEvent<ModelStatus> event) {
    String suffix = "/" + model;
    if (event instanceof LogEvent.Put<ModelStatus> put && put.key().endsWith(suffix)) {
      ModelStatus read = put.value();
      carryOut(
          rollout.read(
              read.getInstance(),
              StatusRecords.report(read),
              read.getBeat(),
              put.offset(),
              System.nanoTime()));
    } else if (event instanceof LogEvent.Deleted<ModelStatus> deleted
        && deleted.key().endsWith(suffix)) {
      String gone = deleted.key().substring(0, deleted.key().length() - suffix.length());
      carryOut(rollout.deleted(gone, System.nanoTime()));
    } else if (event instanceof LogEvent.Restarted<ModelStatus>) {
      on(new Input.StatusReset());
    }
  }

  private void on(Input input) {
    carryOut(rollout.on(input, System.nanoTime()));
  }

  private void carryOut(List<Output> outputs) {
    for (Output output : outputs) {
      try {
        carryOut(output);
      } catch (RuntimeException e) {
        log.error("{} failed; serving goes on", output, e);
      }
    }
  }

  private void carryOut(Output output) {
    if (output instanceof Output.Publish publish) {
      if (publish.report().phase() == Phase.FAILED) {
        hindrance = publish.report().detail();
      }
      steps.at(publish.report().phase());
      announced = status.publish(publish.report(), candidate.progress());
    } else if (output instanceof Output.Prepare prepare) {
      candidate.prepare(prepare.version(), System.nanoTime());
      versions.keepInCache();
    } else if (output instanceof Output.Load load) {
      candidate.load(load.version(), announced, mayMakeRoom(load.version()));
    } else if (output instanceof Output.Abandon) {
      candidate.abandon();
    } else if (output instanceof Output.Use use) {
      if (use.roles().active() != null) { // else a trial's end before the first version
        versions.use(use.roles());
        candidate.used(use.roles());
      }
    } else if (output instanceof Output.Drop drop) {
      versions.drop(drop.version());
    } else if (output instanceof Output.Reply reply) {
      answers.reply(reply.answer());
    } else if (output instanceof Output.Restore restore) {
      answers.restore(restore.wanted());
    } else if (output instanceof Output.Forget forget) {
      status.forget(forget.instance());
    }
  }

  /** Not for a trial, which needs the active version beside it. */
  private boolean mayMakeRoom(String version) {
    Wanted wanted = rollout.rollout().wanted();
    return !options.policy().roomForTwo()
        && !version.equals(wanted.canary())
        && !version.equals(wanted.shadow());
  }

  /** Leaves the log; versions stay with the generations. Waits a moment for the thread. */
  @Override
  public void close() {
    closing = true;
    try {
      thread.join(CLOSE_LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
