package io.clipstream.schemas.models;

import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;

/** What brokers refuse by their access rules (ACLs): they name topics, and no right. */
public final class Refusals {
  private Refusals() {}

  /**
   * To go behind an error's message: which right was missing, if one was; else empty.
   *
   * @param right that was needed, such as READ
   */
  public static String hint(Throwable error, String right) {
    return error instanceof AuthorizationException
        ? "; the access rules (ACLs) do not allow " + right + " to this user"
        : "";
  }

  /**
   * The same error, or one that says which right was missing where.
   *
   * @param right that was asked for, such as READ
   */
  public static RuntimeException explained(RuntimeException error, String right) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      if (at instanceof TopicAuthorizationException refused) {
        Set<String> topics = new TreeSet<>(refused.unauthorizedTopics());
        return new TopicAuthorizationException(
            "not authorized for " + right + " on topic " + String.join(", ", topics), topics);
      }
    }
    return error;
  }
}
