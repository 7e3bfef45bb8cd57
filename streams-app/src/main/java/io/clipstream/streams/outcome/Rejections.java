package io.clipstream.streams.outcome;

import io.clipstream.model.Printable;
import io.clipstream.model.clip.DecodeReason;
import io.clipstream.model.fetch.FetchReason;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Makes rejections, and puts each stage's own reasons into the topic's closed list. */
public final class Rejections {
  /** Longest detail in UTF-16 units; a detail is one line for people, not a dump. */
  static final int MAX_DETAIL = 500;

  private Rejections() {}

  /** The reason of the same name. */
  public static RejectionReason of(FetchReason reason) {
    return RejectionReason.valueOf(reason.name());
  }

  /** The reason of the same name. */
  public static RejectionReason of(DecodeReason reason) {
    return RejectionReason.valueOf(reason.name());
  }

  /**
   * The outcome of a reference that gets no labels.
   *
   * @param detail what was found and what was expected; kept to one line of {@value #MAX_DETAIL}
   *     characters
   * @param attempts how often the step that failed was tried; at least 1 is recorded
   */
  public static Outcome.Rejected reject(
      VideoReference reference, RejectionReason reason, String detail, int attempts) {
    return new Outcome.Rejected(
        RejectedVideo.newBuilder()
            .setReference(reference)
            .setReason(reason)
            .setDetail(oneLine(detail))
            .setAttempts(Math.max(1, attempts))
            .setRejectedAt(Instant.now().truncatedTo(ChronoUnit.MILLIS))
            .build());
  }

  private static String oneLine(String detail) {
    String line = Printable.of(detail.replaceAll("\\s+", " ").strip());
    return line.length() <= MAX_DETAIL ? line : line.substring(0, MAX_DETAIL - 1) + "…";
  }
}
