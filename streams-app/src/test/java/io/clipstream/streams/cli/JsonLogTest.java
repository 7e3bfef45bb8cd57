package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.JoranException;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.status.StatusUtil;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.helpers.BasicMDCAdapter;

/** The log in {@code logback.xml}'s other form. */
class JsonLogTest {
  @Test
  void shouldWriteAnObjectWithTheVideosId() throws Exception {
    LoggerContext context = configured("json");
    ConsoleAppender<ILoggingEvent> appender =
        (ConsoleAppender<ILoggingEvent>)
            context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("STDERR");

    context.getMDCAdapter().put("video", "a \"b\"\n{}");
    LoggingEvent event =
        new LoggingEvent(
            "",
            context.getLogger("io.clipstream.streams.classify.ClipCutter"),
            Level.ERROR,
            "The decoder failed on {}",
            new IllegalStateException("why"),
            new Object[] {"c"});
    String line = new String(appender.getEncoder().encode(event), StandardCharsets.UTF_8);

    assertThat(line).endsWith("\n").containsOnlyOnce("\n");
    JsonNode read = new ObjectMapper().readTree(line);
    assertThat(read.get("level").asText()).isEqualTo("ERROR");
    assertThat(read.get("loggerName").asText()).endsWith("ClipCutter");
    assertThat(read.get("formattedMessage").asText()).isEqualTo("The decoder failed on c");
    assertThat(read.get("mdc").get("video").asText()).isEqualTo("a \"b\"\n{}");
    assertThat(read.get("throwable").get("message").asText()).isEqualTo("why");
    assertThat(read.get("timestamp").asLong()).isPositive();
    context.stop();
  }

  /** Logback writes what it warns of itself, all its steps with it, to standard output. */
  @ParameterizedTest
  @ValueSource(strings = {"text", "json"})
  void shouldGiveLogbackNothingToWarnOf(String format) throws Exception {
    LoggerContext context = configured(format);
    assertThat(new StatusUtil(context).getHighestLevel(0)).isLessThan(Status.WARN);
    context.stop();
  }

  private static LoggerContext configured(String format) throws JoranException {
    LoggerContext context = new LoggerContext();
    context.setMDCAdapter(new BasicMDCAdapter());
    context.putProperty("CLIPSTREAM_LOG_FORMAT", format);
    JoranConfigurator file = new JoranConfigurator();
    file.setContext(context);
    file.doConfigure(JsonLogTest.class.getResource("/logback.xml"));
    return context;
  }

  @Test
  void shouldRefuseAFormThatThereIsNot() {
    assertThat(LogLevels.formatProblem(null)).isEmpty();
    assertThat(LogLevels.formatProblem("json")).isEmpty();
    assertThat(LogLevels.formatProblem("JSON"))
        .hasValue("CLIPSTREAM_LOG_FORMAT is 'JSON', expected text or json");
  }
}
