package io.clipstream.streams.console;

import com.fasterxml.jackson.databind.JsonNode;
import io.clipstream.model.UserError;
import io.clipstream.schemas.LabelCorrection;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.live.ModelCatalog;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Wanted;
import io.clipstream.streams.outcome.CorrectionCheck;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * What people change from the page, all of it in Kafka. Each returns once the brokers have it. All
 * threads.
 */
final class Actions {
  private static final int MOST_RETRIES = 200;

  private final Feed feed;
  private final GroupClients clients;

  Actions(Feed feed, GroupClients clients) {
    this.feed = feed;
    this.clients = clients;
  }

  /**
   * Submits rejected videos again, as they came: {@code places} of their outcomes.
   *
   * @throws UserError if one is not known any more
   */
  Map<String, Object> retry(JsonNode request) throws InterruptedException, ExecutionException {
    JsonNode places = request.path("places");
    if (!places.isArray() || places.isEmpty() || places.size() > MOST_RETRIES) {
      throw new UserError("the request has no places, expected 1 to " + MOST_RETRIES);
    }
    List<SeenOutcome> outcomes = new ArrayList<>();
    for (JsonNode place : places) {
      SeenOutcome outcome = find(place.asText());
      if (outcome.isLabelled()) {
        throw new UserError("the video was labelled, expected one that was rejected");
      }
      outcomes.add(outcome);
    }
    try (KafkaProducer<String, VideoReference> producer = clients.references().get()) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (SeenOutcome outcome : outcomes) {
        VideoReference reference = ((RejectedVideo) outcome.record()).getReference();
        sent.add(
            producer.send(
                new ProducerRecord<>(clients.topics().incoming(), outcome.key(), reference)));
      }
      for (Future<RecordMetadata> record : sent) {
        record.get();
      }
    }
    return Map.of("submitted", outcomes.size());
  }

  /**
   * Says what a labelled video really shows: {@code place}, {@code label}, and if it holds for a
   * part only {@code startMillis} and {@code endMillis}.
   */
  Map<String, Object> correct(JsonNode request) throws InterruptedException, ExecutionException {
    SeenOutcome outcome = find(Json.required(request, "place"));
    if (!(outcome.record() instanceof VideoLabels labels)) {
      throw new UserError("the video was rejected, expected one that was labelled");
    }
    String label = Json.required(request, "label");
    CorrectionCheck.label(label);
    Long start = millis(request, "startMillis");
    Long end = millis(request, "endMillis");
    if (end != null && end <= (start == null ? 0 : start)) {
      throw new UserError("the end is at " + end + " ms, expected it after the start");
    }
    CorrectionCheck.begin(start, Optional.of(labels));
    LabelCorrection correction =
        LabelCorrection.newBuilder()
            .setId(labels.getId())
            .setUri(labels.getUri())
            .setStartMillis(start)
            .setEndMillis(end)
            .setLabel(label)
            .setLabelledBy(labels.getModel())
            .setAuthor(author(request))
            .setNote(Json.text(request, "note").orElse(null))
            .setCorrectedAt(Instant.now())
            .build();
    try (KafkaProducer<String, LabelCorrection> producer = clients.corrections().get()) {
      producer
          .send(new ProducerRecord<>(clients.topics().feedback(), labels.getId(), correction))
          .get();
    }
    return Map.of("corrected", Shown.text(labels.getId()), "label", Shown.text(label));
  }

  private static Long millis(JsonNode request, String field) {
    JsonNode value = request.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw new UserError(field + " is " + value + ", expected milliseconds");
    }
    return value.longValue();
  }

  /**
   * Changes what is wanted of a {@code model}: {@code action} is activate or canary (with {@code
   * version}, and {@code percent} of a canary), end-canary, promote, pin, unpin or rollback.
   *
   * @throws UserError if that is not possible in the state that Kafka holds
   */
  Map<String, Object> rollout(JsonNode request) {
    String model = Json.required(request, "model");
    String action = Json.required(request, "action");
    UnaryOperator<Wanted> edit =
        switch (action) {
          case "activate" -> {
            String version = version(request, model);
            yield wanted ->
                wanted == null ? Wanted.first(model, version) : wanted.activate(version);
          }
          case "canary" -> {
            String version = version(request, model);
            double percent = request.path("percent").asDouble();
            yield existing(model, wanted -> wanted.canary(version, percent / 100));
          }
          case "end-canary" -> existing(model, wanted -> wanted.withoutCanary(wanted.canary()));
          case "promote" -> existing(model, Wanted::promote);
          case "pin" -> existing(model, wanted -> wanted.pin(true));
          case "unpin" -> existing(model, wanted -> wanted.pin(false));
          case "rollback" -> {
            String why = Json.text(request, "reason").orElse("asked for in the console");
            yield existing(model, wanted -> wanted.rollback(why));
          }
          default -> throw new UserError("action is " + Shown.text(action) + ", expected another");
        };
    Wanted wanted = new RolloutLog(clients.models(), author(request)).change(model, edit);
    return Map.of("model", model, "active", wanted.active(), "revision", wanted.revision());
  }

  private String version(JsonNode request, String model) {
    String version = Json.required(request, "version");
    ModelCatalog catalog =
        feed.rollouts()
            .flatMap(Rollouts::catalog)
            .orElseThrow(() -> new UserError("the models in Kafka were not read yet: try again"));
    return catalog.release(model + "/" + version).getModel().getVersion();
  }

  private static UnaryOperator<Wanted> existing(String model, UnaryOperator<Wanted> edit) {
    return wanted -> {
      if (wanted == null) {
        throw new UserError("no version of model " + model + " is active yet: activate one");
      }
      return edit.apply(wanted);
    };
  }

  private SeenOutcome find(String place) {
    return feed.history()
        .find(place)
        .orElseThrow(() -> new UserError("the outcome is older than those that the console holds"));
  }

  private static String author(JsonNode request) {
    return Json.text(request, "author").map(Shown::text).orElse("console");
  }
}
