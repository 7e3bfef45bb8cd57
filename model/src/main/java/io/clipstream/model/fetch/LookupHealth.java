package io.clipstream.model.fetch;

import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells a name that does not exist from a name service that is down. Java throws the same for both,
 * and for some seconds repeats it without saying why. So a lookup that fails is the name service's
 * fault if the system says that it is temporary, if the name had an address before, if a name that
 * always has one has none now, or if {@value #MANY} names in a row have none. All threads.
 */
final class LookupHealth {
  /** Different names without an address, and none with one between them. */
  static final int MANY = 3;

  private static final int REMEMBERED = 1000;

  private final Optional<String> probe;
  private final HostLookup lookup;
  private final Set<String> failing = new HashSet<>();
  private final Set<String> temporary = new HashSet<>();
  private final Map<String, Boolean> resolved =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > REMEMBERED;
        }
      };

  /**
   * @param probe a name that always has an address
   */
  LookupHealth(Optional<String> probe, HostLookup lookup) {
    this.probe = probe;
    this.lookup = lookup;
  }

  synchronized void found(String host) {
    failing.clear();
    temporary.clear();
    resolved.put(host, true);
  }

  /** Whether the name service is to blame; may look up the probe. */
  boolean isDown(String host, UnknownHostException failed) {
    String message = String.valueOf(failed.getMessage());
    boolean silent = message.equals(host);
    synchronized (this) {
      if (failing.size() < REMEMBERED) {
        failing.add(host);
      }
      if (message.contains("Temporary failure") || OutOfFiles.isCauseOf(failed)) {
        if (temporary.size() < REMEMBERED) {
          temporary.add(host);
        }
        return true;
      }
      if (!silent) {
        temporary.remove(host);
      }
      if (temporary.contains(host) || resolved.containsKey(host) || failing.size() >= MANY) {
        return true;
      }
    }
    return probe.isPresent() && !probeAnswers();
  }

  private boolean probeAnswers() {
    try {
      return !lookup.lookup(probe.get()).isEmpty();
    } catch (UnknownHostException down) {
      return false;
    }
  }
}
