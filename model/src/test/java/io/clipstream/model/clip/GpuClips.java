package io.clipstream.model.clip;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Clips as bytes, to compare a GPU's with the CPU's. */
final class GpuClips {
  private GpuClips() {}

  /** Eight frames of 112 x 112. */
  static ClipSpec spec(boolean antialias) {
    return new ClipSpec(8, 15, 128, 112, antialias, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
  }

  /**
   * Decodes a file with a decoder of its own.
   *
   * @param clips gets the clips
   */
  static DecodeResult decode(
      ClipSpec spec, GpuDecoding by, Path file, Sampling sampling, List<byte[]> clips)
      throws InterruptedException {
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), new PixelBudget(64 << 20, by));
    VideoDecoder decoder = new VideoDecoder(spec, DecodeLimits.defaults(), buffers, by);
    return decode(decoder, file, sampling, clips);
  }

  /** As the other, with a decoder that is there. */
  static DecodeResult decode(VideoDecoder decoder, Path file, Sampling sampling, List<byte[]> clips)
      throws InterruptedException {
    return decoder.decode(
        file,
        sampling,
        Optional.empty(),
        clip -> {
          try (clip) {
            byte[] bytes = new byte[clip.pixels().remaining()];
            clip.pixels().get(0, bytes);
            clips.add(bytes);
          }
        });
  }
}
