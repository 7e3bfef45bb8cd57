package io.clipstream.streams.app;

import io.clipstream.schemas.serde.RegistryClient;
import io.clipstream.schemas.serde.RegistryConfig;
import io.clipstream.schemas.serde.RegistryRefusedException;
import io.clipstream.schemas.serde.SchemaNotYetKnownException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.config.ConfigException;

/**
 * Asks the schema registry every {@value #SECONDS} seconds whether it is there, on a thread of its
 * own. One that is reached as only another serde knows how is taken to be there.
 *
 * <p>All threads, except starting and closing.
 */
final class RegistryProbe implements AutoCloseable {
  private static final int SECONDS = 5;
  private static final String MILLIS = "3000";

  /** Any will do: that it is not there is an answer, too. */
  private static final String SUBJECT = "clipstream-probe";

  private final Map<String, String> serde;
  private final ScheduledExecutorService thread;

  /** Null until it begins to ask, and if it cannot. */
  private RegistryClient client;

  private volatile Optional<String> problem = Optional.of("the registry was not asked yet");

  /**
   * @param serde settings of the serde
   */
  RegistryProbe(Map<String, String> serde) {
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread made = new Thread(work, "registry-probe");
              made.setDaemon(true);
              return made;
            });
    this.serde = new HashMap<>(serde);
    this.serde.put("max.retries", "0");
    this.serde.put("http.connect.timeout.ms", MILLIS);
    this.serde.put("http.read.timeout.ms", MILLIS);
  }

  /** Begins to ask. Once. */
  void start() {
    try {
      client = RegistryClient.shared(RegistryConfig.from(serde));
    } catch (ConfigException e) {
      problem = Optional.empty();
      return;
    }
    var unused =
        thread.scheduleWithFixedDelay(() -> problem = ask(client), 0, SECONDS, TimeUnit.SECONDS);
  }

  /** Why it is not there, in one line; empty: it is. */
  Optional<String> problem() {
    return problem;
  }

  private static Optional<String> ask(RegistryClient registry) {
    try {
      registry.latest(SUBJECT);
      return Optional.empty();
    } catch (RegistryRefusedException | SchemaNotYetKnownException e) {
      return Optional.empty();
    } catch (RuntimeException e) {
      return Optional.of(e.getMessage());
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    if (client != null) {
      client.close();
    }
  }
}
