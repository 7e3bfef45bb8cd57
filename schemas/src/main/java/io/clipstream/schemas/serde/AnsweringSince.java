package io.clipstream.schemas.serde;

import java.net.URI;
import java.time.Duration;

/**
 * Since when each registry has answered, without a failure between. Of the whole process: clients
 * come and go with what uses them, and one that is new must not take the registry for new. All
 * threads.
 */
final class AnsweringSince {
  /** Far more than a process has registries; of one that is forgotten it begins anew. */
  private static final int REMEMBERED = 100;

  /** In nanoseconds of {@link System#nanoTime}. */
  private static final BoundedCache<URI, Long> SINCE = new BoundedCache<>(REMEMBERED);

  private AnsweringSince() {}

  static void answered(URI registry) {
    if (SINCE.get(registry) == null) {
      SINCE.put(registry, System.nanoTime());
    }
  }

  static void failed(URI registry) {
    SINCE.remove(registry);
  }

  /** Nothing for one that did not answer, or failed last. */
  static Duration time(URI registry) {
    Long since = SINCE.get(registry);
    return since == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since);
  }
}
