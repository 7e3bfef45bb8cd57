package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.live.CatalogReader;
import io.clipstream.streams.live.ModelCatalog;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;

/** The models in Kafka, as commands read and change them. One thread. */
final class ModelRegistry {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final KafkaConnection kafka;
  private final String shadowTopic;
  private final ModelLogConfig log;
  private final RolloutLog rollouts;

  ModelRegistry(ConnectionSettings settings, ModelTopics topics) {
    this.kafka = new KafkaConnection(settings);
    this.shadowTopic = settings.topics().shadow();
    this.log = kafka.modelLog(topics);
    this.rollouts = new RolloutLog(log, System.getProperty("user.name"));
  }

  ModelLogConfig log() {
    return log;
  }

  /**
   * Creates the topics that are missing.
   *
   * @return their names
   */
  List<String> createTopics() throws InterruptedException {
    kafka.require(List.of());
    Admin admin = log.admin();
    try {
      return new ModelTopicSetup(admin, log.topics()).create();
    } finally {
      admin.close(Duration.ZERO);
    }
  }

  /**
   * @throws UserError if labels of shadow versions have no topic
   */
  void requireShadowTopic() throws InterruptedException {
    kafka.require(List.of(shadowTopic));
  }

  /**
   * A reader that has not read yet.
   *
   * @throws UserError if Kafka does not answer, or topics are missing
   */
  CatalogReader open() throws InterruptedException {
    kafka.require(List.of());
    List<String> missing = missing();
    if (!missing.isEmpty()) {
      throw new UserError(
          "Kafka holds no models: there is no topic "
              + String.join(", ", missing)
              + kafka.mayBeHidden()
              + ", expected those that ./clipstream model publish creates");
    }
    return new CatalogReader(log);
  }

  private List<String> missing() throws InterruptedException {
    Admin admin = log.admin();
    try {
      Set<String> existing =
          admin.listTopics().names().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      return log.topics().all().stream().filter(topic -> !existing.contains(topic)).toList();
    } catch (ExecutionException | TimeoutException e) {
      throw new UserError("Kafka does not list its topics: " + e.getMessage(), e);
    } finally {
      admin.close(Duration.ZERO);
    }
  }

  /** All that Kafka holds of models now. */
  ModelCatalog read() throws InterruptedException {
    try (CatalogReader reader = open()) {
      return reader.readToEnd();
    }
  }

  /**
   * Changes what is wanted of a model.
   *
   * @return what is wanted then
   * @throws UserError as the edit does, or if nothing was wanted yet
   */
  Wanted change(String model, UnaryOperator<Wanted> edit) {
    return rollouts.change(
        model,
        wanted -> {
          if (wanted == null) {
            throw new UserError(
                "no version of model "
                    + model
                    + " is active yet: activate one with model activate");
          }
          return edit.apply(wanted);
        });
  }

  /** What is wanted of a model; empty before its first activation. */
  Optional<Wanted> wanted(String model) {
    return rollouts.read(model);
  }

  /** Makes a version the active one, also as the model's first. */
  Wanted activate(String model, String version) {
    return rollouts.change(model, wanted -> activated(wanted, model, version));
  }

  /**
   * Makes a version the active one, unless it was wanted for anything since: then others decided
   * over it, and have the last word.
   *
   * @param since revision of what was wanted before the version was there, 0 if nothing was
   * @return why it is not active: one line, if it is not
   * @throws UserError if Kafka no longer tells what was wanted since, or others change it meanwhile
   */
  Optional<String> activateOnce(String model, String version, long since) {
    List<Wanted> history = rollouts.history(model);
    Wanted newest = history.isEmpty() ? null : history.get(history.size() - 1);
    if (newest != null && newest.active().equals(version)) {
      return Optional.empty();
    }
    List<Wanted> later = history.stream().filter(wanted -> wanted.revision() > since).toList();
    if (later.stream().anyMatch(wanted -> names(wanted, version))) {
      return Optional.of(
          "it was active or on trial since, and now "
              + newest.active()
              + " is active (model activate "
              + model
              + "-"
              + version
              + " makes it serve)");
    }
    long revision = newest == null ? 0 : newest.revision();
    if (revision != since + later.size()) { // There is a record for each revision, or it is gone.
      throw new UserError(
          model
              + "-"
              + version
              + " is published, and not activated: what was wanted of "
              + model
              + " since is not all in Kafka any more, so that it may have been active; model activate"
              + " makes it serve");
    }
    rollouts.change(
        model,
        wanted -> {
          if ((wanted == null ? 0 : wanted.revision()) != revision) {
            throw new UserError(
                "what is wanted of model " + model + " was changed meanwhile: try it again");
          }
          return activated(wanted, model, version);
        });
    return Optional.empty();
  }

  private static boolean names(Wanted wanted, String version) {
    return Stream.of(
            wanted.active(), wanted.settled(), wanted.previous(), wanted.canary(), wanted.shadow())
        .anyMatch(version::equals);
  }

  /**
   * @throws UserError if {@link #activate} would be refused now
   */
  void requireActivation(String model, String version) {
    activated(wanted(model).orElse(null), model, version);
  }

  private static Wanted activated(Wanted wanted, String model, String version) {
    return wanted == null ? Wanted.first(model, version) : wanted.activate(version);
  }
}
