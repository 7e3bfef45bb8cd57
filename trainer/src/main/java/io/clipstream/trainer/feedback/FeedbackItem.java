package io.clipstream.trainer.feedback;

import io.clipstream.model.Printable;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.TimeRange;
import java.util.Optional;

/**
 * One video to train on, as a snapshot keeps it.
 *
 * @param id of the video
 * @param uri where it is
 * @param sha256 of its content; null: not known yet
 * @param label that it has
 * @param person whether a person says so; else a model does
 * @param startMillis where the label begins to hold; null: at the start
 * @param endMillis where it ceases to hold; null: at the end
 */
public record FeedbackItem(
    String id,
    String uri,
    String sha256,
    String label,
    boolean person,
    Long startMillis,
    Long endMillis) {
  /** Ends no sooner than any video. */
  private static final double NEVER_SECONDS = 1e9;

  /** The same with the digest that its file has. */
  FeedbackItem with(String digest) {
    return new FeedbackItem(id, uri, digest, label, person, startMillis, endMillis);
  }

  Optional<TimeRange> range() {
    if (startMillis == null && endMillis == null) {
      return Optional.empty();
    }
    return Optional.of(
        new TimeRange(
            startMillis == null ? 0 : startMillis / 1000.0,
            endMillis == null ? NEVER_SECONDS : endMillis / 1000.0));
  }

  /** What is wrong with it, one line, if anything: anybody may have written the record. */
  Optional<String> fault() {
    if (label != null && !ModelManifest.isLabel(label)) {
      return Optional.of(
          "its label is '" + Printable.name(label) + "', expected text without control characters");
    }
    try {
      range();
    } catch (IllegalArgumentException e) {
      return Optional.of("its " + e.getMessage());
    }
    return Optional.empty();
  }

  /** What it says is said of this part of this video. */
  String part() {
    return id + "\n" + startMillis + "\n" + endMillis;
  }
}
