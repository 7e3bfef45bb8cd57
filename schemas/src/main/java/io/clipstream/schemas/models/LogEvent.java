package io.clipstream.schemas.models;

/**
 * What happened to a topic of the model log, in the order of its offsets.
 *
 * @param <T> the records
 */
public sealed interface LogEvent<T> {
  /** The key has this value now. */
  record Put<T>(String key, T value, int partition, long offset) implements LogEvent<T> {}

  /** The key has no value now. */
  record Deleted<T>(String key, int partition, long offset) implements LogEvent<T> {}

  /** A record that is none of the topic's was left out; the key keeps the value it had. */
  record Skipped<T>(String key, int partition, long offset, String reason) implements LogEvent<T> {}

  /** The topic was cut or made anew: what was known is void, what it holds now follows. */
  record Restarted<T>() implements LogEvent<T> {}
}
