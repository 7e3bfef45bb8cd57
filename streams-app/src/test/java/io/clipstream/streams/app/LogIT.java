package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.joran.spi.JoranException;
import io.clipstream.streams.cli.RepeatedWarnings;
import io.clipstream.streams.topology.InstantLabeller;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What an instance logs, with the levels and the filter of {@code logback.xml}. */
@Timeout(900)
class LogIT {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final Logger ROOT = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);

  @TempDir Path directory;
  private final Lines lines = new Lines();
  private Cluster cluster;

  /** Warnings of the instance, not of the broker in the same process. */
  private static final class Lines extends AppenderBase<ILoggingEvent> {
    final List<String> warnings = new CopyOnWriteArrayList<>();
    private final LoggerContext shown = new LoggerContext();

    /** Tests may log more than an instance: levels are those of the file. */
    void readLevels() throws JoranException {
      JoranConfigurator file = new JoranConfigurator();
      file.setContext(shown);
      file.doConfigure(LogIT.class.getResource("/logback.xml"));
    }

    @Override
    protected void append(ILoggingEvent event) {
      String logger = event.getLoggerName();
      if (event.getLevel().isGreaterOrEqual(shown.getLogger(logger).getEffectiveLevel())
          && event.getLevel().isGreaterOrEqual(Level.WARN)
          && (logger.startsWith("io.clipstream")
              || logger.startsWith("org.apache.kafka.clients")
              || logger.startsWith("org.apache.kafka.streams"))) {
        warnings.add(logger + " " + event.getFormattedMessage());
      }
    }
  }

  @BeforeEach
  void start() throws Exception {
    lines.readLevels();
    cluster = new Cluster(directory);
    lines.addFilter(new RepeatedWarnings());
    lines.setContext(ROOT.getLoggerContext());
    lines.start();
  }

  @AfterEach
  void stop() {
    ROOT.detachAppender(lines);
    cluster.close();
  }

  @Test
  void shouldLogNoWarningInAnOrdinaryRun() throws Exception {
    run(); // Topics that were just made have partitions without a leader, which clients warn of.
    ROOT.addAppender(lines);
    run();
    assertThat(lines.warnings).isEmpty();
  }

  private void run() throws Exception {
    cluster.produce(100);
    try (LabelApp app = cluster.start("app", new InstantLabeller(5))) {
      cluster.produce(200);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(app.exit()).isNotDone();
    }
  }

  @Test
  void shouldLogALineEverySoOftenWhileTheBrokerIsAway() throws Exception {
    try (LabelApp app = cluster.start("app", new InstantLabeller(5))) {
      cluster.produce(100);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      ROOT.addAppender(lines);
      cluster.stopBroker();
      long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
      cluster.readUntil(LIMIT, () -> System.nanoTime() > end);
      assertThat(lines.warnings).isNotEmpty().hasSizeLessThan(20);

      cluster.startBroker();
      cluster.produce(100);
      cluster.assertOneOutcomeEachInOrder(LIMIT);
      assertThat(app.exit()).isNotDone();
    }
  }
}
