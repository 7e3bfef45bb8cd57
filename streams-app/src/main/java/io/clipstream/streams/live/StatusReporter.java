package io.clipstream.streams.live;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.streams.live.rollout.Phase;
import io.clipstream.streams.live.rollout.Report;
import io.clipstream.streams.live.rollout.Roles;
import io.clipstream.streams.live.rollout.TimedRollout;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the others, and this instance's own log, how it is with a model. One thread. */
final class StatusReporter implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StatusReporter.class);

  private final String instance;
  private final String model;
  private final List<String> devices;
  private final StatusWriter writer;
  private final TimedRollout rollout;
  private final LiveGenerations generations;
  private final Function<String, Optional<ModelRelease>> releases;

  private Report told;
  private Instant changedAt = Instant.now();

  /**
   * @param writer closed with this
   * @param releases of the model by version, as far as they are known
   */
  StatusReporter(
      String instance,
      String model,
      List<String> devices,
      StatusWriter writer,
      TimedRollout rollout,
      LiveGenerations generations,
      Function<String, Optional<ModelRelease>> releases) {
    this.instance = instance;
    this.model = model;
    this.devices = devices;
    this.writer = writer;
    this.rollout = rollout;
    this.generations = generations;
    this.releases = releases;
  }

  /**
   * Writes a report.
   *
   * @param progress of the task, if the report is about one
   * @return completes when the brokers have the record, or with why they have not
   */
  CompletableFuture<Void> publish(Report report, CandidateLoader.Progress progress) {
    Wanted wanted = rollout.rollout().wanted();
    Roles roles = rollout.rollout().roles();
    boolean underWay = report.phase() == Phase.PREPARING || report.phase() == Phase.CHANGING;
    if (told == null || told.phase() != report.phase()) {
      changedAt = Instant.now();
      log(report);
    }
    told = report;
    ModelStatus.Builder record = StatusRecords.of(report, this::identity);
    ModelState state = StatusRecords.refined(record.getState(), progress.step());
    return writer.send(
        record
            .setInstance(instance)
            .setName(model)
            .setHost(InstanceId.host())
            .setBeat(rollout.sent(System.nanoTime()))
            .setRevision(wanted == null ? 0 : wanted.revision())
            .setRollout(
                report.candidate() != null || wanted == null ? report.rollout() : wanted.rollout())
            .setServingRollout(roles.active() == null ? 0 : roles.active().rollout())
            .setCanary(roles.canary() == null ? null : identity(roles.canary().version()))
            .setShadow(roles.shadow() == null ? null : identity(roles.shadow().version()))
            .setState(underWay ? state : record.getState())
            .setProgress(underWay ? progress.percent() : 0)
            .setDevices(devices)
            .setChangedAt(changedAt)
            .build());
  }

  private void log(Report report) {
    String version = report.candidate() == null ? "" : " version " + report.candidate();
    if (report.detail() == null) {
      log.info("Model {}: {}{}", model, report.phase(), version);
    } else {
      log.warn("Model {}: {}{}: {}", model, report.phase(), version, report.detail());
    }
  }

  private ModelIdentity identity(String version) {
    return generations
        .find(version)
        .map(generation -> generation.model().identity())
        .or(() -> releases.apply(version).map(ModelRelease::getModel))
        .orElseGet(() -> new ModelIdentity(model, version, ""));
  }

  /** Deletes the record of an instance that is gone. */
  void forget(String gone) {
    writer.forget(gone, model);
  }

  @Override
  public void close() {
    writer.close();
  }
}
