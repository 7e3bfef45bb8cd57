package io.clipstream.trainer.feedback;

import io.clipstream.model.Printable;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelCorrection;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.models.LeftOut;
import io.clipstream.trainer.recipe.FeedbackSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins a range of {@code videos.feedback} with one of {@code videos.labeled}. Of two corrections
 * of one part of a video the later holds; a video that a person spoke of takes no label of a model.
 * Models' labels are believed from a score on, the newest ones of a video, and of each label only
 * so many: those whose ids have the lowest digests, so that the same range gives the same videos.
 * Records that make no sense are left out and logged.
 */
public final class FeedbackReader {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Logger log = LoggerFactory.getLogger(FeedbackReader.class);

  private final LeftOut leftOut = new LeftOut(log);
  private final FeedbackSettings settings;
  private final Map<String, Said> corrections = new HashMap<>();
  private final Map<String, Said> labels = new HashMap<>();
  private final Set<String> corrected = new HashSet<>();

  private record Said(FeedbackItem item, Instant time) {}

  public FeedbackReader(FeedbackSettings settings) {
    this.settings = settings;
  }

  /**
   * Reads from where the consumer is.
   *
   * @param ends first offsets that are left out
   * @return what to train on, in an order that the ranges alone decide
   * @throws UserError if nothing comes, or there is more than may be held
   */
  public List<FeedbackItem> read(
      Consumer<String, SpecificRecord> consumer, Map<TopicPartition, Long> ends) {
    long heard = System.nanoTime();
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      for (ConsumerRecord<String, SpecificRecord> record : consumer.poll(POLL)) {
        heard = System.nanoTime();
        if (record.offset() < ends.get(new TopicPartition(record.topic(), record.partition()))) {
          take(record.value());
        }
      }
      if (System.nanoTime() - heard > PATIENCE.toNanos()) {
        throw new UserError(
            "nothing came from Kafka for %d s, expected more of %s: is it up?"
                .formatted(PATIENCE.toSeconds(), ends.keySet()));
      }
    }
    return items();
  }

  private void take(SpecificRecord record) {
    if (record instanceof LabelCorrection correction) {
      FeedbackItem item =
          new FeedbackItem(
              correction.getId(),
              correction.getUri(),
              correction.getSha256(),
              correction.getLabel(),
              true,
              correction.getStartMillis(),
              correction.getEndMillis());
      if (makesSense(item)) {
        put(corrections, item.part(), new Said(item, correction.getCorrectedAt()));
        corrected.add(correction.getId());
      }
    } else if (record instanceof VideoLabels video && settings.pseudoPerLabel() > 0) {
      Label top = video.getLabels().get(0);
      String label = top.getScore() >= settings.pseudoScore() ? top.getName() : null;
      FeedbackItem item =
          new FeedbackItem(video.getId(), video.getUri(), null, label, false, null, null);
      if (makesSense(item)) {
        put(labels, video.getId(), new Said(item, video.getLabelledAt()));
      }
    }
    if (corrections.size() + labels.size() > settings.maxVideos()) {
      throw new UserError(
          "the range holds more videos than feedback.max-videos=%d; narrow it, or raise the limit"
              .formatted(settings.maxVideos()));
    }
  }

  private boolean makesSense(FeedbackItem item) {
    Optional<String> fault = item.fault();
    fault.ifPresent(reason -> leftOut.add("of video " + Printable.name(item.id()), reason));
    return fault.isEmpty();
  }

  private static void put(Map<String, Said> all, String key, Said said) {
    all.merge(key, said, (old, now) -> now.time.isBefore(old.time) ? old : now);
  }

  private List<FeedbackItem> items() {
    List<FeedbackItem> items = new ArrayList<>();
    corrections.values().forEach(said -> items.add(said.item));
    Set<String> uris = new HashSet<>();
    items.forEach(item -> uris.add(item.uri()));
    items.sort(Comparator.comparing(FeedbackItem::part));
    Map<String, List<FeedbackItem>> sure = new TreeMap<>();
    for (Said said : labels.values()) {
      FeedbackItem item = said.item;
      if (item.label() != null && !corrected.contains(item.id()) && !uris.contains(item.uri())) {
        sure.computeIfAbsent(item.label(), label -> new ArrayList<>()).add(item);
      }
    }
    sure.values()
        .forEach(
            all ->
                all.stream()
                    .sorted(Comparator.comparing(item -> Sha256.of(item.id())))
                    .limit(settings.pseudoPerLabel())
                    .forEach(items::add));
    return items;
  }
}
