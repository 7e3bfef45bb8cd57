package io.clipstream.trainer.feedback;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.trainer.data.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What was taken from Kafka, exactly: from it the same training can be had again, for as long as
 * the videos are where they were.
 *
 * @param offsets first offset and the one after the last, by {@code TOPIC-PARTITION}
 * @param items that there are, with digests
 * @param rejected items that could not be fetched, with the reason
 */
public record FeedbackSnapshot(
    Map<String, List<Long>> offsets, List<FeedbackItem> items, List<Unreachable> rejected) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /**
   * An item that could not be fetched.
   *
   * @param reason one line
   */
  public record Unreachable(FeedbackItem item, String reason) {}

  public FeedbackSnapshot {
    if (offsets == null || items == null || rejected == null) {
      throw new IllegalArgumentException("offsets, items or rejected is not there");
    }
    offsets = new TreeMap<>(offsets);
    items = List.copyOf(items);
    rejected = List.copyOf(rejected);
  }

  /**
   * Reads one.
   *
   * @throws UserError if it is none
   */
  public static FeedbackSnapshot read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new UserError("no snapshot at " + file + ", expected the snapshot.json of a run");
    }
    FeedbackSnapshot snapshot;
    try {
      snapshot = JSON.readValue(file.toFile(), FeedbackSnapshot.class);
    } catch (JacksonException e) {
      String reason =
          e.getCause() == null ? e.getOriginalMessage() : String.valueOf(e.getCause().getMessage());
      throw new UserError(
          file
              + " is no snapshot ("
              + reason
              + "), expected that of a run; --fresh takes a new one",
          e);
    }
    if (snapshot == null) {
      throw new UserError(file + " is no snapshot, expected that of a run");
    }
    return snapshot;
  }

  void write(Path file) throws IOException {
    WholeFile.write(file, JSON.writeValueAsString(this));
  }

  /** SHA-256 of offsets, items and digests. */
  public String digest() {
    return Sha256.of(offsets + "\n" + items);
  }

  /** What a model's manifest says of it. */
  public Map<String, String> told() {
    return Map.of(
        "feedback.offsets",
        offsets.entrySet().stream()
            .map(
                range ->
                    range.getKey() + "@" + range.getValue().get(0) + ".." + range.getValue().get(1))
            .collect(Collectors.joining(" ")),
        "feedback.sha256",
        digest(),
        "feedback.people",
        String.valueOf(items.stream().filter(FeedbackItem::person).count()),
        "feedback.pseudo",
        String.valueOf(items.stream().filter(item -> !item.person()).count()));
  }
}
