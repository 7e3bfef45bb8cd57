package io.clipstream.streams.ingest;

import java.time.Duration;
import java.util.Optional;

/**
 * One attempt failed and the video, or the way to it, is to blame. Carries no stack trace: it is
 * data.
 */
final class FetchFailure extends Exception {
  private static final long serialVersionUID = 1L;

  /** Details may repeat what a server said: it must not fill logs or records. */
  private static final int LONGEST_DETAIL = 1000;

  private final FetchReason reason;
  private final boolean worthRetrying;
  private final transient Optional<Duration> retryAfter;

  private FetchFailure(
      FetchReason reason, String detail, boolean worthRetrying, Optional<Duration> retryAfter) {
    super(UriLabel.printable(detail, LONGEST_DETAIL), null, false, false);
    this.reason = reason;
    this.worthRetrying = worthRetrying;
    this.retryAfter = retryAfter;
  }

  /** A failure that another attempt would only repeat. */
  static FetchFailure lasting(FetchReason reason, String detail) {
    return new FetchFailure(reason, detail, false, Optional.empty());
  }

  /** A failure that may be gone by the next attempt. */
  static FetchFailure passing(FetchReason reason, String detail) {
    return new FetchFailure(reason, detail, true, Optional.empty());
  }

  /** As {@link #passing}, with the pause the server asked for, if it did. */
  static FetchFailure passing(FetchReason reason, String detail, Optional<Duration> retryAfter) {
    return new FetchFailure(reason, detail, true, retryAfter);
  }

  FetchReason reason() {
    return reason;
  }

  String detail() {
    return getMessage();
  }

  boolean worthRetrying() {
    return worthRetrying;
  }

  Optional<Duration> retryAfter() {
    return retryAfter;
  }
}
