package io.clipstream.streams.outcome;

import io.clipstream.model.Printable;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.schemas.VideoLabels;
import java.util.Optional;

/** What a correction must be, so that a training can use it: told to who makes it, not later. */
public final class CorrectionCheck {
  /** Characters of a label. */
  private static final int LONGEST = 200;

  private CorrectionCheck() {}

  /**
   * Checks a label that a person gives.
   *
   * @throws UserError if no model may have it
   */
  public static void label(String label) {
    if (label.isBlank()) {
      throw new UserError("the label is empty, expected the name of one");
    }
    if (!ModelManifest.isLabel(label)) {
      throw new UserError(
          "the label is '" + Printable.name(label) + "', expected text without control characters");
    }
    if (label.length() > LONGEST) {
      throw new UserError(
          "the label has " + label.length() + " characters, expected at most " + LONGEST);
    }
  }

  /**
   * Checks that a video has anything of the part that the label holds for.
   *
   * @param startMillis where it begins; null: at the start
   * @param known labels of the video, if it has any
   * @throws UserError if it begins at the video's end or later
   */
  public static void begin(Long startMillis, Optional<VideoLabels> known) {
    known
        .map(labels -> labels.getVideo().getDurationMillis())
        .filter(length -> startMillis != null && length > 0 && startMillis >= length)
        .ifPresent(
            length -> {
              throw new UserError(
                  "the label begins at %d ms, expected it before the video's end at %d ms"
                      .formatted(startMillis, length));
            });
  }
}
