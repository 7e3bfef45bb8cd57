package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.VideoEncoder.Settings;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A file that ends early is called complete only if every picture is there, as it was. */
@Timeout(300)
class CutFilesTest {
  private static final int FRAMES = 50;

  @TempDir Path directory;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "a.mkv, libopenh264, ''",
    "live.mkv, libopenh264, live=1",
    "clusters.mkv, mpeg4, cluster_time_limit=300",
    "index-in-front.mkv, mpeg4, reserve_index_space=2000",
    "a.webm, libvpx, ''",
    "a.flv, flv, ''",
    "a.mxf, mpeg2video, ''",
    "a.asf, wmv2, ''",
    "a.avi, mpeg4, ''",
    "a.ts, mpeg2video, ''",
    "a.m2ts, libopenh264, mpegts_m2ts_mode=1",
    "a.mpg, mpeg1video, ''",
    "a.vob, mpeg2video, ''",
    "a.ogg, libvpx, ''",
    "a.mp4, libopenh264, ''",
    "front.mp4, libopenh264, movflags=faststart",
    "fragments.mp4, libopenh264, movflags=frag_keyframe+empty_moov+dash+global_sidx",
    "a.gif, gif, ''",
    "a.apng, apng, ''",
    "a.y4m, wrapped_avframe, ''"
  })
  void shouldNotCallAFileCompleteThatLacksAPicture(String name, String codec, String option)
      throws Exception {
    byte[] whole = write(name, codec, option);
    List<ByteBuffer> pictures = new ArrayList<>();
    assertThat(decode(name, whole, pictures).note()).isEmpty();
    assertThat(pictures).hasSize(FRAMES);
    boolean alone = name.endsWith(".y4m"); // says nothing of how many frames there are
    int frame = 96 * 64 * 3 / 2 + "FRAME\n".length();

    TreeSet<Integer> cuts = new TreeSet<>(List.of(1, 2, 5, 20, 60, 150, 400, 1000));
    for (double percent : new double[] {0.1, 0.3, 0.7, 1.1, 1.6, 2, 2.5, 3, 4, 5, 7, 10}) {
      cuts.add((int) (whole.length * percent / 100));
    }
    List<String> silent = new ArrayList<>();
    for (int cut : cuts) {
      if (alone && cut % frame == 0) {
        continue;
      }
      List<ByteBuffer> left = new ArrayList<>();
      Path file = Files.write(directory.resolve("cut"), Arrays.copyOf(whole, whole.length - cut));
      DecodeResult result = decode(file, left);
      if (result instanceof Decoded decoded && decoded.complete() && !left.equals(pictures)) {
        silent.add(cut + " bytes less, " + left.size() + " pictures");
      }
    }

    assertThat(silent).isEmpty();
  }

  /** Data that is no packet any more: at the end no later packet tells that one is missing. */
  @ParameterizedTest(name = "{0}, from {2} to {3} %")
  @CsvSource({
    "a.gif, gif, 50, 52",
    "a.gif, gif, 95, 100",
    "a.asf, wmv2, 50, 56",
    "a.asf, wmv2, 60, 100",
    "a.mxf, mpeg2video, 50, 56",
    "a.mxf, mpeg2video, 90, 99",
    "a.flv, flv, 90, 99",
    "a.webm, libvpx, 88, 95",
    "a.ogg, libvpx, 50, 60",
    "a.ogg, libvpx, 95, 99",
    "a.ogg, libvpx, 90, 100"
  })
  void shouldSayThatPacketsAreOverwritten(String name, String codec, int from, int to)
      throws Exception {
    byte[] bytes = write(name, codec, "");
    fill(bytes, bytes.length * from / 100, bytes.length * (to - from) / 100, 0);
    List<ByteBuffer> pictures = new ArrayList<>();

    Decoded decoded = decode(name, bytes, pictures);

    assertThat(pictures).hasSizeLessThan(FRAMES);
    assertThat(decoded.note()).isNotEmpty();
  }

  @Test
  void shouldTakeTheEndOfAFileOfGxfForItsEnd() throws Exception {
    Path file =
        TestVideos.write(directory.resolve("a.gxf"), Settings.of("mpeg2video", 720, 576, 25), 10);

    Decoded all = (Decoded) decode(file, new ArrayList<>());

    assertThat(all.note()).isEmpty();
    assertThat(all.info().frames()).isEqualTo(10);
  }

  /** An AVI file has a chunk for each tick, of 0 bytes where the last picture stays. */
  @Test
  void shouldNotMissFramesThatStay() throws Exception {
    long[] times = {0, 2, 3, 4, 5, 9, 10, 11};
    Path file =
        TestVideos.write(directory.resolve("a.avi"), Settings.of("mpeg4", 96, 64, 25), times);
    byte[] whole = Files.readAllBytes(file);
    List<ByteBuffer> pictures = new ArrayList<>();

    assertThat(((Decoded) decode(file, pictures)).note()).isEmpty();

    assertThat(pictures).hasSize(times.length);
    Files.write(file, Arrays.copyOf(whole, find(whole, "idx1") - 100));
    assertThat(((Decoded) decode(file, new ArrayList<>())).complete()).isFalse();
  }

  /** FFmpeg goes back to the header at the end, and writes sizes and counts into it. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "a.mkv, libopenh264",
    "a.webm, libvpx",
    "a.flv, flv",
    "a.asf, wmv2",
  })
  void shouldNotMissSizesThatAreNotStated(String name, String codec) throws Exception {
    byte[] file = write(name, codec, "");
    switch (name) {
      case "a.flv" -> fill(file, find(file, "filesize") + 9, 8, 0);
      case "a.asf" -> fill(file, find(file, "\u00a1\u00dc\u00ab\u008c\u0047") + 88, 1, 1);
      default -> fill(file, find(file, "\u0018\u0053\u0080\u0067") + 5, 7, 0xff);
    }

    assertThat(decode(name, file, new ArrayList<>()).note()).isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "a.mp4, libopenh264, ''",
    "a.mov, libopenh264, movflags=faststart",
    "a.flv, flv, ''",
    "b.flv, flv, flvflags=no_duration_filesize",
    "a.asf, wmv2, ''",
    "a.apng, apng, ''"
  })
  void shouldSayThatAnotherVideoIsBehindOne(String name, String codec, String option)
      throws Exception {
    byte[] one = write(name, codec, option);
    byte[] webm = write("other.webm", "libvpx", "");
    for (byte[] other : List.of(one, webm)) {
      List<ByteBuffer> pictures = new ArrayList<>();

      Decoded decoded = decode(name, concat(one, other), pictures);

      assertThat(pictures).hasSize(FRAMES);
      assertThat(decoded.note())
          .isEqualTo("behind it in the file is another video, which is not read");
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"a.mkv, libopenh264", "a.avi, mpeg4", "a.gif, gif", "a.mpg, mpeg1video"})
  void shouldReadOneBehindAnotherOfItsKind(String name, String codec) throws Exception {
    byte[] one = write(name, codec, "");
    List<ByteBuffer> pictures = new ArrayList<>();

    Decoded decoded = decode(name, concat(one, one), pictures);

    assertThat(pictures).hasSize(2 * FRAMES);
    assertThat(decoded.note()).isEmpty();
  }

  /** FFmpeg marks them as not to be shown, as it does for edit lists. */
  @Test
  void shouldSayThatFramesAreLeftOutWhereFragmentsBeginAnew() throws Exception {
    byte[] one = write("a.mp4", "libopenh264", "movflags=frag_keyframe+empty_moov");

    Decoded decoded = decode("a.mp4", concat(one, one), new ArrayList<>());

    assertThat(decoded.note()).isEqualTo("10 frames are left out where times jump back");
  }

  private byte[] write(String name, String codec, String option) throws Exception {
    Settings settings = Settings.of(codec, 96, 64, 25).withKeyInterval(10).withBitRate(400_000);
    settings =
        switch (codec) {
          case "gif" -> settings.withPixelFormat("rgb8");
          case "apng" -> settings.withPixelFormat("rgb24");
          default -> settings;
        };
    if (!option.isEmpty()) {
      int at = option.indexOf('=');
      settings =
          settings.withFormatOptions(Map.of(option.substring(0, at), option.substring(at + 1)));
    }
    return Files.readAllBytes(TestVideos.write(directory.resolve(name), settings, FRAMES));
  }

  private Decoded decode(String name, byte[] bytes, List<ByteBuffer> pictures) throws Exception {
    DecodeResult result = decode(Files.write(directory.resolve("of-" + name), bytes), pictures);
    assertThat(result).isInstanceOf(Decoded.class);
    return (Decoded) result;
  }

  private static DecodeResult decode(Path file, List<ByteBuffer> pictures) throws Exception {
    ClipSpec each = RandomAccessTest.EACH;
    ClipBuffers buffers = new ClipBuffers(each.clipBytes(), 4L * each.clipBytes());
    return new VideoDecoder(each, DecodeLimits.defaults(), buffers)
        .decode(
            file,
            Sampling.sliding(10_000),
            Optional.empty(),
            clip -> {
              try (clip) {
                pictures.add(ByteBuffer.allocate(each.clipBytes()).put(clip.pixels()).flip());
              }
            });
  }

  private static void fill(byte[] bytes, int from, int count, int value) {
    Arrays.fill(bytes, from, from + count, (byte) value);
  }

  private static int find(byte[] bytes, String text) {
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
    assertThat(at).isNotNegative();
    return at;
  }

  private static byte[] concat(byte[] one, byte[] other) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(one);
    both.writeBytes(other);
    return both.toByteArray();
  }
}
