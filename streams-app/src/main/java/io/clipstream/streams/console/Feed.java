package io.clipstream.streams.console;

import io.clipstream.schemas.VideoLabels;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What pages are told: everything when they come, and then what changes. However many outcomes
 * come, a page gets the newest few of them four times a second, and exact counts.
 *
 * <p>All threads; one of its own tells everybody, so that nobody misses or mixes anything.
 */
final class Feed implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Feed.class);
  private static final int FLUSHES_PER_SECOND = 4;
  private static final int FLUSHES_PER_POINT = PlotSeries.SECONDS * FLUSHES_PER_SECOND;
  private static final int LAST = 60;

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread made = new Thread(task, "console-feed");
            made.setDaemon(true);
            return made;
          });
  private final EventHub hub = new EventHub();
  private final OutcomeHistory history = new OutcomeHistory();
  private final PlotSeries plots = new PlotSeries();
  private final VersionFigures versions = new VersionFigures();
  private final VideosAtWork work;
  private final Map<String, Object> about;

  private volatile Group group;
  private int flushes;
  private long lastPoint = System.nanoTime();
  private List<Map<String, Object>> toldRollouts = List.of();

  /** What is read of the group, and how this instance is. */
  private record Group(
      List<Following> reading,
      Rollouts rollouts,
      GroupLag lag,
      Supplier<InstanceState> instance,
      Supplier<Map<String, Object>> publishing) {}

  /**
   * @param about what never changes
   */
  Feed(VideosAtWork work, Map<String, Object> about) {
    this.work = work;
    this.about = about;
    var unused =
        thread.scheduleWithFixedDelay(
            this::flush, 0, 1000 / FLUSHES_PER_SECOND, TimeUnit.MILLISECONDS);
  }

  /**
   * Reads what the group does from now on. Once.
   *
   * @param publishing at once, the model that is published from the page; null: none
   */
  void follow(
      GroupClients clients,
      Supplier<InstanceState> instance,
      Supplier<Map<String, Object>> publishing) {
    Rollouts rollouts = new Rollouts(clients.models());
    GroupLag lag = new GroupLag(clients.admin(), clients.group(), clients.topics().incoming());
    group =
        new Group(
            List.of(
                new Following(
                    "outcomes", new OutcomeFollower(clients.outcomes(), this::seen, this::tellAll)),
                new Following("rollouts", rollouts),
                new Following("lag", lag)),
            rollouts,
            lag,
            instance,
            publishing);
  }

  OutcomeHistory history() {
    return history;
  }

  Optional<Rollouts> rollouts() {
    return Optional.ofNullable(group).map(Group::rollouts);
  }

  private void seen(SeenOutcome outcome, boolean live) {
    history.add(outcome, live);
    if (outcome.record() instanceof VideoLabels labels) {
      versions.add(labels);
    }
    if (live) {
      plots.add(outcome);
    }
  }

  /** Takes a place for a page, if there is one: for {@link #add}. */
  boolean enter() {
    return hub.enter();
  }

  /** Tells a page everything, and then what is new. */
  void add(EventClient client) {
    try {
      thread.execute(
          () -> {
            hub.add(client); // Before anything is sent: who is gone then leaves it again.
            client.send(EventHub.event("state", state()));
          });
    } catch (RejectedExecutionException closed) {
      client.end();
    }
  }

  /** Tells every page everything anew. */
  private void tellAll() {
    try {
      thread.execute(() -> hub.send(EventHub.event("state", state())));
    } catch (RejectedExecutionException closed) {
      log.debug("The console is closed before it has read what there is");
    }
  }

  /** A page is gone. Once. */
  void leave(EventClient client) {
    hub.leave(client);
  }

  private void flush() {
    try {
      List<Object> outcomes = history.takeNew();
      if (!outcomes.isEmpty() && !hub.hasNone()) {
        hub.send(
            EventHub.event("outcomes", Map.of("outcomes", outcomes, "counts", history.counts())));
      }
      List<Map<String, Object>> rollouts = rolloutsPage();
      if (!rollouts.equals(toldRollouts)) {
        toldRollouts = rollouts;
        hub.send(EventHub.event("rollouts", Map.of("rollouts", rollouts)));
      }
      if (++flushes % FLUSHES_PER_POINT == 0) {
        hub.send(EventHub.event("tick", tick()));
      }
    } catch (RuntimeException e) { // Else nothing would be told any more.
      log.error("The console cannot tell its pages what is new", e);
    }
  }

  private List<Map<String, Object>> rolloutsPage() {
    return rollouts().map(Rollouts::page).orElse(List.of());
  }

  private Map<String, Object> tick() {
    long now = System.nanoTime();
    double seconds = (now - lastPoint) / 1e9;
    lastPoint = now;
    Group read = group;
    Map<String, Object> tick = now();
    tick.put(
        "point",
        plots.point(System.currentTimeMillis(), seconds, read == null ? null : read.lag().lag()));
    return tick;
  }

  /** What is told again and again. */
  private Map<String, Object> now() {
    Group read = group;
    Map<String, Object> now = new LinkedHashMap<>();
    now.put("work", work.page());
    now.put("instance", read == null ? null : read.instance().get());
    now.put("publishing", read == null ? null : read.publishing().get());
    now.put("versions", versions.page());
    now.put(
        "problems",
        read == null
            ? List.of("this instance is starting")
            : read.reading().stream().flatMap(one -> one.problem().stream()).distinct().toList());
    return now;
  }

  private Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>(about);
    state.putAll(now());
    state.put("outcomes", history.last(LAST));
    state.put("counts", history.counts());
    state.put("plots", plots.all());
    state.put("rollouts", rolloutsPage());
    return state;
  }

  /** Ends the pages' connections, which then wait for another start. */
  @Override
  public void close() {
    thread.shutdownNow();
    hub.end();
    Group read = group;
    if (read != null) {
      read.reading().parallelStream().forEach(Following::close);
    }
  }
}
