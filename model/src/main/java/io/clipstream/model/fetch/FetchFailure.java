package io.clipstream.model.fetch;

import java.time.Duration;
import java.util.Optional;

/**
 * One attempt failed, and the file, the way to it or this process is to blame. Carries no stack
 * trace: it is data.
 */
final class FetchFailure extends Exception {
  private static final long serialVersionUID = 1L;

  /** Details may repeat what a server said: it must not fill logs or records. */
  private static final int LONGEST_DETAIL = 1000;

  private final FetchReason reason;
  private final Fault fault;
  private final boolean worthRetrying;
  private final transient Optional<Duration> retryAfter;

  /** Where it failed, if that is not where the address itself leads. */
  private final transient Optional<HttpTarget> elsewhere;

  private FetchFailure(
      FetchReason reason,
      String detail,
      Fault fault,
      boolean worthRetrying,
      Optional<Duration> retryAfter) {
    this(reason, detail, fault, worthRetrying, retryAfter, Optional.empty());
  }

  private FetchFailure(
      FetchReason reason,
      String detail,
      Fault fault,
      boolean worthRetrying,
      Optional<Duration> retryAfter,
      Optional<HttpTarget> elsewhere) {
    super(UriLabel.printable(detail, LONGEST_DETAIL), null, false, false);
    this.reason = reason;
    this.fault = fault;
    this.worthRetrying = worthRetrying;
    this.retryAfter = retryAfter;
    this.elsewhere = elsewhere;
  }

  /** The same, met where a redirect led to. */
  FetchFailure at(HttpTarget redirected) {
    return new FetchFailure(
        reason, getMessage(), fault, worthRetrying, retryAfter, Optional.of(redirected));
  }

  /** The file's: another attempt would only repeat it. */
  static FetchFailure lasting(FetchReason reason, String detail) {
    return new FetchFailure(reason, detail, Fault.FILE, false, Optional.empty());
  }

  /** The file's, if it is the same in the next attempts. */
  static FetchFailure ofFile(FetchReason reason, String detail) {
    return new FetchFailure(reason, detail, Fault.FILE, true, Optional.empty());
  }

  /** The file's or its origin's, and it may be gone by the next attempt. */
  static FetchFailure passing(FetchReason reason, String detail) {
    return new FetchFailure(reason, detail, Fault.EITHER, true, Optional.empty());
  }

  /** The file's or its origin's, and no time is left for another attempt. */
  static FetchFailure tooSlow(String detail) {
    return new FetchFailure(
        FetchReason.FETCH_TIMEOUT, detail, Fault.EITHER, false, Optional.empty());
  }

  /** The origin's, for any file of it; it may be gone by the next attempt. */
  static FetchFailure ofOrigin(FetchReason reason, String detail) {
    return ofOrigin(reason, detail, Optional.empty());
  }

  /** As the other, with the pause that the server asked for, if it did. */
  static FetchFailure ofOrigin(FetchReason reason, String detail, Optional<Duration> retryAfter) {
    return new FetchFailure(reason, detail, Fault.ORIGIN, true, retryAfter);
  }

  /** The origin's, and only its owner can mend it. */
  static FetchFailure ofOriginLasting(FetchReason reason, String detail) {
    return new FetchFailure(reason, detail, Fault.ORIGIN, false, Optional.empty());
  }

  /** This process's: no file descriptor is left. */
  static FetchFailure ofInstance(String detail) {
    return new FetchFailure(
        FetchReason.FETCH_FAILED, detail, Fault.INSTANCE, true, Optional.empty());
  }

  FetchReason reason() {
    return reason;
  }

  Fault fault() {
    return fault;
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

  /**
   * This failure, handed back.
   *
   * @param label of the file's address, as details begin with it
   */
  FetchResult.Unavailable unavailable(String label, int attempts) {
    String problem = detail();
    String own = elsewhere.map(HttpTarget::label).orElse(label);
    if (problem.startsWith(own)) {
      problem = problem.substring(own.length()).replaceFirst("^:? ", "");
    } else if (problem.contains("://")) {
      problem =
          "it cannot be reached"; // It names another address, which is nobody else's business.
    }
    return new FetchResult.Unavailable(
        fault,
        reason,
        detail(),
        problem,
        attempts,
        retryAfter.map(pause -> pause.isNegative() ? Duration.ZERO : pause),
        elsewhere.map(Origin::of));
  }
}
