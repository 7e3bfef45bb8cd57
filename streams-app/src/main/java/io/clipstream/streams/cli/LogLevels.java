package io.clipstream.streams.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** How much is logged, where that is not as {@code logback.xml} says. */
enum LogLevels {
  /** {@code --debug}: our own log in full, and what Kafka's clients say. */
  DEBUG("DEBUG", "INFO"),
  /** {@code run}: as {@code logback.xml} says. */
  SERVICE(null, null),
  /** Other commands: what goes wrong. */
  COMMAND("WARN", "ERROR");

  /** The files that {@code logback.xml} chooses from. */
  private static final List<String> FORMATS = List.of("text", "json");

  private static final List<String> KAFKA =
      List.of("org.apache.kafka", "kafka", "state.change.logger");

  private final String own;
  private final String kafka;

  LogLevels(String own, String kafka) {
    this.own = own;
    this.kafka = kafka;
  }

  /**
   * What is wrong with the form that {@code logback.xml} takes from the environment, one line, if
   * anything.
   *
   * @param format null: not set
   */
  static Optional<String> formatProblem(String format) {
    return format == null || FORMATS.contains(format)
        ? Optional.empty()
        : Optional.of(
            "CLIPSTREAM_LOG_FORMAT is '" + format + "', expected " + String.join(" or ", FORMATS));
  }

  /** Sets the levels of this process. */
  void apply(String fromEnvironment) {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      apply(context, fromEnvironment);
    }
  }

  /**
   * Sets the levels.
   *
   * @param fromEnvironment the level that the user set, or null; wins over a command's own
   */
  void apply(LoggerContext context, String fromEnvironment) {
    if (this == SERVICE) {
      return;
    }
    if (this == DEBUG || fromEnvironment == null) {
      context.getLogger("io.clipstream").setLevel(Level.toLevel(own));
    }
    KAFKA.forEach(name -> context.getLogger(name).setLevel(Level.toLevel(kafka)));
  }
}
