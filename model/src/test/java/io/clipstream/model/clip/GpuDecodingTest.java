package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without a GPU, or with one that is not there. */
class GpuDecodingTest {
  private static final ClipSpec SPEC = TestVideos.spec(4, 25);

  @TempDir Path folder;

  @Test
  void shouldDecodeOnTheCpuWhereThereIsNoGpu() throws Exception {
    Path file =
        TestVideos.write(
            folder.resolve("v.mp4"), VideoEncoder.Settings.of("libopenh264", 160, 120, 25), 20);
    GpuDecoding none = GpuDecoding.on(List.of(99)); // no driver, or no such GPU
    PixelBudget budget = new PixelBudget(8L * SPEC.clipBytes(), none);
    ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), budget);
    VideoDecoder decoder = new VideoDecoder(SPEC, DecodeLimits.defaults(), buffers, none);

    for (int i = 0; i < 3; i++) {
      DecodeResult result =
          decoder.decode(file, Sampling.views(1, 1), Optional.empty(), Clip::close);
      assertThat(((DecodeResult.Decoded) result).clips()).isEqualTo(1);
    }

    assertThat(none.places()).isZero();
    assertThat(none.decoded()).isZero();
    assertThat(none.gpus()).isEmpty();
    for (LeftToCpu why : LeftToCpu.values()) {
      assertThat(none.left(why)).isZero();
    }
  }

  @Test
  void shouldGiveOrdinaryMemoryWhereThereIsNoGpu() {
    GpuDecoding none = GpuDecoding.off();
    ByteBuffer buffer = none.allocate(1000);
    assertThat(buffer.isDirect()).isTrue();
    assertThat(buffer.capacity()).isEqualTo(1000);
    none.free(buffer);
  }

  @Test
  void shouldKnowItsModes() {
    assertThat(GpuMode.parse("auto")).isEqualTo(GpuMode.AUTO);
    assertThat(GpuMode.parse("off")).isEqualTo(GpuMode.OFF);
    assertThat(GpuMode.parse("on")).isNull();
  }
}
