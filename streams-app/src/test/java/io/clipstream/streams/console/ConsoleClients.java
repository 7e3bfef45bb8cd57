package io.clipstream.streams.console;

import io.clipstream.schemas.LabelCorrection;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.streams.app.KafkaConnection;
import io.clipstream.streams.live.RolloutLog;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** What the console does with Kafka, once, without its page. */
public final class ConsoleClients {
  private ConsoleClients() {}

  /** Reads all that a console does; the line of what is not to be read. */
  public static Optional<String> read(KafkaConnection kafka, ModelTopics topics) {
    try (Following.Reader outcomes =
            new OutcomeFollower(
                () -> kafka.outcomes(List.of("videos.labeled", "videos.rejected")),
                (outcome, isNew) -> {},
                () -> {});
        Following.Reader rollouts = new Rollouts(kafka.modelLog(topics))) {
      outcomes.read();
      rollouts.read();
      return Optional.empty();
    } catch (Exception e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Writes to all that a console does; what the page answers where it may not. */
  public static Optional<String> write(KafkaConnection kafka, ModelTopics topics, String model) {
    try (KafkaProducer<String, VideoReference> references = kafka.producer();
        KafkaProducer<String, LabelCorrection> corrections = kafka.corrections()) {
      references
          .send(
              new ProducerRecord<>(
                  "videos.incoming",
                  VideoReference.newBuilder().setId("a").setUri("https://a.example/a.mp4").build()))
          .get();
      corrections
          .send(
              new ProducerRecord<>(
                  "videos.feedback",
                  LabelCorrection.newBuilder()
                      .setId("a")
                      .setUri("https://a.example/a.mp4")
                      .setLabel("goal")
                      .setCorrectedAt(Instant.now())
                      .build()))
          .get();
      new RolloutLog(kafka.modelLog(topics), "a test")
          .change(model, before -> Wanted.first(model, "1"));
      return Optional.empty();
    } catch (Exception e) {
      return Optional.of(
          e instanceof ExecutionException ? e.getCause().getMessage() : e.getMessage());
    }
  }
}
