package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.clip.DecodeResult.Decoded;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Files on which the decoder was wrong, each for a kind of fault. Every picture carries its number
 * as twelve bits in rows 8 to 23 of 96, the highest on the left, light for 1. What is right was
 * found by decoding everything in order with FFmpeg.
 */
@Timeout(300)
class FoundCasesTest {
  /** Every frame is a clip, in the size of the files. */
  private static final ClipSpec EACH =
      new ClipSpec(
          1, 0, 1, 96, CropSize.of("96x128"), true, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

  private static final ClipSpec BY_RATE = TestVideos.spec(8, 15);

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    // numbers of the pictures, seconds, what is remarked
    "s_ir.mp4, 0-419, 16.8, ",
    "gap15.ts, 0-79, 3.2, a gap of 15.0 s in its times is closed",
    "gap2h.mp4, 0-39, 1.6, a gap of 7200.0 s in its times is closed",
    "joined1s.vob, 0-89, 3.6, its times jump back: it is put together from 3 pieces",
    "joined08s.ts, 0-59, 2.4, its times jump back: it is put together from 3 pieces",
    "joined2.ts, 0-79, 3.2, its times jump back: it is put together from 2 pieces",
    "discont.ts, 0-59 0-59, 4.8, a gap of 497.6 s in its times is closed",
    "hls_joined.ts, 0-150 154-154, 6.2, ",
    "theora_dup.ogv, 0-6 6-15 15-21 21-31 31-37 37-47 47-53 53-59, 2.4, ",
    "chained.ogv, 0-59 0-59, 4.8, its times jump back: it is put together from 2 pieces",
    "midgop.ts, 40-79, 1.6, ",
    "lastlong.mp4, 0-19, 10.76, ",
    "vfr.mkv, 0-59, 3.05, ",
    "vfr.mp4, 0-59, 15.34, ",
    "mkv2000fps.mkv, 0-199, 0.1, ",
    "mp4_2000fps.mp4, 0-199, 0.1, ",
    "still_default_first.mkv, 0-23, 0.96, ",
    "a.gif, 0-29, 1.2, ",
    "mjpeg.mjpeg, 0-29, 1.2, ",
    "b_frames.mxf, 0-29, 1.2, ",
    "as_decoded.mkv, 0-89, 3.6, ", // B-frames with the times at which they are decoded
    // Two cuts of a file, put together without decoding: pictures have times of others.
    "cut_together.mp4, 8-35 38-38 48-80 84-84, 2.378, its times jump back: it is put together from"
        + " 2 pieces",
    "palette.mov, 0-11, 0.48, ", // the palette is with the first packet
    "palette.avi, 0-5, 0.24, ",
    "two_entries.mp4, 0-119, 4.8, ", // another header from the 30th picture on
    "header_changes.flv, 0-199, 8, ", // from the 100th on
    "sizes.mjpeg, 0-23, 0.96, ", // half the size from the 12th on
    "five_packets.ts, 0-1, 0.08, ", // too few for FFmpeg's probe
    "ticks.avi, 0-29, 1.2, ", // every second chunk is empty, the last, too
    "av1.obu, 0-23, 0.96, "
  })
  void shouldShowEveryPictureInOrder(String name, String numbers, double seconds, String remark)
      throws Exception {
    List<Integer> shown = new ArrayList<>();

    DecodeResult result = decode(name, EACH, Sampling.sliding(10_000), shown);

    assertThat(result).isInstanceOf(Decoded.class);
    Decoded decoded = (Decoded) result;
    assertThat(shown).isEqualTo(ranges(numbers));
    assertThat(decoded.complete()).as(decoded.note()).isTrue();
    assertThat(decoded.note()).isEmpty();
    assertThat(decoded.remark()).isEqualTo(remark == null ? "" : remark);
    assertThat(decoded.info().frames()).isEqualTo(shown.size());
    assertThat(decoded.info().durationSeconds()).isCloseTo(seconds, within(0.011));
  }

  @ParameterizedTest
  @CsvSource({
    "gap15.ts, 6",
    "joined1s.vob, 7",
    "vfr.mp4, 29",
    "mkv2000fps.mkv, 1",
    "lastlong.mp4, 20"
  })
  void shouldSampleThemByRate(String name, int clips) throws Exception {
    for (Sampling sampling :
        List.of(
            Sampling.sliding(1000),
            Sampling.views(4, 3),
            new Sampling.Uniform(3, 1, Sampling.Padding.LOOP))) {
      DecodeResult result = decode(name, BY_RATE, sampling, new ArrayList<>());

      assertThat(((Decoded) result).note()).as(sampling.toString()).isEmpty();
    }
    assertThat(((Decoded) decode(name, BY_RATE, Sampling.sliding(1000), new ArrayList<>())).clips())
        .isCloseTo(clips, within(1));
  }

  @Test
  void shouldReachPicturesBehindARecoveryPointWithoutDecodingAll() throws Exception {
    ClipBuffers buffers = new ClipBuffers(EACH.clipBytes(), 1 << 20);
    VideoDecoder decoder = new VideoDecoder(EACH, DecodeLimits.defaults(), buffers);

    decoder.decode(
        file("s_ir.mp4"),
        Sampling.sliding(1),
        Optional.of(new TimeRange(400 / 25.0, 401 / 25.0)),
        Clip::close);

    // From the recovery point that is over before it, with a key frame for the codec to refer to.
    assertThat(decoder.packetsDecoded()).isBetween(10L, 48L);
  }

  /** FFmpeg takes the first of such pictures, where it fills 2 KiB, for a photograph. */
  @Test
  void shouldReadMotionJpegWhosePicturesBeginAsFilesDo(@TempDir Path directory) throws Exception {
    byte[] bare = Files.readAllBytes(file("mjpeg.mjpeg"));
    byte[] jfif = HexFormat.of().parseHex("ffe000104a46494600010100000100010000");
    byte[] comment = new byte[1642];
    System.arraycopy(HexFormat.of().parseHex("fffe0668"), 0, comment, 0, 4);
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (int i = 0; i < bare.length; i++) {
      whole.write(bare[i]);
      if (i > 0 && bare[i - 1] == (byte) 0xff && bare[i] == (byte) 0xd8) { // start of a picture
        whole.write(jfif);
        whole.write(comment);
      }
    }
    List<Integer> shown = new ArrayList<>();

    DecodeResult result =
        decode(
            Files.write(directory.resolve("jfif"), whole.toByteArray()),
            EACH,
            Sampling.sliding(10_000),
            shown);

    assertThat(result).isInstanceOf(Decoded.class);
    assertThat(shown).isEqualTo(ranges("0-29"));
    assertThat(((Decoded) result).complete()).isTrue();
  }

  @Test
  void shouldTellThatTheLastPictureOfRawMotionJpegIsCutOff(@TempDir Path directory)
      throws Exception {
    byte[] whole = Files.readAllBytes(file("mjpeg.mjpeg"));
    Path cut = Files.write(directory.resolve("cut"), Arrays.copyOf(whole, whole.length - 100));

    DecodeResult result = decode(cut, EACH, Sampling.sliding(10_000), new ArrayList<>());

    assertThat(((Decoded) result).note())
        .isEqualTo("1 packet is cut off or damaged; 1 frame damaged");
  }

  /** FFmpeg's probes count what does not fit. */
  @ParameterizedTest
  @CsvSource({
    "midgop.ts, 5000, 0, 40-79",
    "hls_joined.ts, 10000, 0, 0-150 154-154",
    "mjpeg.mjpeg, 0, 20000, 0-29",
    "joined1s.vob, 5000, 5000, 0-89"
  })
  void shouldKnowAVideoAmongOtherBytes(
      String name, int before, int behind, String numbers, @TempDir Path directory)
      throws Exception {
    Random random = new Random(1);
    byte[] lead = new byte[before];
    byte[] rest = new byte[behind];
    random.nextBytes(lead);
    random.nextBytes(rest);
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(lead);
    whole.writeBytes(Files.readAllBytes(file(name)));
    whole.writeBytes(rest);
    List<Integer> shown = new ArrayList<>();

    DecodeResult result =
        decode(
            Files.write(directory.resolve("among"), whole.toByteArray()),
            EACH,
            Sampling.sliding(10_000),
            shown);

    assertThat(result).isInstanceOf(Decoded.class);
    assertThat(shown).isEqualTo(ranges(numbers));
  }

  /** Some B-frames have a time behind that of the picture after them. */
  @Test
  void shouldNotTakePicturesForLostWhoseTimesAreInAnotherOrder() throws Exception {
    List<Integer> shown = new ArrayList<>();

    DecodeResult result = decode("../swapped.mkv", EACH, Sampling.sliding(10_000), shown);

    assertThat(shown).isEqualTo(ranges("0-89"));
    assertThat(((Decoded) result).note()).isEmpty();
  }

  private static DecodeResult decode(
      String name, ClipSpec spec, Sampling sampling, List<Integer> numbers) throws Exception {
    return decode(file(name), spec, sampling, numbers);
  }

  private static DecodeResult decode(
      Path file, ClipSpec spec, Sampling sampling, List<Integer> numbers) throws Exception {
    List<ByteBuffer> pictures = new ArrayList<>();
    DecodeResult result = DecodedPictures.decode(file, spec, sampling, pictures);
    pictures.forEach(picture -> numbers.add(number(picture)));
    return result;
  }

  private static Path file(String name) throws Exception {
    return Path.of(FoundCasesTest.class.getResource("cases/" + name).toURI());
  }

  private static int number(ByteBuffer pixels) {
    int number = 0;
    for (int bit = 0; bit < 12; bit++) {
      int x = (int) ((bit + 0.5) * 128 / 12);
      int green = pixels.get(3 * (16 * 128 + x) + 1) & 0xff;
      number = 2 * number + (green > 127 ? 1 : 0);
    }
    return number;
  }

  private static List<Integer> ranges(String text) {
    List<Integer> numbers = new ArrayList<>();
    for (String range : text.split(" ", -1)) {
      String[] ends = range.split("-", -1);
      IntStream.rangeClosed(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]))
          .forEach(numbers::add);
    }
    return numbers;
  }
}
