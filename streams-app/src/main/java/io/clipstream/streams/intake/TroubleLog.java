package io.clipstream.streams.intake;

import io.clipstream.model.fetch.Origin;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line when a circuit opens and one when it closes; while more than {@value #MOST} are open,
 * further ones are debugging's. Guarded by the room's lock.
 */
final class TroubleLog {
  static final int MOST = 50;
  private static final Logger log = LoggerFactory.getLogger(TroubleLog.class);

  private static final long BETWEEN_TOLD = Duration.ofSeconds(30).toNanos();

  private final Set<Origin> open = new HashSet<>();

  private boolean everToldFiles;
  private boolean filesTold;
  private long filesToldAt;

  void opened(Origin origin, String problem, long pause) {
    if (open.size() < MOST) {
      open.add(origin);
      log.warn(
          "{} is out of order, its videos wait: {}; it is tried again in {}",
          origin,
          problem,
          time(pause));
    } else {
      log.debug("{} is out of order, its videos wait: {}", origin, problem);
    }
  }

  void closed(Origin origin, long nanos, int waiting) {
    if (open.remove(origin)) {
      log.info("{} works again after {}, {} of its videos go on", origin, time(nanos), waiting);
    } else {
      log.debug("{} works again after {}", origin, time(nanos));
    }
  }

  /** Nothing waits for it any more. */
  void forgotten(Origin origin) {
    open.remove(origin);
  }

  /** Where there are just too few of them, they come and go by the second. */
  void outOfFiles(String problem, long now) {
    filesTold = !everToldFiles || now - filesToldAt >= BETWEEN_TOLD;
    if (filesTold) {
      everToldFiles = true;
      filesToldAt = now;
      log.warn("All videos wait, and are tried again every second: {}", problem);
    }
  }

  void filesAgain() {
    if (filesTold) {
      log.info("There are file descriptors again, videos go on");
    }
  }

  /** "1 s", "90 s", "6 h". */
  static String time(long nanos) {
    Duration time = Duration.ofNanos(nanos);
    if (time.compareTo(Duration.ofHours(2)) >= 0) {
      return time.toHours() + " h";
    }
    return time.compareTo(Duration.ofMinutes(5)) >= 0
        ? time.toMinutes() + " min"
        : Math.max(1, time.toSeconds()) + " s";
  }
}
