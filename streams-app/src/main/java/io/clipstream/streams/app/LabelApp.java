package io.clipstream.streams.app;

import io.clipstream.model.Count;
import io.clipstream.model.UserError;
import io.clipstream.schemas.serde.RegistryRefusedException;
import io.clipstream.streams.classify.BrokenPipelineException;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.topology.Attempts;
import io.clipstream.streams.topology.Formats;
import io.clipstream.streams.topology.GatedClients;
import io.clipstream.streams.topology.IntakeGate;
import io.clipstream.streams.topology.LabelTopology;
import io.clipstream.streams.topology.OutcomeTimes;
import io.clipstream.streams.topology.OutcomeTimestamp;
import io.clipstream.streams.topology.PendingLimits;
import io.clipstream.streams.topology.PendingVideos;
import io.clipstream.streams.topology.Topics;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.util.List;
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
 * <p>Failures: a pipeline that is broken, a registry that refuses, partitions that were added to
 * the input and a JVM error end the instance; {@link #exit} says why. Any other failure of a stream
 * thread is taken as passing: the thread is replaced after a pause, up to {@value #MAX_FAILURES}
 * times without {@value #QUIET_MINUTES} quiet minutes. Nothing is lost in either case, as what has
 * no outcome is pending in Kafka.
 *
 * <p>All threads.
 */
public final class LabelApp implements AutoCloseable {
  static final int MAX_FAILURES = 10;
  static final int QUIET_MINUTES = 10;
  private static final Logger log = LoggerFactory.getLogger(LabelApp.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final int MAX_OUTCOME = 1024 * 1024;
  private static final Duration FORWARD_LIMIT = Duration.ofSeconds(5);

  /** To commit and leave the group; without a broker neither comes to an end. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(15);

  /** Of this, what there is at most after the drain limit. */
  private static final Duration AFTER_DRAIN = Duration.ofSeconds(8);

  private final Settings settings;
  private final Properties kafka;
  private final VideoLabeller labeller;
  private final IntakeGate gate;
  private final Attempts attempts;
  private final OutcomeTimes times;
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
   * @param topics that are read and written; those that are required exist
   * @param kafka Kafka Streams settings over {@link StreamsDefaults}: {@code application.id} and
   *     {@code bootstrap.servers} at least
   * @param serdeClass of the topics' values, by name
   * @param serde the serdes' settings, {@code schema.registry.url} at least
   * @param pending what may be pending, and how often what is in work when a process dies is tried
   * @param drainLimit how long {@link #close} waits for what the labeller has begun
   * @param timestamps of outcomes and dead letters
   */
  public record Settings(
      Topics topics,
      Map<String, ?> kafka,
      String serdeClass,
      Map<String, ?> serde,
      PendingLimits pending,
      Duration drainLimit,
      OutcomeTimestamp timestamps) {
    public Settings {
      kafka = Map.copyOf(kafka);
      serde = Map.copyOf(serde);
    }
  }

  /**
   * How an instance is.
   *
   * @param state of Kafka Streams
   * @param pending references that were taken and have no outcome yet
   * @param mostPending most of those at once since the start
   * @param unread those of them that wait for the schema registry to say how they are read
   * @param open whether it takes more references; else it has as many as it may, waits for the
   *     registry, or ends
   * @param ending whether {@link #close} was called
   */
  public record Health(
      KafkaStreams.State state,
      int pending,
      int mostPending,
      int unread,
      boolean open,
      boolean ending) {}

  /**
   * @param labeller closed by this instance
   */
  public LabelApp(Settings settings, VideoLabeller labeller) {
    this.settings = settings;
    this.labeller = labeller;
    this.kafka = StreamsDefaults.with(settings.kafka());
    this.gate = new IntakeGate(settings.pending(), labeller::waiting);
    this.attempts = new Attempts(settings.pending().deaths());
    this.times = new OutcomeTimes(settings.timestamps());
    this.streams =
        new KafkaStreams(
            LabelTopology.build(
                settings.topics(),
                () -> Formats.create(settings.serdeClass(), settings.serde()),
                labeller,
                gate,
                attempts,
                times,
                StreamsDefaults.maxRequestBytes(kafka)),
            kafka,
            new GatedClients(gate, attempts));
    streams.setStateListener((now, before) -> stateChanged(now));
    streams.setUncaughtExceptionHandler(this::afterFailure);
  }

  /**
   * Starts; returns at once.
   *
   * @throws UserError if Kafka does not answer, a topic is missing or takes less than may be
   *     written to it, or the input's partitions are not those of the pending references
   */
  public void start() throws InterruptedException {
    Map<String, Object> admin = admin();
    TopicCheck.require(admin, settings.topics().required());
    TopicCheck.requireRoom(admin, settings.topics().labeled(), MAX_OUTCOME, "outcomes may have");
    TopicCheck.requireRoom(admin, settings.topics().rejected(), MAX_OUTCOME, "outcomes may have");
    TopicCheck.requireRoom(
        admin,
        settings.topics().deadLetter(),
        StreamsDefaults.maxRequestBytes(kafka),
        "in kafka.producer.max.request.size: raise the one or lower the other");
    TopicCheck.requireRoomIfSeen(
        admin,
        PendingVideos.changelog(applicationId()),
        PendingVideos.MAX_RECORD_BYTES,
        "pending references may have");
    PartitionCounts.require(admin, applicationId(), settings.topics().incoming());
    if (settings.timestamps() != OutcomeTimestamp.NOW) {
      Topics topics = settings.topics();
      for (String topic : List.of(topics.labeled(), topics.rejected(), topics.deadLetter())) {
        times.limit(topic, TopicCheck.greatestAge(admin, topic));
      }
    }
    streams.start();
  }

  private Map<String, Object> admin() {
    return new StreamsConfig(kafka).getAdminConfigs("clipstream-start");
  }

  private String applicationId() {
    return kafka.get("application.id").toString();
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

  /** How it is, at this moment. */
  public Health health() {
    return new Health(
        streams.state(),
        gate.pending(),
        gate.mostPending(),
        gate.unread(),
        gate.open(),
        closing.getCount() == 0);
  }

  /** Pending references that processes died with. */
  public List<Attempts.Suspect> suspects() {
    return attempts.suspects();
  }

  /** What Kafka Streams and its clients measure. The caller closes it. */
  public KafkaStreamsMetrics kafkaMetrics() {
    return new KafkaStreamsMetrics(streams);
  }

  /**
   * Ends cleanly: takes no more references, lets those that were begun finish up to the drain
   * limit, commits, and leaves the group, so that others take over at once. What was not begun, or
   * did not finish, is pending and done by the next owner. Takes at most 8 s more than the drain
   * limit, whatever Kafka does. A second call does nothing.
   */
  @Override
  public synchronized void close() {
    if (closing.getCount() == 0) {
      return;
    }
    long end = System.nanoTime() + settings.drainLimit().plus(AFTER_DRAIN).toNanos();
    gate.shut();
    closing.countDown();
    if (streams.state().isRunningOrRebalancing()) {
      drain();
    }
    long nanos = Math.min(CLOSE_LIMIT.toNanos(), end - System.nanoTime());
    Duration limit = Duration.ofNanos(Math.max(0, nanos));
    boolean staticMember = kafka.containsKey("group.instance.id");
    boolean closed =
        streams.close(
            CloseOptions.groupMembershipOperation(
                    staticMember
                        ? CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP
                        : CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(limit));
    if (!closed) {
      log.warn("The streams application did not end within {} s", limit.toSeconds());
    }
    labeller.close();
    exit.complete(Optional.ofNullable(failure));
  }

  private void drain() {
    try {
      boolean drained = labeller.drain(settings.drainLimit()) && gate.awaitForwarded(FORWARD_LIMIT);
      log.info(
          "{}; {} left to the next instance",
          drained ? "What was begun has its outcome" : "Not all that was begun did finish in time",
          Count.of(gate.pending(), "pending video", "is", "are"));
      if (!attempts.takeBack(FORWARD_LIMIT)) {
        log.warn("Videos that are in work will count as if this process had died with them");
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
  private StreamThreadExceptionResponse afterFailure(Throwable thrown) {
    Throwable error =
        PartitionCounts.explain(thrown, admin(), applicationId(), settings.topics().incoming());
    if (KafkaProblem.isRefusedRecord(error) && times.refused()) {
      log.warn(
          "Outcomes get the time of now until the next start: a topic refuses that of a reference");
    }
    int count = countFailure();
    if (isFinal(error) || count > MAX_FAILURES) {
      failure = error;
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    long pause = Math.min(LONGEST_PAUSE.toMillis(), 500L << Math.min(count - 1, 10));
    log.warn(
        "A stream thread failed ({}); a new one starts in {} ms",
        KafkaProblem.reason(error),
        pause);
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
      if (at instanceof UserError
          || at instanceof BrokenPipelineException
          || at instanceof RegistryRefusedException
          || at instanceof MissingSourceTopicException
          || at instanceof Error) {
        return true;
      }
    }
    return false;
  }
}
