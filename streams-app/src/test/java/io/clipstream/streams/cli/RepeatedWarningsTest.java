package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import org.junit.jupiter.api.Test;

class RepeatedWarningsTest {
  private static final String CLIENT = "org.apache.kafka.clients.NetworkClient";
  private final RepeatedWarnings filter = new RepeatedWarnings();
  private final LoggerContext context = new LoggerContext();

  @Test
  void shouldPassAWarningOfAllClientsOnceInAWhile() {
    int passed = 0;
    for (int millis = 0; millis < 60_000; millis += 100) {
      String client = "[Producer clientId=a-" + millis % 7 + "] ";
      if (passes(CLIENT, Level.WARN, client + "Connection to node {} lost.", millis)) {
        passed++;
      }
    }
    assertThat(passed).isEqualTo(2);
    assertThat(passes(CLIENT, Level.WARN, "[Producer clientId=a-1] Another.", 60_000)).isTrue();
  }

  @Test
  void shouldPassEverythingElse() {
    for (int i = 0; i < 3; i++) {
      assertThat(passes("io.clipstream.streams.app.LabelApp", Level.WARN, "It failed", i)).isTrue();
      assertThat(passes(CLIENT, Level.INFO, "Connected", i)).isTrue();
    }
  }

  @Test
  void shouldForgetTheEldestKinds() {
    for (int i = 0; i < 2_000; i++) {
      assertThat(passes(CLIENT, Level.WARN, "kind " + i, i)).isTrue();
    }
    assertThat(passes(CLIENT, Level.WARN, "kind 1999", 2_000)).isFalse();
    assertThat(passes(CLIENT, Level.WARN, "kind 0", 2_000)).isTrue();
  }

  private boolean passes(String logger, Level level, String message, long millis) {
    LoggingEvent event =
        new LoggingEvent("", context.getLogger(logger), level, message, null, null);
    event.setTimeStamp(millis);
    return filter.decide(event) != FilterReply.DENY;
  }
}
