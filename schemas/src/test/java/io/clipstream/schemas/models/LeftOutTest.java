package io.clipstream.schemas.models;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;

class LeftOutTest {
  @Test
  void shouldTellTheFirstFewAlone() {
    LoggerContext context = new LoggerContext();
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.setContext(context);
    lines.start();
    Logger log = context.getLogger("a");
    log.setLevel(Level.INFO);
    log.addAppender(lines);
    LeftOut leftOut = new LeftOut(log);

    for (int i = 0; i < 1000; i++) {
      leftOut.add("at offset " + i + " of t-0", "it has no key");
    }

    assertThat(lines.list).hasSize(LeftOut.TOLD + 1);
    assertThat(lines.list.get(0).getFormattedMessage())
        .isEqualTo("Record at offset 0 of t-0 is left out: it has no key");
    assertThat(lines.list.get(LeftOut.TOLD).getFormattedMessage())
        .isEqualTo("More records that are left out are logged at DEBUG");
  }
}
