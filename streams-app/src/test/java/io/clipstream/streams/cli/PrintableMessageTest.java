package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PrintableMessageTest {
  @Test
  void shouldNotLetRecordsMoveTheCursorOrForgeLines() throws Exception {
    LoggerContext context = new LoggerContext();
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(Clipstream.class.getResource("/logback.xml"));
    OutputStreamAppender<ILoggingEvent> appender =
        (OutputStreamAppender<ILoggingEvent>) context.getLogger("ROOT").getAppender("STDERR");

    byte[] line =
        appender
            .getEncoder()
            .encode(
                new LoggingEvent(
                    "",
                    context.getLogger("a.Follower"),
                    Level.WARN,
                    "its key is '{}', expected a",
                    null,
                    new Object[] {"\u001b[2Jx\n12:00:00.000 ERROR Follower: é"}));

    assertThat(new String(line, StandardCharsets.UTF_8))
        .matches(
            "\\d\\d:\\d\\d:\\d\\d\\.\\d{3} WARN  Follower: its key is '\\\\u001b\\[2Jx\n"
                + "    12:00:00\\.000 ERROR Follower: é', expected a\n");
  }
}
