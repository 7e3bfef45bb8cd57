package io.clipstream.model.artifact;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.ClipSpec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/**
 * What a network gave for one clip when its artifact was made, in the artifact ({@code
 * extra/golden.json}): wherever it is loaded later, it gives the same.
 *
 * @param seed of the clip's pixels
 * @param logits K outputs of the network
 */
public record Golden(long seed, List<Float> logits) {
  public Golden {
    logits = List.copyOf(logits);
    if (logits.isEmpty() || !logits.stream().allMatch(Float::isFinite)) {
      throw new UserError(
          "the golden outputs of a network are "
              + logits
              + ", expected finite numbers, one or more");
    }
  }

  /** The clip: random bytes, RGB uint8 {@code [T, H, W, 3]}, the same on every machine. */
  public static ByteBuffer pixels(long seed, ClipSpec clip) {
    byte[] pixels = new byte[clip.clipBytes()];
    new Random(seed).nextBytes(pixels);
    return ByteBuffer.wrap(pixels);
  }
}
