package io.clipstream.streams.app;

import io.clipstream.model.FileProblem;
import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnsupportedVersionException;

/**
 * What Kafka's exceptions come from. Their own messages are such as {@code Failed to create new
 * KafkaAdminClient}; the innermost cause tells.
 */
public final class KafkaProblem {
  /** Of {@code ClientUtils.parseAndValidateAddresses}, which has no exception of its own for it. */
  private static final String UNRESOLVED = "No resolvable bootstrap urls";

  /** Of a record that was sent together with one that was refused, which is no type of its own. */
  private static final String INVALID_BATCH = "part of a batch which had one more more invalid";

  private KafkaProblem() {}

  /** The innermost cause, and what to look at where that is known; one line. */
  public static String reason(Throwable error) {
    Throwable cause = innermost(error);
    String said =
        cause instanceof ClassNotFoundException
            ? "there is no class "
                + cause.getMessage()
                + " on the class path (more jars go to lib/)"
            : cause instanceof IOException io
                ? FileProblem.line(io)
                : cause.getMessage() == null
                    ? cause.getClass().getSimpleName()
                    : cause.getMessage();
    return said.strip().replaceAll("\\s*\\R\\s*", "; ") + advice(error);
  }

  /**
   * Why no broker answered.
   *
   * @param servers the {@code bootstrap.servers} that were asked
   */
  static String noAnswer(Throwable error, String servers) {
    Throwable innermost = innermost(error);
    return innermost instanceof TimeoutException
            || innermost instanceof java.util.concurrent.TimeoutException
            || isUnresolved(error)
        ? BrokerReach.of(servers)
        : reason(error);
  }

  /** Whether no name of {@code bootstrap.servers} could be looked up, which may pass. */
  public static boolean isUnresolved(Throwable error) {
    return innermost(error) instanceof ConfigException config
        && String.valueOf(config.getMessage()).contains(UNRESOLVED);
  }

  /** Whether a broker refused what a record holds or which time stamp it has. */
  static boolean isRefusedRecord(Throwable error) {
    return causes(error).stream()
        .anyMatch(
            at ->
                at instanceof InvalidTimestampException
                    || at instanceof InvalidRecordException
                    || String.valueOf(at.getMessage()).contains(INVALID_BATCH));
  }

  private static String advice(Throwable error) {
    for (Throwable at : causes(error)) {
      if (at instanceof SaslAuthenticationException) {
        return "; look at the user and password of kafka.sasl.jaas.config";
      }
      if (at instanceof SslAuthenticationException || at instanceof SSLException) {
        return "; look at kafka.security.protocol and kafka.ssl.*: does this port speak TLS, and"
            + " is its certificate trusted?";
      }
      if (at instanceof AuthorizationException) {
        return "; the brokers' access rules (ACLs) do not allow it to this user";
      }
      if (at instanceof UnsupportedVersionException || at instanceof EOFException) {
        return "; look at kafka.security.protocol and the port";
      }
    }
    return "";
  }

  private static Throwable innermost(Throwable error) {
    Throwable last = error;
    for (Throwable at : causes(error)) {
      if (at.getMessage() != null || at instanceof IOException) {
        last = at;
      }
    }
    return last;
  }

  /** The error and its causes, outermost first. */
  private static List<Throwable> causes(Throwable error) {
    return Stream.iterate(error, Objects::nonNull, Throwable::getCause).limit(20).toList();
  }
}
