package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.VideoEncoder.Settings;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A picture that is reached by seeking is the one that is reached in order, to the last bit. */
@Timeout(300)
class RandomAccessTest {
  static final ClipSpec EACH =
      new ClipSpec(1, 0, 1, 64, CropSize.of("64"), true, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

  /** Most pictures that are reached alone. */
  private static final int TRIED = 30;

  @TempDir Path directory;

  static Stream<Arguments> encodings() {
    List<Arguments> all = new ArrayList<>();
    String[] sets = {
      "mpeg4: mp4 mov mkv avi nut ts",
      "mpeg2video: ts mpg mkv mxf vob nut",
      "mpeg1video: mpg ts mkv",
      "libopenh264: mp4 mov mkv ts flv avi h264",
      "libvpx: webm mkv ivf avi",
      "libvpx-vp9: webm mp4 ivf mkv",
      "libaom-av1: mp4 mkv webm obu ivf",
      "mjpeg: avi mov mkv mjpeg",
      "ffv1: mkv avi nut",
      "h263p: mkv avi",
      "flv: flv",
      "h261: mkv",
      "vc2: ts mkv",
      "wmv2: asf avi mkv",
      "msmpeg4: avi asf",
      "prores_ks: mov mkv",
      "gif: gif",
      "apng: apng",
      "wrapped_avframe: y4m"
    };
    for (String set : sets) {
      String codec = set.substring(0, set.indexOf(':'));
      for (String suffix : set.substring(set.indexOf(':') + 1).strip().split(" ", -1)) {
        all.add(Arguments.of(codec + "." + suffix, settings(codec)));
      }
    }
    for (String name : List.of("mpeg4-b.mp4", "mpeg4-b.mkv", "mpeg4-b.avi", "mpeg4-b.nut")) {
      all.add(Arguments.of(name, settings("mpeg4").withBFrames(2)));
    }
    for (String name : List.of("mpeg2-b.ts", "mpeg2-b.mpg", "mpeg2-b.mkv")) {
      all.add(Arguments.of(name, settings("mpeg2video").withBFrames(2)));
    }
    return all.stream();
  }

  private static Settings settings(String codec) {
    boolean fixed = codec.equals("h261"); // knows two sizes
    Settings settings =
        Settings.of(codec, fixed ? 176 : 96, fixed ? 144 : 64, 25)
            .withKeyInterval(12)
            .withBitRate(400_000);
    return switch (codec) {
      case "libvpx", "libvpx-vp9" ->
          settings.withCodecOptions(
              Map.of(
                  "deadline", "good", "cpu-used", "5", "auto-alt-ref", "1", "lag-in-frames", "8"));
      case "libaom-av1" -> settings.withCodecOptions(Map.of("cpu-used", "8"));
      case "prores_ks" -> settings.withPixelFormat("yuv422p10le");
      case "gif" -> settings.withPixelFormat("rgb8");
      case "apng" -> settings.withPixelFormat("rgb24");
      case "mjpeg" -> settings.withBitRate(3_000_000);
      default -> settings;
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("encodings")
  void shouldEqualDecodingInOrder(String name, Settings settings) throws Exception {
    check(TestVideos.write(directory.resolve(name), settings, 70), 70);
  }

  static Stream<Path> files() throws Exception {
    URI root = RandomAccessTest.class.getResource("h264-open-gop.mp4").toURI();
    try (Stream<Path> files = Files.walk(Path.of(root).getParent(), 2)) {
      return files
          .filter(file -> file.toString().matches(".*/(h264|hevc|cases).*\\.\\w+"))
          .filter(Files::isRegularFile)
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void shouldEqualDecodingInOrderInFilesOfOthers(Path file) throws Exception {
    check(file, -1);
  }

  private static void check(Path file, int frames) throws InterruptedException {
    List<ByteBuffer> pictures = new ArrayList<>();
    List<TimeRange> times = new ArrayList<>();
    Decoded all = decode(file, Optional.empty(), pictures, times);
    assertThat(all.note()).isEmpty();
    if (frames >= 0) {
      assertThat(pictures).hasSize(frames);
    }

    int step = Math.max(1, pictures.size() / TRIED);
    List<Integer> wrong = new ArrayList<>();
    for (int i = 0; i < pictures.size(); i += step) {
      List<ByteBuffer> alone = new ArrayList<>();
      Decoded one = decode(file, Optional.of(times.get(i)), alone, new ArrayList<>());
      if (!alone.equals(List.of(pictures.get(i))) || !one.complete()) {
        wrong.add(i);
      }
    }
    assertThat(wrong).isEmpty();
  }

  static Decoded decode(
      Path file, Optional<TimeRange> range, List<ByteBuffer> pictures, List<TimeRange> times)
      throws InterruptedException {
    ClipBuffers buffers = new ClipBuffers(EACH.clipBytes(), 4L * EACH.clipBytes());
    DecodeResult result =
        new VideoDecoder(EACH, DecodeLimits.defaults(), buffers)
            .decode(
                file,
                Sampling.sliding(range.isPresent() ? 1 : 10_000),
                range,
                clip -> {
                  try (clip) {
                    pictures.add(ByteBuffer.allocate(EACH.clipBytes()).put(clip.pixels()).flip());
                    times.add(clip.range());
                  }
                });
    assertThat(result).isInstanceOf(Decoded.class);
    return (Decoded) result;
  }
}
