package io.clipstream.streams.live.rollout;

import java.util.Objects;

/**
 * What an instance tells the others: the part of a {@code models.status} record that they decide
 * by.
 *
 * @param serving the version in role {@link Role#ACTIVE}. Null: none yet
 * @param candidate the version that {@code phase} is about. Null: none
 * @param rollout the rollout that the candidate belongs to; 0 without a candidate
 * @param ticket number of the claim on a turn, from 1; 0: none
 * @param turn offset of the record that made the claim; {@link #NONE} in that record, and without
 *     one
 * @param detail one line for people. Null: nothing to say
 */
public record Report(
    Phase phase,
    String serving,
    String candidate,
    long rollout,
    long ticket,
    long turn,
    String detail) {
  /** No offset. */
  public static final long NONE = -1;

  public Report {
    Objects.requireNonNull(phase);
  }
}
