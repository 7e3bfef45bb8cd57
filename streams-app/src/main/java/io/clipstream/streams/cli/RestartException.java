package io.clipstream.streams.cli;

import io.clipstream.model.UserError;
import io.clipstream.schemas.serde.RegistryRefusedException;
import io.clipstream.streams.app.KafkaProblem;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;

/**
 * The service ended by what may be over when it is started again, such as brokers that are away or
 * a device that was lost; nobody need mend its settings.
 */
final class RestartException extends RuntimeException {
  /** {@code EX_TEMPFAIL} of BSD's {@code sysexits.h}: a supervisor should try again. */
  static final int EXIT_CODE = 75;

  private static final long serialVersionUID = 1;

  private RestartException(String message, Throwable cause) {
    super(message, cause);
  }

  /** What to throw for the failure of a service that ran, named by its innermost cause. */
  static RuntimeException ended(Throwable failure) {
    List<Throwable> chain = chain(failure);
    Throwable innermost = chain.get(chain.size() - 1);
    String message =
        "the application ended: "
            + (innermost.getMessage() == null ? innermost.toString() : innermost.getMessage());
    return chain.stream().anyMatch(RestartException::needsMending)
        ? new UserError(message, failure)
        : new RestartException(message, failure);
  }

  /** What to throw for a start that failed: the same error, or this where it was about time. */
  static RuntimeException notStarted(UserError failure) {
    boolean passing =
        chain(failure).stream()
                .anyMatch(e -> e instanceof TimeoutException || e instanceof RetriableException)
            || KafkaProblem.isUnresolved(failure);
    return passing ? new RestartException(failure.getMessage(), failure) : failure;
  }

  private static boolean needsMending(Throwable error) {
    return error instanceof UserError
        || error instanceof RegistryRefusedException
        || error instanceof MissingSourceTopicException
        || error instanceof AuthenticationException
        || error instanceof AuthorizationException;
  }

  private static List<Throwable> chain(Throwable error) {
    return Stream.iterate(error, Objects::nonNull, Throwable::getCause).limit(20).toList();
  }
}
