package io.clipstream.model.fetch;

import java.time.Duration;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tries a fetch again as {@link RetryRules} say, until its deadline. All threads. */
final class Retries {
  private static final Logger log = LoggerFactory.getLogger(Retries.class);

  private final RetryRules rules;
  private final FetchClock clock;
  private final DoubleSupplier random;

  /** One attempt, the first being 1. */
  interface Attempt {
    LocalFile run(int attempt) throws FetchFailure, InterruptedException;
  }

  /**
   * @param random 0 to 1, anew each time
   */
  Retries(RetryRules rules, FetchClock clock, DoubleSupplier random) {
    this.rules = rules;
    this.clock = clock;
    this.random = random;
  }

  /**
   * Attempts until one succeeds or no other is worth it, whoever is to blame. Blocks for as long.
   *
   * @param arrived bytes that are here; where they grow from one attempt to the next, attempts are
   *     counted anew. Always 0: attempts are counted whatever came
   * @param open asked after each failure: throws if the fetcher was closed meanwhile
   */
  FetchResult run(Deadline deadline, LongSupplier arrived, Runnable open, Attempt source)
      throws InterruptedException {
    return run(deadline, arrived, open, source, failed -> false, Optional.empty());
  }

  /**
   * As {@link #run}, but hands back at once what another attempt would only wait for: what is not
   * the file's fault, or took its time already.
   *
   * @param label of the file's address, as details begin with it
   */
  FetchResult tryRun(
      Deadline deadline, LongSupplier arrived, Runnable open, Attempt source, String label)
      throws InterruptedException {
    return run(deadline, arrived, open, source, Retries::isForOthers, Optional.of(label));
  }

  private FetchResult run(
      Deadline deadline,
      LongSupplier arrived,
      Runnable open,
      Attempt source,
      Predicate<FetchFailure> handBack,
      Optional<String> label)
      throws InterruptedException {
    long most = arrived.getAsLong();
    int failures = 0;
    for (int attempt = 1; ; attempt++) {
      try {
        return new FetchResult.Fetched(source.run(attempt));
      } catch (FetchFailure failed) {
        open.run();
        if (handBack.test(failed)) {
          return failed.unavailable(label.orElse(""), attempt);
        }
        if (!failed.worthRetrying()) {
          return new FetchResult.Rejected(failed.reason(), failed.detail(), attempt);
        }
        failures = arrived.getAsLong() > most ? 1 : failures + 1;
        most = Math.max(most, arrived.getAsLong());
        boolean last = failures == rules.maxAttempts();
        Duration pause = last ? Duration.ZERO : pause(failed, failures);
        if (last || pause.toNanos() >= deadline.remaining()) {
          if (label.isPresent() && failed.fault() != Fault.FILE) {
            return failed.unavailable(label.get(), attempt);
          }
          String why =
              last ? "after " + attempt + " attempts" : "no time is left for another attempt";
          return rejected(failed, why, attempt);
        }
        log.debug("{}; attempt {} follows in {}", failed.detail(), attempt + 1, pause);
        clock.sleep(pause);
      }
    }
  }

  private static boolean isForOthers(FetchFailure failed) {
    return failed.fault() == Fault.ORIGIN
        || failed.fault() == Fault.INSTANCE
        || (failed.fault() == Fault.EITHER && failed.reason() == FetchReason.FETCH_TIMEOUT);
  }

  private Duration pause(FetchFailure failed, int failures) {
    Duration own = rules.pause(failures, random.getAsDouble());
    Duration asked = failed.retryAfter().orElse(own);
    Duration longest = rules.longestPause();
    Duration longer = asked.compareTo(own) > 0 ? asked : own;
    return longer.compareTo(longest) > 0 ? longest : longer;
  }

  private static FetchResult rejected(FetchFailure failed, String why, int attempts) {
    return new FetchResult.Rejected(failed.reason(), failed.detail() + " (" + why + ")", attempts);
  }
}
