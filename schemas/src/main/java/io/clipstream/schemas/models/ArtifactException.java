package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelRelease;
import java.io.IOException;

/** An artifact cannot be had from the log; the message says why in one line. */
public final class ArtifactException extends IOException {
  private static final long serialVersionUID = 1;

  /** What is wrong. All but the last two stay so until somebody publishes again. */
  public enum Reason {
    /** The partition no longer holds a chunk, or never did. */
    CHUNK_MISSING,
    /** A chunk is not what the release says. */
    CHUNK_ALTERED,
    /** A chunk belongs to another artifact. */
    CHUNK_FOREIGN,
    /** A chunk is shorter than the release says. */
    CHUNK_SHORT,
    /** Every chunk is as the release says, but the whole is not. */
    DIGEST_WRONG,
    /** There is no topic of artifacts, or not the partition that the release names. */
    TOPIC_GONE,
    /** Nothing came for too long. */
    STALLED,
    /** It took too long. */
    TIMED_OUT
  }

  private final Reason reason;

  private ArtifactException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  static ArtifactException of(Reason reason, ModelRelease release, String what) {
    return new ArtifactException(
        reason, "artifact of " + ModelNames.releaseKey(release.getModel()) + ": " + what);
  }

  public Reason reason() {
    return reason;
  }

  /** Whether another attempt, which goes on where this one stopped, may succeed by itself. */
  public boolean isPassing() {
    return reason == Reason.STALLED || reason == Reason.TIMED_OUT;
  }
}
