package io.clipstream.streams.app;

import io.clipstream.schemas.serde.RegistryRefusedException;
import io.clipstream.streams.classify.BrokenPipelineException;
import io.clipstream.streams.classify.Formats;
import io.clipstream.streams.classify.GatedClients;
import io.clipstream.streams.classify.IntakeGate;
import io.clipstream.streams.classify.LabelTopology;
import io.clipstream.streams.classify.Topics;
import io.clipstream.streams.classify.VideoLabeller;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running instance: owns the streams application and the labeller from start to end.
 *
 * <p>Failures: a pipeline that is broken, a registry that refuses and a JVM error end the instance;
 * {@link #exit} says why. Any other failure of a stream thread is taken as passing: the thread is
 * replaced after a pause, up to {@value #MAX_FAILURES} times without {@value #QUIET_MINUTES} quiet
 * minutes. Nothing is lost in either case, as what has no outcome is pending in Kafka.
 *
 * <p>All threads.
 */
public final class LabelApp implements AutoCloseable {
  static final int MAX_FAILURES = 10;
  static final int QUIET_MINUTES = 10;
  private static final Logger log = LoggerFactory.getLogger(LabelApp.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

  private final Settings settings;
  private final Properties kafka;
  private final VideoLabeller labeller;
  private final IntakeGate gate;
  private final KafkaStreams streams;
  private final CompletableFuture<Optional<Throwable>> exit = new CompletableFuture<>();
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Throwable failure;
  private int failures;
  private long lastFailure;

  /**
   * How an instance is set up.
   *
   * @param topics that are read and written; they exist
   * @param kafka Kafka Streams settings over {@link StreamsDefaults}: {@code application.id} and
   *     {@code bootstrap.servers} at least
   * @param serdeClass of the topics' values, by name
   * @param serde the serdes' settings, {@code schema.registry.url} at least
   * @param maxPending references in flight at which no more are taken
   * @param drainLimit how long {@link #close} waits for what is in flight
   */
  public record Settings(
      Topics topics,
      Map<String, ?> kafka,
      String serdeClass,
      Map<String, ?> serde,
      int maxPending,
      Duration drainLimit) {
    public Settings {
      kafka = Map.copyOf(kafka);
      serde = Map.copyOf(serde);
    }
  }

  /**
   * @param labeller closed by this instance
   */
  public LabelApp(Settings settings, VideoLabeller labeller) {
    this.settings = settings;
    this.labeller = labeller;
    this.kafka = StreamsDefaults.with(settings.kafka());
    this.gate = new IntakeGate(settings.maxPending());
    this.streams =
        new KafkaStreams(
            LabelTopology.build(
                settings.topics(),
                () -> Formats.create(settings.serdeClass(), settings.serde()),
                labeller,
                gate,
                StreamsDefaults.maxRequestBytes(kafka)),
            kafka,
            new GatedClients(gate));
    streams.setStateListener((now, before) -> stateChanged(now));
    streams.setUncaughtExceptionHandler(this::afterFailure);
  }

  /**
   * Starts; returns at once.
   *
   * @throws UserError if Kafka does not answer, or a topic is missing, or the dead letters' takes
   *     less than the producer
   */
  public void start() throws InterruptedException {
    Map<String, Object> admin = new StreamsConfig(kafka).getAdminConfigs("clipstream-start");
    TopicCheck.require(admin, settings.topics().all());
    TopicCheck.requireRoom(
        admin, settings.topics().deadLetter(), StreamsDefaults.maxRequestBytes(kafka));
    streams.start();
  }

  /**
   * Waits until partitions are assigned and restored.
   *
   * @return false if that takes longer than {@code limit} or the instance ended
   */
  public boolean awaitRunning(Duration limit) throws InterruptedException {
    return running.await(limit.toMillis(), TimeUnit.MILLISECONDS) && !exit.isDone();
  }

  /** Completes when the instance has ended: empty after {@link #close}, or with what ended it. */
  public CompletableFuture<Optional<Throwable>> exit() {
    return exit;
  }

  public KafkaStreams.State state() {
    return streams.state();
  }

  /** What is in flight, for health and metrics. */
  public IntakeGate gate() {
    return gate;
  }

  /** Kafka Streams' own metrics and state, for health and metrics. */
  public KafkaStreams streams() {
    return streams;
  }

  /**
   * Ends cleanly: takes no more references, lets those in flight finish up to the drain limit,
   * commits, and leaves the group, so that others take over at once. What did not finish is pending
   * and done by the next owner. A second call does nothing.
   */
  @Override
  public synchronized void close() {
    if (closing.getCount() == 0) {
      return;
    }
    gate.shut();
    closing.countDown();
    if (streams.state().isRunningOrRebalancing()) {
      drain();
    }
    boolean staticMember = kafka.containsKey("group.instance.id");
    boolean closed =
        streams.close(
            CloseOptions.groupMembershipOperation(
                    staticMember
                        ? CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP
                        : CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(CLOSE_LIMIT));
    if (!closed) {
      log.warn("The streams application did not end within {}", CLOSE_LIMIT);
    }
    labeller.close();
    exit.complete(Optional.ofNullable(failure));
  }

  private void drain() {
    try {
      if (!gate.awaitDrained(settings.drainLimit())) {
        log.warn(
            "{} videos did not finish within {}; the next instance labels them",
            gate.pending(),
            settings.drainLimit());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stateChanged(KafkaStreams.State now) {
    log.info("State {}", now);
    if (now == KafkaStreams.State.RUNNING) {
      running.countDown();
    } else if (now == KafkaStreams.State.ERROR) {
      running.countDown();
      Throwable known = failure;
      exit.complete(
          Optional.of(known != null ? known : new IllegalStateException("Kafka Streams failed")));
    }
  }

  /** By the stream thread that failed, which may wait here. */
  private StreamThreadExceptionResponse afterFailure(Throwable error) {
    int count = countFailure();
    if (isFinal(error) || count > MAX_FAILURES) {
      failure = error;
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    long pause = Math.min(LONGEST_PAUSE.toMillis(), 500L << Math.min(count - 1, 10));
    log.warn("A stream thread failed ({}); a new one starts in {} ms", error.getMessage(), pause);
    try {
      if (closing.await(pause, TimeUnit.MILLISECONDS)) {
        failure = error;
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  /** Failures since the last long quiet, this one included. */
  private int countFailure() {
    synchronized (closing) { // Not this nor streams, whose close() waits for stream threads.
      long now = System.nanoTime();
      if (now - lastFailure > TimeUnit.MINUTES.toNanos(QUIET_MINUTES)) {
        failures = 0;
      }
      lastFailure = now;
      return ++failures;
    }
  }

  private static boolean isFinal(Throwable error) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      if (at instanceof BrokenPipelineException
          || at instanceof RegistryRefusedException
          || at instanceof MissingSourceTopicException
          || at instanceof Error) {
        return true;
      }
    }
    return false;
  }
}
