package io.clipstream.streams.topology;

/** Which time stamp outcomes and dead letters get. Retention deletes by it. */
public enum OutcomeTimestamp {
  /** When it is written: labels of an old reference are kept as long as any others. */
  NOW,
  /** The reference's: for joins and windows over the time at which videos came in. */
  REFERENCE
}
