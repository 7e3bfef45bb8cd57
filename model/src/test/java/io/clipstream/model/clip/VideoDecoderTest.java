package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.DecodeResult.Rejected;
import io.clipstream.model.clip.VideoEncoder.Settings;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** On real files, made for the test, whose frames show their numbers. */
@Timeout(300)
class VideoDecoderTest {
  private static final ClipSpec SPEC = TestVideos.spec(8, 15);
  private static final Settings MPEG4 = Settings.of("mpeg4", 320, 240, 30).withBitRate(2_000_000);
  private static final Settings LOSSLESS = Settings.of("ffv1", 160, 120, 30);

  /** Most packets that a codec takes before it gives the picture of the first. */
  private static final int REORDERED = 4;

  private final ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), 16L << 20);

  @TempDir Path directory;

  @AfterEach
  void allBuffersShouldBeBack() {
    assertThat(buffers.lent()).isZero();
  }

  static Stream<Arguments> encodings() {
    Settings mpeg2 = Settings.of("mpeg2video", 352, 288, 30).withBitRate(3_000_000).withBFrames(2);
    Settings h264 = Settings.of("libopenh264", 320, 240, 30).withBitRate(2_000_000);
    Settings vp8 = Settings.of("libvpx", 320, 240, 30).withBitRate(1_000_000);
    Settings vp9 = Settings.of("libvpx-vp9", 320, 240, 30).withBitRate(1_000_000);
    Map<String, String> hiddenFrames =
        Map.of("deadline", "good", "cpu-used", "5", "auto-alt-ref", "1", "lag-in-frames", "16");
    return Stream.of(
        Arguments.of("mpeg4.mp4", MPEG4),
        Arguments.of("mpeg4-fragments.mp4", fragmented(MPEG4)),
        Arguments.of("mpeg4-b.mp4", MPEG4.withBFrames(2)),
        Arguments.of("mpeg4-b.avi", MPEG4.withBFrames(2)),
        Arguments.of("mpeg4-b.mkv", MPEG4.withBFrames(2)),
        Arguments.of("mpeg4-b.nut", MPEG4.withBFrames(2)),
        Arguments.of("mpeg2.mpg", mpeg2),
        Arguments.of("mpeg2.ts", mpeg2),
        Arguments.of("mpeg2.mxf", mpeg2.withBFrames(0)),
        Arguments.of("mpeg1.mpg", Settings.of("mpeg1video", 352, 288, 30).withBitRate(3_000_000)),
        Arguments.of("h264.mp4", h264),
        Arguments.of("h264.ts", h264),
        Arguments.of("h264.flv", h264),
        Arguments.of(
            "vp8.webm", vp8.withCodecOptions(Map.of("deadline", "realtime", "cpu-used", "8"))),
        Arguments.of("vp8-hidden-frames.webm", vp8.withCodecOptions(hiddenFrames)),
        Arguments.of("vp9-hidden-frames.webm", vp9.withCodecOptions(hiddenFrames)),
        Arguments.of(
            "av1.mp4",
            Settings.of("libaom-av1", 320, 240, 30)
                .withBitRate(1_000_000)
                .withCodecOptions(Map.of("cpu-used", "8", "usage", "realtime"))),
        Arguments.of("mjpeg.avi", Settings.of("mjpeg", 320, 240, 30).withBitRate(8_000_000)),
        Arguments.of("ffv1-odd.mkv", Settings.of("ffv1", 321, 241, 30)),
        Arguments.of("ffv1-10-bit.mkv", LOSSLESS.withPixelFormat("yuv420p10le")),
        Arguments.of("ffv1-444.mkv", LOSSLESS.withPixelFormat("yuv444p")),
        Arguments.of(
            "prores.mov", Settings.of("prores_ks", 320, 240, 30).withPixelFormat("yuv422p10le")),
        Arguments.of("wmv2.asf", Settings.of("wmv2", 320, 240, 30).withBitRate(2_000_000)),
        Arguments.of("flv1.flv", Settings.of("flv", 320, 240, 30).withBitRate(2_000_000)),
        Arguments.of("raw.y4m", Settings.of("wrapped_avframe", 160, 120, 30)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("encodings")
  void shouldGiveExactlyTheFramesOfTheWindows(String name, Settings settings) throws Exception {
    Path file = TestVideos.write(directory.resolve(name), settings, 90);

    Decoding decoding = decode(file, Sampling.sliding(100), Optional.empty());

    Decoded decoded = decoding.decoded();
    assertThat(decoded.note()).isEmpty();
    assertThat(decoded.complete()).isTrue();
    assertThat(decoded.info().frames()).isEqualTo(90);
    assertThat(decoded.info().durationSeconds()).isCloseTo(3, within(0.01));
    assertThat(decoding.numbers()).isEqualTo(expected(90, 30, Sampling.sliding(100)));
    assertThat(decoding.upright()).isTrue();
  }

  /** Encoded by x264 and x265, see ops/test/make-codec-fixtures: 60 frames. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "h264-open-gop.mp4",
        "h264-b-frames.avi",
        "h264-raw.h264",
        "h264-interlaced.ts",
        "h264-422-10-bit.mov",
        "hevc-open-gop.mp4",
        "hevc-10-bit.mkv"
      })
  void shouldDecodeWhatOtherEncodersWrite(String name) throws Exception {
    Path file = Path.of(VideoDecoderTest.class.getResource(name).toURI());

    Decoding all = decode(file, Sampling.sliding(100), Optional.empty());
    Decoding part = decode(file, Sampling.sliding(100), Optional.of(new TimeRange(0.8, 1.4)));

    assertThat(all.decoded().note()).isEmpty();
    assertThat(all.decoded().info().frames()).isEqualTo(60);
    double rate = all.decoded().info().framesPerSecond();
    assertThat(all.numbers()).isEqualTo(expected(60, rate, Sampling.sliding(100)));
    assertThat(all.upright()).isTrue();
    int from = (int) Math.round(0.8 * rate);
    assertThat(part.numbers()).isNotEmpty();
    assertThat(part.numbers().get(0).get(0)).isEqualTo(from);
  }

  @Test
  void shouldDecodeOnlyTheRange() throws Exception {
    Path file = TestVideos.write(directory.resolve("long.mp4"), MPEG4.withKeyInterval(12), 600);

    Decoding decoding =
        decode(file, Sampling.sliding(100), Optional.of(new TimeRange(10, 11.0666)));

    assertThat(decoding.numbers())
        .containsExactly(
            List.of(300, 302, 304, 306, 308, 310, 312, 314),
            List.of(316, 318, 320, 322, 324, 326, 328, 330));
    // Frames 300 to 330, from the key frame before them on.
    assertThat(decoding.packets()).isBetween(31L, 31L + 12);
    assertThat(decoding.ranges().get(0).startSeconds()).isCloseTo(10, within(1e-6));
    assertThat(decoding.ranges().get(0).seconds()).isCloseTo(8 / 15.0, within(1e-6));
    assertThat(
            decode(file, Sampling.sliding(9), Optional.of(new TimeRange(20, 21)))
                .rejected()
                .reason())
        .isEqualTo(DecodeReason.RANGE_OUTSIDE_VIDEO);
    assertThat(
            decode(file, Sampling.sliding(9), Optional.of(new TimeRange(19.9, 30)))
                .decoded()
                .clips())
        .isEqualTo(1);
  }

  /** The last two leave times out where pictures are reordered, so nothing is there to seek by. */
  @ParameterizedTest
  @CsvSource({
    "far.mp4, 2, true",
    "far.mkv, 2, true",
    "far.ts, 2, true",
    "far.avi, 0, true",
    "far.avi, 2, false",
    "far.mpg, 2, false"
  })
  void shouldSkipBetweenClipsThatLieFarApart(String name, int bFrames, boolean seeks)
      throws Exception {
    int keyInterval = 12;
    Settings settings =
        name.endsWith("mpg") || name.endsWith("ts")
            ? Settings.of("mpeg2video", 160, 112, 25).withBitRate(1_500_000)
            : Settings.of("mpeg4", 160, 112, 25).withBitRate(1_000_000);
    Path file =
        TestVideos.write(
            directory.resolve(name),
            settings.withBFrames(bFrames).withKeyInterval(keyInterval),
            1500);
    Sampling sampling = Sampling.views(5, 1);

    Decoding decoding = decode(file, sampling, Optional.empty());

    assertThat(decoding.decoded().note()).isEmpty();
    assertThat(decoding.numbers()).isEqualTo(expected(1500, 25, sampling));
    if (seeks) {
      long most = 0;
      for (List<Integer> clip : decoding.numbers()) { // each from the key frame before it on
        most += clip.get(clip.size() - 1) - clip.get(0) + 1 + keyInterval + REORDERED;
      }
      assertThat(decoding.packets()).isLessThanOrEqualTo(most);
    }
  }

  @Test
  void shouldSpreadUniformSamples() throws Exception {
    Path file = TestVideos.write(directory.resolve("a.mkv"), MPEG4.withBFrames(2), 800);
    Sampling sampling = new Sampling.Uniform(2, 1, Sampling.Padding.LOOP);

    assertThat(decode(file, sampling, Optional.empty()).numbers())
        .isEqualTo(expected(800, 30, sampling));
  }

  @ParameterizedTest
  @CsvSource({"90, 240, 320", "180, 320, 240", "270, 240, 320"})
  void shouldApplyRotation(int rotation, int width, int height) throws Exception {
    for (String name : List.of("r.mp4", "r.mov")) {
      Path file = TestVideos.write(directory.resolve(name), MPEG4.withRotation(rotation), 30);

      Decoding decoding = decode(file, Sampling.sliding(100), Optional.empty());

      assertThat(decoding.upright()).isTrue();
      assertThat(decoding.numbers()).isEqualTo(expected(30, 30, Sampling.sliding(100)));
      assertThat(decoding.decoded().info().rotation()).isEqualTo(rotation);
      assertThat(decoding.decoded().info().width()).isEqualTo(width);
      assertThat(decoding.decoded().info().height()).isEqualTo(height);
    }
  }

  @ParameterizedTest
  @CsvSource({"160, 240, 2, 1, 320", "640, 240, 1, 2, 320", "352, 288, 12, 11, 384"})
  void shouldMakePixelsSquare(int width, int height, int num, int den, int shown) throws Exception {
    for (String name : List.of("s.mp4", "s.mkv")) {
      Settings settings =
          Settings.of("mpeg4", width, height, 30).withBitRate(2_000_000).withPixelAspect(num, den);
      Path file = TestVideos.write(directory.resolve(name), settings, 30);

      Decoding decoding = decode(file, Sampling.sliding(100), Optional.empty());

      assertThat(decoding.decoded().info().width()).isEqualTo(shown);
      assertThat(decoding.upright()).isTrue();
      assertThat(decoding.numbers()).isEqualTo(expected(30, 30, Sampling.sliding(100)));
    }
  }

  @Test
  void shouldCombineRotationAndPixelAspect() throws Exception {
    Settings settings =
        Settings.of("mpeg4", 160, 240, 30)
            .withBitRate(2_000_000)
            .withPixelAspect(2, 1)
            .withRotation(90);
    Path file = TestVideos.write(directory.resolve("rs.mp4"), settings, 30);

    Decoding decoding = decode(file, Sampling.sliding(100), Optional.empty());

    assertThat(decoding.upright()).isTrue();
    assertThat(decoding.decoded().info().width()).isEqualTo(240);
    assertThat(decoding.decoded().info().height()).isEqualTo(320);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v.mp4", "v.mkv", "v.nut"})
  void shouldSampleAVariableRateByTime(String name) throws Exception {
    // 100 ticks a second: a second at 10 a second, a still second, then 33 a second.
    long[] times =
        LongStream.concat(
                LongStream.range(0, 10).map(i -> i * 10),
                LongStream.range(0, 60).map(i -> 200 + i * 3))
            .toArray();
    Path file =
        TestVideos.write(directory.resolve(name), MPEG4.withRate(100, 1).withBFrames(1), times);

    Decoding decoding = decode(file, Sampling.sliding(100), Optional.empty());

    double[] seconds = Arrays.stream(times).mapToDouble(t -> t / 100.0).toArray();
    double end = seconds[69] + seconds[69] / 69;
    assertThat(decoding.numbers())
        .isEqualTo(lists(ClipSampler.sample(Sampling.sliding(100), SPEC, seconds, end)));
    assertThat(decoding.decoded().note()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"j.ts", "j.mpg"})
  void shouldContinueWhereTimesJumpBack(String name) throws Exception {
    Settings settings = Settings.of("mpeg2video", 320, 240, 30).withBitRate(2_000_000);
    Path first = TestVideos.write(directory.resolve("1" + name), settings, 60);
    Path joined = directory.resolve(name);
    byte[] bytes = Files.readAllBytes(first);
    Files.write(joined, bytes);
    Files.write(joined, bytes, java.nio.file.StandardOpenOption.APPEND);

    Decoding decoding = decode(joined, Sampling.sliding(100), Optional.empty());

    assertThat(decoding.decoded().info().frames()).isEqualTo(120);
    assertThat(decoding.decoded().info().durationSeconds()).isCloseTo(4, within(0.1));
    List<List<Integer>> expected =
        expected(120, 30, Sampling.sliding(100)).stream()
            .map(clip -> clip.stream().map(i -> i % 60).toList())
            .toList();
    assertThat(decoding.numbers()).isEqualTo(expected);
  }

  @Test
  void shouldNotMindAStartThatIsNotZero() throws Exception {
    for (String name : List.of("o.mkv", "o.ts", "o.mp4", "o.avi")) {
      Path file =
          TestVideos.write(
              directory.resolve(name),
              Settings.of("mpeg2video", 320, 240, 30).withBitRate(2_000_000).withBFrames(1),
              LongStream.range(0, 60).map(i -> 200 + i).toArray());

      Decoding decoding = decode(file, Sampling.sliding(100), Optional.empty());

      if (!name.endsWith("avi")) { // AVI has no start time: the gap is empty frames there
        assertThat(decoding.numbers()).as(name).isEqualTo(expected(60, 30, Sampling.sliding(100)));
      }
      assertThat(decoding.decoded().note()).as(name).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"16, 2048", "2048, 16", "8, 4096", "3, 5", "2, 2", "1, 1", "641, 479"})
  void shouldBoundOddShapes(int width, int height) throws Exception {
    Path file =
        TestVideos.write(
            directory.resolve("x.y4m"), Settings.of("wrapped_avframe", width, height, 30), 20);

    for (Sampling sampling : List.of(Sampling.sliding(10), Sampling.views(1, 3))) {
      Decoded decoded = decode(file, sampling, Optional.empty()).decoded();

      assertThat(decoded.note()).isEmpty();
      assertThat(decoded.info().width()).isEqualTo(width);
      assertThat(decoded.info().height()).isEqualTo(height);
    }
  }

  @Test
  void shouldCutThreeCropsAlongTheLongerSide() throws Exception {
    Path file =
        TestVideos.write(
            directory.resolve("w.mp4"),
            Settings.of("mpeg4", 480, 160, 30).withBitRate(2_000_000),
            60);
    List<Integer> crops = new ArrayList<>();
    List<Integer> corners = new ArrayList<>();

    DecodeResult result =
        decoder()
            .decode(
                file,
                Sampling.views(4, 3),
                Optional.empty(),
                clip -> {
                  try (clip) {
                    crops.add(clip.crop());
                    corners.add(clip.pixels().get(SPEC.crop().width() * 3 * 5 + 15) & 0xff);
                  }
                });

    assertThat(((Decoded) result).clips()).isEqualTo(12);
    assertThat(crops).containsExactly(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2);
    assertThat(corners.get(0)).isCloseTo(60, within(12)); // beside the square on the left
    assertThat(corners.get(1)).isCloseTo(220, within(20)); // its red corner
    assertThat(corners.get(2)).isCloseTo(190, within(12)); // beside it on the right
  }

  /** Solid colours, stored in the ways that differ in matrix and range. */
  @ParameterizedTest
  @CsvSource({
    "mpeg4, c.mp4, 320, 240", // BT.601, limited, not said in the file
    "mpeg2video, c.ts, 1280, 720", // BT.709, limited
    "mjpeg, c.avi, 320, 240", // full range
    "ffv1, c.mkv, 1280, 720"
  })
  void shouldGiveTrueColours(String codec, String name, int width, int height) throws Exception {
    int[][] colours = {{200, 40, 60}, {30, 180, 70}, {40, 60, 220}, {0, 0, 0}, {255, 255, 255}};
    for (int[] colour : colours) {
      ByteBuffer picture = ByteBuffer.allocateDirect(width * height * 3);
      while (picture.hasRemaining()) {
        picture.put((byte) colour[0]).put((byte) colour[1]).put((byte) colour[2]);
      }
      Path file = directory.resolve(name);
      try (VideoEncoder encoder =
          new VideoEncoder(file, Settings.of(codec, width, height, 30).withBitRate(20_000_000))) {
        for (int i = 0; i < 3; i++) {
          encoder.add(picture);
        }
      }
      decoder()
          .decode(
              file,
              Sampling.sliding(1),
              Optional.empty(),
              clip -> {
                try (clip) {
                  int at = (50 * SPEC.crop().width() + 50) * 3;
                  for (int channel = 0; channel < 3; channel++) {
                    assertThat(clip.pixels().get(at + channel) & 0xff)
                        .as(Arrays.toString(colour) + " channel " + channel)
                        .isCloseTo(colour[channel], within(6));
                  }
                }
              });
    }
  }

  /** Recordings of Dahua's cameras, for which FFmpeg has no muxer: pictures between two marks. */
  @Test
  void shouldReadRecordingsOfDahuasCameras() throws Exception {
    Settings jpeg = Settings.of("mjpeg", 320, 240, 25).withBitRate(8_000_000);
    byte[] jpegs = Files.readAllBytes(TestVideos.write(directory.resolve("d.mjpeg"), jpeg, 60));
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    int number = 0;
    for (int at = 0, next; at < jpegs.length; at = next, number++) {
      next = at + 2;
      while (next < jpegs.length && !(jpegs[next] == -1 && jpegs[next + 1] == (byte) 0xd8)) {
        next++;
      }
      int length = 24 + 8 + next - at + 8;
      int milliseconds = number * 40;
      ByteBuffer chunk = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
      chunk.put("DHAV".getBytes(StandardCharsets.US_ASCII)).putInt(0xfd).putInt(number);
      chunk.putInt(length).putInt((1 << 22 | 1 << 17) + milliseconds / 1000); // month, day, second
      chunk.putShort((short) milliseconds).put((byte) 8).put((byte) 0);
      chunk.put((byte) 0x80).put((byte) 0).put((byte) 40).put((byte) 30); // size / 8
      chunk.put((byte) 0x81).put((byte) 0).put((byte) 3).put((byte) 25); // JPEG, 25 a second
      chunk.put(jpegs, at, next - at);
      chunk.put("dhav".getBytes(StandardCharsets.US_ASCII)).putInt(length);
      file.writeBytes(chunk.array());
    }
    Path recording = Files.write(directory.resolve("d.dav"), file.toByteArray());

    Decoding all = decode(recording, Sampling.sliding(100), Optional.empty());
    Decoding part = decode(recording, Sampling.sliding(1), Optional.of(new TimeRange(1.52, 2)));

    assertThat(all.decoded().info().container()).isEqualTo("dhav");
    assertThat(all.decoded().note()).isEmpty();
    assertThat(all.numbers()).isEqualTo(expected(60, 25, Sampling.sliding(100)));
    assertThat(part.numbers().get(0)).startsWith(38);
  }

  @Test
  void shouldTellThatAJoinedVideoIsComplete() throws Exception {
    Settings settings = Settings.of("mpeg2video", 320, 240, 30).withBitRate(2_000_000);
    byte[] piece =
        Files.readAllBytes(TestVideos.write(directory.resolve("piece.ts"), settings, 20));
    ByteArrayOutputStream pieces = new ByteArrayOutputStream();
    pieces.writeBytes(piece);
    pieces.writeBytes(piece);
    Path joined = Files.write(directory.resolve("joined.ts"), pieces.toByteArray());

    Decoded decoded = decode(joined, Sampling.sliding(100), Optional.empty()).decoded();

    assertThat(decoded.complete()).isTrue();
    assertThat(decoded.note()).isEmpty();
    assertThat(decoded.remark()).contains("2 pieces");
    assertThat(decoded.info().frames()).isEqualTo(40);
  }

  @Test
  void shouldRejectASingleFrameAndTakeTwo() throws Exception {
    Path one = TestVideos.write(directory.resolve("one.mp4"), MPEG4, 1);
    Path two = TestVideos.write(directory.resolve("two.mp4"), MPEG4, 2);

    assertThat(decode(one, Sampling.sliding(1), Optional.empty()).rejected())
        .isEqualTo(
            new Rejected(DecodeReason.TOO_SHORT, "its video has 1 frame, expected at least 2"));
    assertThat(decode(two, Sampling.sliding(1), Optional.empty()).decoded().clips()).isEqualTo(1);
  }

  @Test
  void shouldHoldToItsLimits() throws Exception {
    Path file = TestVideos.write(directory.resolve("l.mp4"), MPEG4, 60);
    DecodeLimits d = DecodeLimits.defaults();

    assertThat(reason(file, new DecodeLimits(256, d.maxPicturePixels(), 10, 100, d.timeout())))
        .isEqualTo(DecodeReason.PICTURE_TOO_LARGE);
    assertThat(reason(file, new DecodeLimits(512, 256, 10, 100, d.timeout())))
        .isEqualTo(DecodeReason.PICTURE_TOO_LARGE);
    assertThat(reason(file, new DecodeLimits(512, 1 << 20, 1, 100, d.timeout())))
        .isEqualTo(DecodeReason.TOO_LONG);
    assertThat(reason(file, new DecodeLimits(512, 1 << 20, 10, 50, d.timeout())))
        .isEqualTo(DecodeReason.TOO_LONG);
    assertThat(reason(file, new DecodeLimits(512, 1 << 20, 10, 100, Duration.ofNanos(1))))
        .isEqualTo(DecodeReason.DECODE_TIMEOUT);
  }

  @Test
  void shouldNotCountTheSinksTimeAsItsOwn() throws Exception {
    Path file = TestVideos.write(directory.resolve("t.mp4"), MPEG4, 60);
    DecodeLimits limits = new DecodeLimits(512, 1 << 20, 10, 100, Duration.ofSeconds(2));
    long[] waited = new long[1];

    DecodeResult result =
        new VideoDecoder(SPEC, limits, buffers)
            .decode(
                file,
                Sampling.sliding(9),
                Optional.empty(),
                clip -> {
                  try (clip) {
                    long began = System.nanoTime();
                    while (!Deadline.reached()) { // the slow consumer is what is tested
                      TimeUnit.MILLISECONDS.sleep(5);
                    }
                    waited[0] += System.nanoTime() - began;
                  }
                });

    assertThat(((Decoded) result).clips()).isEqualTo(4);
    assertThat(waited[0]).isGreaterThan(limits.timeout().toNanos());
  }

  @Test
  void shouldEndWhenInterrupted() throws Exception {
    Path file = TestVideos.write(directory.resolve("i.mp4"), MPEG4, 60);

    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> decode(file, Sampling.sliding(9), Optional.empty()))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void shouldEndWhenInterruptedWhileDecoding() throws Exception {
    Path file = TestVideos.write(directory.resolve("i2.mp4"), MPEG4, 120);
    List<Clip> taken = new ArrayList<>();

    assertThatThrownBy(
            () ->
                decoder()
                    .decode(
                        file,
                        new Sampling.Sliding(0.2, 100, Sampling.Padding.LOOP),
                        Optional.empty(),
                        clip -> {
                          taken.add(clip);
                          Thread.currentThread().interrupt();
                        }))
        .isInstanceOf(InterruptedException.class);

    assertThat(buffers.lent()).isEqualTo(taken.size()).isEqualTo(1);
    taken.get(0).close();
  }

  @Test
  void shouldCloseItsClipsWhenTheSinkFails() throws Exception {
    Path file = TestVideos.write(directory.resolve("f.mp4"), MPEG4, 60);

    assertThatThrownBy(
            () ->
                decoder()
                    .decode(
                        file,
                        Sampling.views(2, 3),
                        Optional.empty(),
                        clip -> {
                          clip.close();
                          throw new IllegalStateException("full");
                        }))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          version https://git-lfs.github.com/spec/v1 | it is a Git LFS pointer, not the file itself: run git lfs pull where it comes from
          <!doctype html><title>Not Found</title>    | it is an HTML page, not the file itself, as a download gives that needs another address or a login
          PK\\3\\4                                     | it is a zip file, expected what is packed in it: unpack it first
          \\037\\213\\010                              | it is a gzip file, expected what is packed in it: unpack it first
          Not Found                                  | its content is in no known container
          """)
  void shouldSayWhatAFileIsThatIsNoVideo(String content, String detail) throws Exception {
    byte[] bytes = content.translateEscapes().getBytes(StandardCharsets.ISO_8859_1);
    Path file = Files.write(directory.resolve("a.mp4"), bytes);

    DecodeResult result = decode(file, Sampling.sliding(1), Optional.empty()).result();

    assertThat(result).isEqualTo(new Rejected(DecodeReason.NOT_A_VIDEO, detail));
  }

  @Test
  void shouldSayThatAFileIsMissing() {
    assertThatThrownBy(
            () -> decode(directory.resolve("no.mp4"), Sampling.sliding(1), Optional.empty()))
        .isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void shouldRefuseMoreOpenClipsThanThereAreBuffers() throws Exception {
    Path file = TestVideos.write(directory.resolve("m.mp4"), MPEG4, 60);
    ClipBuffers two = new ClipBuffers(SPEC.clipBytes(), 2L * SPEC.clipBytes());

    assertThatThrownBy(
            () ->
                new VideoDecoder(SPEC, DecodeLimits.defaults(), two)
                    .decode(file, Sampling.views(1, 3), Optional.empty(), Clip::close))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("3 clips have to be open at once, but there are buffers for 2");
  }

  @Test
  void shouldShareASmallPoolWithoutWaitingForEver() throws Exception {
    Path file = TestVideos.write(directory.resolve("p.mp4"), MPEG4, 120);
    ClipBuffers few = new ClipBuffers(SPEC.clipBytes(), 5L * SPEC.clipBytes());
    VideoDecoder decoder = new VideoDecoder(SPEC, DecodeLimits.defaults(), few);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<DecodeResult>> results = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        Sampling sampling =
            i % 2 == 0
                ? Sampling.views(2, 3)
                : new Sampling.Sliding(0.1, 100, Sampling.Padding.LOOP); // five open at once
        results.add(
            threads.submit(() -> decoder.decode(file, sampling, Optional.empty(), Clip::close)));
      }
      for (Future<DecodeResult> result : results) {
        assertThat(result.get(60, TimeUnit.SECONDS)).isInstanceOf(Decoded.class);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(few.lent()).isZero();
  }

  private static Settings fragmented(Settings settings) {
    return settings.withFormatOptions(Map.of("movflags", "frag_keyframe+empty_moov"));
  }

  private DecodeReason reason(Path file, DecodeLimits limits) throws InterruptedException {
    DecodeResult result =
        new VideoDecoder(SPEC, limits, buffers)
            .decode(file, Sampling.sliding(1), Optional.empty(), Clip::close);
    return ((Rejected) result).reason();
  }

  private static List<List<Integer>> expected(int frames, double fps, Sampling sampling) {
    double[] seconds = IntStream.range(0, frames).mapToDouble(i -> i / fps).toArray();
    return lists(ClipSampler.sample(sampling, SPEC, seconds, frames / fps));
  }

  private static List<List<Integer>> lists(List<ClipSampler.Window> windows) {
    return windows.stream().map(window -> Arrays.stream(window.frames()).boxed().toList()).toList();
  }

  private VideoDecoder decoder() {
    return new VideoDecoder(SPEC, DecodeLimits.defaults(), buffers);
  }

  private record Decoding(
      DecodeResult result,
      List<List<Integer>> numbers,
      List<TimeRange> ranges,
      boolean upright,
      long packets) {
    Decoded decoded() {
      assertThat(result).isInstanceOf(Decoded.class);
      return (Decoded) result;
    }

    Rejected rejected() {
      assertThat(result).isInstanceOf(Rejected.class);
      return (Rejected) result;
    }
  }

  private Decoding decode(Path file, Sampling sampling, Optional<TimeRange> range)
      throws InterruptedException {
    List<List<Integer>> numbers = new ArrayList<>();
    List<TimeRange> ranges = new ArrayList<>();
    boolean[] upright = {true};
    VideoDecoder decoder = decoder();
    DecodeResult result =
        decoder.decode(
            file,
            sampling,
            range,
            clip -> {
              try (clip) {
                numbers.add(Arrays.stream(TestVideos.numbers(clip, SPEC)).boxed().toList());
                ranges.add(clip.range());
                for (int t = 0; t < SPEC.frames(); t++) {
                  upright[0] &= TestVideos.isUpright(clip, t, SPEC);
                }
              }
            });
    return new Decoding(result, numbers, ranges, upright[0], decoder.packetsDecoded());
  }
}
