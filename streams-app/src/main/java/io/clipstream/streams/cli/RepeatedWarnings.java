package io.clipstream.streams.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/**
 * Lets each warning of Kafka's clients pass once every {@value #QUIET_SECONDS} s, whichever client
 * and node it is of: while brokers are away, each client of each thread warns several times a
 * second. Passes all where Kafka's INFO is logged, as with {@code --debug}. For an appender of
 * {@code logback.xml}; all threads.
 */
public final class RepeatedWarnings extends Filter<ILoggingEvent> {
  static final int QUIET_SECONDS = 30;
  private static final int KINDS = 500;
  private static final String KAFKA = "org.apache.kafka";

  /** Kafka puts the client before its message: {@code [Producer clientId=a-1] Connection ...}. */
  private static final Pattern CLIENT = Pattern.compile("^(\\[[^]]*] ?)+");

  /** When each kind passed last, in milliseconds; the eldest are forgotten. */
  private final Map<String, Long> passed =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > KINDS;
        }
      };

  @Override
  public FilterReply decide(ILoggingEvent event) {
    if (!event.getLoggerName().startsWith(KAFKA)
        || !event.getLevel().isGreaterOrEqual(Level.WARN)
        || isDetailed()) {
      return FilterReply.NEUTRAL;
    }
    String kind = event.getLoggerName() + ' ' + CLIENT.matcher(event.getMessage()).replaceFirst("");
    synchronized (passed) {
      Long before = passed.get(kind);
      if (before != null && event.getTimeStamp() - before < QUIET_SECONDS * 1000L) {
        return FilterReply.DENY;
      }
      passed.remove(kind); // It becomes the youngest.
      passed.put(kind, event.getTimeStamp());
    }
    return FilterReply.NEUTRAL;
  }

  private static boolean isDetailed() {
    return LoggerFactory.getLogger(KAFKA) instanceof Logger logger && logger.isInfoEnabled();
  }
}
