package io.clipstream.model.fetch;

import java.time.Duration;
import java.util.Optional;

/** What came of fetching one file. Trouble that is not the file's fault is an exception instead. */
public sealed interface FetchResult {

  /**
   * The bytes are a local file now.
   *
   * @param file owned by the receiver, which closes it
   */
  record Fetched(LocalFile file) implements FetchResult {}

  /**
   * The file could not be had, and asking again would not help.
   *
   * @param detail one plain sentence; query strings and user names are masked in it
   * @param attempts how often it was tried, 0 when the reference alone was reason enough
   */
  record Rejected(FetchReason reason, String detail, int attempts) implements FetchResult {}

  /**
   * The file could not be had now, and it may not be the file's fault. Only {@link
   * FileFetcher#tryFetch} answers so.
   *
   * @param fault not {@link Fault#FILE}
   * @param reason if it is to be rejected in the end
   * @param detail as that of {@link Rejected}
   * @param problem the same without the file's address, for what is told of others of its origin
   * @param attempts how often it was tried
   * @param retryAfter when the server wants to be asked again at the earliest, not negative
   * @param elsewhere another origin that is to blame, which the address led to
   */
  record Unavailable(
      Fault fault,
      FetchReason reason,
      String detail,
      String problem,
      int attempts,
      Optional<Duration> retryAfter,
      Optional<Origin> elsewhere)
      implements FetchResult {
    /** Of the address's own origin. */
    public Unavailable(
        Fault fault,
        FetchReason reason,
        String detail,
        String problem,
        int attempts,
        Optional<Duration> retryAfter) {
      this(fault, reason, detail, problem, attempts, retryAfter, Optional.empty());
    }

    public Unavailable {
      if (fault == Fault.FILE) {
        throw new IllegalArgumentException("a file's own fault rejects it");
      }
    }
  }
}
