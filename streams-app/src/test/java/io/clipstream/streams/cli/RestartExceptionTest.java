package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.UserError;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.ClientDnsLookup;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RestartExceptionTest {
  static Stream<Arguments> ends() {
    return Stream.of(
        Arguments.of(
            RestartException.ended(
                new StreamsException("task 0_1", new IllegalStateException("device lost"))),
            75,
            "the application ended: device lost"),
        Arguments.of(
            RestartException.ended(new OutOfMemoryError()),
            75,
            "the application ended: java.lang.OutOfMemoryError"),
        Arguments.of(
            RestartException.ended(
                new StreamsException("task 0_1", new TopicAuthorizationException("no write"))),
            1,
            "the application ended: no write"),
        Arguments.of(
            RestartException.ended(new MissingSourceTopicException("it is gone")),
            1,
            "the application ended: it is gone"),
        Arguments.of(
            RestartException.notStarted(new UserError("no Kafka answers", new TimeoutException())),
            75,
            "no Kafka answers"),
        Arguments.of(
            RestartException.notStarted(
                new UserError(
                    "no Kafka answers",
                    new ExecutionException(
                        new org.apache.kafka.common.errors.TimeoutException("30 s")))),
            75,
            "no Kafka answers"),
        Arguments.of(
            RestartException.notStarted(
                new UserError(
                    "there is no host a",
                    new KafkaException("Failed to create new KafkaAdminClient", unresolved()))),
            75,
            "there is no host a"),
        Arguments.of(
            RestartException.notStarted(new UserError("topic a does not exist")),
            1,
            "topic a does not exist"));
  }

  /** As Kafka's clients say it. */
  private static ConfigException unresolved() {
    try {
      ClientUtils.parseAndValidateAddresses(
          List.of("no.such.host.invalid:9092"), ClientDnsLookup.USE_ALL_DNS_IPS);
      throw new AssertionError("it resolves");
    } catch (ConfigException e) {
      return e;
    }
  }

  @ParameterizedTest
  @MethodSource("ends")
  void shouldTellARestartFromWhatMustBeMended(Exception error, int code, String message) {
    StringWriter err = new StringWriter();

    int given =
        new ErrorReport(() -> false)
            .handleExecutionException(
                error, Clipstream.commandLine().setErr(new PrintWriter(err, true)), null);

    assertThat(given).isEqualTo(code);
    assertThat(err.toString()).isEqualTo("clipstream: " + message + System.lineSeparator());
  }
}
