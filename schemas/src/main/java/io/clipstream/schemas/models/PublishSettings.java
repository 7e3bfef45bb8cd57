package io.clipstream.schemas.models;

/**
 * How artifacts are published.
 *
 * @param chunkBytes largest size of a chunk; smaller ones are made where the topic takes less
 * @param slowestBytesPerSecond the slowest rate at which publishing must still succeed. The
 *     time-out of the transaction follows from it, and how long a publisher that died can hold back
 *     readers of artifacts that others publish after it.
 */
public record PublishSettings(int chunkBytes, long slowestBytesPerSecond) {
  public PublishSettings {
    if (chunkBytes < 1 || chunkBytes > ReleaseRules.MAX_CHUNK_BYTES) {
      throw new IllegalArgumentException(
          "chunkBytes is " + chunkBytes + ", expected 1 to " + ReleaseRules.MAX_CHUNK_BYTES);
    }
    if (slowestBytesPerSecond < 1) {
      throw new IllegalArgumentException(
          "slowestBytesPerSecond is " + slowestBytesPerSecond + ", expected at least 1");
    }
  }

  /**
   * 900 KiB, which fits Kafka's usual limit of 1 MiB; 2 MiB/s, at which 1 GiB takes 9 of the 15
   * minutes that brokers allow by default.
   */
  public static PublishSettings defaults() {
    return new PublishSettings(900 << 10, 2 << 20);
  }
}
