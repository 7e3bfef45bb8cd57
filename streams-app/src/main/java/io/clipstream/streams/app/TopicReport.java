package io.clipstream.streams.app;

import java.util.List;

/**
 * What became of a topic.
 *
 * @param partitions it has, or would have
 * @param replicas of each partition: the fewest there are, or would be
 * @param cleanup its {@code cleanup.policy}
 * @param faults in what it differs, or why it was refused; else empty
 */
public record TopicReport(
    String topic, State state, int partitions, int replicas, String cleanup, List<String> faults) {

  /** How a topic was found, or what was done. */
  public enum State {
    /** It is there as it is needed. */
    EXISTS,
    MADE,
    /** It would have been made. */
    MISSING,
    /** It is there, with settings that would lose records or stop an instance. */
    DIFFERS,
    /** The brokers did not make it. */
    REFUSED
  }

  public TopicReport {
    faults = List.copyOf(faults);
  }

  /** Whether it is, or would be, as it is needed. */
  public boolean good() {
    return faults.isEmpty();
  }
}
