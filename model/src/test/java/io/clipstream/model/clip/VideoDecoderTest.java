package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.VideoEncoder.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class VideoDecoderTest {
  private static final ClipSpec SPEC = TestVideos.spec(8, 15);
  private static final ClipBuffers BUFFERS = new ClipBuffers(SPEC.clipBytes(), 64L << 20);

  @TempDir Path directory;

  static Stream<Arguments> encodings() {
    Map<String, String> aom = Map.of("cpu-used", "8", "usage", "realtime");
    return Stream.of(
        Arguments.of("a.mp4", Settings.of("mpeg4", 320, 240, 30).withBitRate(2_000_000)),
        Arguments.of("b.mp4", Settings.of("libopenh264", 320, 240, 30).withBitRate(2_000_000)),
        Arguments.of(
            "bf.mp4", Settings.of("mpeg4", 320, 240, 30).withBitRate(2_000_000).withBFrames(2)),
        Arguments.of(
            "bf.avi", Settings.of("mpeg4", 320, 240, 30).withBitRate(2_000_000).withBFrames(2)),
        Arguments.of(
            "bf.mkv", Settings.of("mpeg4", 320, 240, 30).withBitRate(2_000_000).withBFrames(2)),
        Arguments.of(
            "c.mpg", Settings.of("mpeg2video", 352, 288, 30).withBitRate(3_000_000).withBFrames(2)),
        Arguments.of(
            "d.ts", Settings.of("mpeg2video", 352, 288, 30).withBitRate(3_000_000).withBFrames(2)),
        Arguments.of("h.ts", Settings.of("libopenh264", 352, 288, 30).withBitRate(2_000_000)),
        Arguments.of("h.flv", Settings.of("libopenh264", 352, 288, 30).withBitRate(2_000_000)),
        Arguments.of("m1.mpg", Settings.of("mpeg1video", 352, 288, 30).withBitRate(3_000_000)),
        Arguments.of(
            "e.webm",
            Settings.of("libvpx", 320, 240, 30)
                .withBitRate(1_000_000)
                .withCodecOptions(Map.of("deadline", "realtime", "cpu-used", "8"))),
        Arguments.of(
            "alt.webm",
            Settings.of("libvpx", 320, 240, 30)
                .withBitRate(1_000_000)
                .withCodecOptions(
                    Map.of(
                        "deadline",
                        "good",
                        "cpu-used",
                        "5",
                        "auto-alt-ref",
                        "1",
                        "lag-in-frames",
                        "16"))),
        Arguments.of(
            "f.webm",
            Settings.of("libvpx-vp9", 320, 240, 30)
                .withBitRate(1_000_000)
                .withCodecOptions(
                    Map.of(
                        "deadline",
                        "good",
                        "cpu-used",
                        "5",
                        "auto-alt-ref",
                        "1",
                        "lag-in-frames",
                        "16"))),
        Arguments.of(
            "g.mkv",
            Settings.of("libaom-av1", 320, 240, 30).withBitRate(1_000_000).withCodecOptions(aom)),
        Arguments.of("i.avi", Settings.of("mjpeg", 320, 240, 30).withBitRate(8_000_000)),
        Arguments.of("j.mkv", Settings.of("ffv1", 321, 241, 30)),
        Arguments.of("k.mkv", Settings.of("ffv1", 320, 240, 30).withPixelFormat("yuv420p10le")),
        Arguments.of(
            "l.mov", Settings.of("prores_ks", 320, 240, 30).withPixelFormat("yuv422p10le")),
        Arguments.of("w.asf", Settings.of("wmv2", 320, 240, 30).withBitRate(2_000_000)),
        Arguments.of("v.flv", Settings.of("flv", 320, 240, 30).withBitRate(2_000_000)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("encodings")
  void shouldGiveExactlyTheFramesOfTheWindows(String name, Settings settings) throws Exception {
    Path file = TestVideos.write(directory.resolve(name), settings, 90);

    Decoding decoding = decode(file, Sampling.sliding(100), Optional.empty());

    assertThat(decoding.result()).isInstanceOf(Decoded.class);
    Decoded decoded = (Decoded) decoding.result();

    assertThat(decoded.note()).isEmpty();
    assertThat(decoded.info().frames()).isEqualTo(90);
    List<ClipSampler.Window> windows =
        ClipSampler.sample(
            Sampling.sliding(100),
            SPEC,
            IntStream.range(0, 90).mapToDouble(i -> i / 30.0).toArray(),
            3);
    assertThat(decoding.numbers()).hasSameSizeAs(windows);
    for (int i = 0; i < windows.size(); i++) {
      assertThat(decoding.numbers().get(i)).isEqualTo(windows.get(i).frames());
    }
    assertThat(decoding.upright()).isTrue();
    assertThat(BUFFERS.lent()).isZero();
  }

  record Decoding(
      DecodeResult result, List<int[]> numbers, List<TimeRange> ranges, boolean upright) {}

  static Decoding decode(Path file, Sampling sampling, Optional<TimeRange> range)
      throws IOException, InterruptedException {
    List<int[]> numbers = new ArrayList<>();
    List<TimeRange> ranges = new ArrayList<>();
    boolean[] upright = {true};
    DecodeResult result =
        new VideoDecoder(SPEC, DecodeLimits.defaults(), BUFFERS)
            .decode(
                file,
                sampling,
                range,
                clip -> {
                  try (clip) {
                    numbers.add(TestVideos.numbers(clip, SPEC));
                    ranges.add(clip.range());
                    for (int t = 0; t < SPEC.frames(); t++) {
                      upright[0] &= TestVideos.isUpright(clip, t, SPEC);
                    }
                  }
                });
    return new Decoding(result, numbers, ranges, upright[0]);
  }
}
