package io.clipstream.streams.live.rollout;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import org.apache.kafka.common.utils.Utils;

/**
 * Which keys the canary of a model labels. Every key has a place in 0 to 1 that depends on the
 * model's name and the key alone, not on instance, time or share: a key that the canary has at 5 %
 * it has at 10 % too. Any thread.
 */
public final class CanaryShare {
  private static final double PLACES = 1L << 32;

  private final byte[] salt;

  /**
   * @param model name of the model; each has other keys first
   */
  public CanaryShare(String model) {
    salt = model.getBytes(UTF_8);
  }

  /**
   * Whether the canary labels this record.
   *
   * @param key the record's key as bytes; null: {@code videoId} stands for it
   * @param share 0: no key, 1: every key
   */
  public boolean takes(byte[] key, String videoId, double share) {
    return place(key == null ? videoId.getBytes(UTF_8) : key) < share;
  }

  /** The key's place, at least 0 and below 1: Kafka's murmur2 of salt, a zero byte and key. */
  double place(byte[] key) {
    byte[] salted =
        ByteBuffer.allocate(salt.length + 1 + key.length).put(salt).put((byte) 0).put(key).array();
    return Integer.toUnsignedLong(Utils.murmur2(salted)) / PLACES;
  }
}
