package io.clipstream.model.clip;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The pictures of a test's file, as the network would get them. */
final class DecodedPictures {
  private DecodedPictures() {}

  /** Clips of one picture, all of it, as it is. */
  static ClipSpec whole(int width, int height) {
    List<Float> zero = List.of(0f, 0f, 0f);
    List<Float> one = List.of(1f, 1f, 1f);
    CropSize all = new CropSize(height, width);
    return new ClipSpec(
        1, 0, 1, Math.min(width, height), all, false, zero, one, Protocol.TORCHVISION);
  }

  /**
   * Decodes.
   *
   * @param pictures gets the pixels of each clip
   */
  static DecodeResult decode(Path file, ClipSpec spec, Sampling sampling, List<ByteBuffer> pictures)
      throws Exception {
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), 4L * spec.clipBytes());
    return new VideoDecoder(spec, DecodeLimits.defaults(), buffers)
        .decode(
            file,
            sampling,
            Optional.empty(),
            clip -> {
              try (clip) {
                pictures.add(ByteBuffer.allocate(spec.clipBytes()).put(clip.pixels()).flip());
              }
            });
  }
}
