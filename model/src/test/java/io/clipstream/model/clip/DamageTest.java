package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.VideoEncoder.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One wrong bit: pictures that it reaches are not called complete, where anything tells of it. */
@Timeout(120)
class DamageTest {
  @TempDir Path directory;

  /** A slice of noise takes more than 255 bytes, so that its size does not fit into one. */
  @ParameterizedTest(name = "a key frame in {0}, noise: {1}")
  @CsvSource({"1, false", "12, false", "1, true", "12, true"})
  void shouldSeeThatSlicesDisagreeWithTheirChecksums(int keyInterval, boolean noise)
      throws Exception {
    Path good = directory.resolve("good.mkv");
    Settings settings =
        Settings.of("ffv1", 96, 64, 25)
            .withKeyInterval(keyInterval)
            .withCodecOptions(Map.of("level", "3", "slicecrc", "1", "slices", "4"));
    if (noise) {
      writeNoise(good, settings, 36);
      assertThat(Files.size(good)).isGreaterThan(36 * 4 * 1024);
    } else {
      TestVideos.write(good, settings, 36);
    }
    List<ByteBuffer> right = new ArrayList<>();
    List<TimeRange> times = new ArrayList<>();
    assertThat(RandomAccessTest.decode(good, Optional.empty(), right, times).complete()).isTrue();
    byte[] bytes = Files.readAllBytes(good);
    bytes[bytes.length / 2] ^= 4;
    Path bad = Files.write(directory.resolve("bad.mkv"), bytes);

    List<ByteBuffer> shown = new ArrayList<>();
    Decoded all = RandomAccessTest.decode(bad, Optional.empty(), shown, new ArrayList<>());

    assertThat(all.note()).isEqualTo("1 frame damaged");
    assertThat(shown).hasSameSizeAs(right);
    int wrong = 0;
    for (int i = 0; i < right.size(); i++) {
      List<ByteBuffer> alone = new ArrayList<>();
      Decoded one =
          RandomAccessTest.decode(bad, Optional.of(times.get(i)), alone, new ArrayList<>());
      assertThat(alone).containsExactly(shown.get(i));
      if (!alone.equals(List.of(right.get(i)))) {
        wrong++;
        assertThat(one.complete()).as("picture " + i).isFalse();
      }
    }
    assertThat(wrong).isBetween(1, keyInterval);
  }

  /**
   * Where the container is damaged, FFmpeg leaves packets out and goes on behind them: the next
   * ones have their right times.
   */
  @ParameterizedTest
  @CsvSource({"a.mkv, mpeg4", "a.webm, libvpx", "a.ogg, libvpx", "a.flv, flv"})
  void shouldMissWhatAContainerLoses(String name, String codec) throws Exception {
    Path good =
        TestVideos.write(
            directory.resolve(name),
            Settings.of(codec, 96, 64, 25).withKeyInterval(10).withBitRate(60_000),
            50);
    List<ByteBuffer> right = new ArrayList<>();
    assertThat(RandomAccessTest.decode(good, Optional.empty(), right, new ArrayList<>()).note())
        .isEmpty();
    assertThat(right).hasSize(50);
    byte[] bytes = Files.readAllBytes(good);
    Random random = new Random(3);

    List<String> silent = new ArrayList<>();
    for (int i = 0; i < 90; i++) {
      int at = bytes.length / 5 + random.nextInt(bytes.length * 3 / 4);
      byte[] damaged = bytes.clone();
      switch (i % 3) {
        case 0 -> Arrays.fill(damaged, at, Math.min(bytes.length, at + 40), (byte) 0);
        case 1 -> { // a byte less
          System.arraycopy(bytes, at + 1, damaged, at, bytes.length - at - 1);
          damaged = Arrays.copyOf(damaged, bytes.length - 1);
        }
        default -> { // some bytes twice
          damaged = Arrays.copyOf(bytes, bytes.length + 60);
          System.arraycopy(bytes, at, damaged, at + 60, bytes.length - at);
        }
      }
      Path bad = Files.write(directory.resolve("bad"), damaged);
      List<ByteBuffer> left = new ArrayList<>();
      DecodeResult result = DamageTest.decode(bad, left);
      if (result instanceof Decoded decoded && decoded.complete() && left.size() != right.size()) {
        silent.add("kind " + i % 3 + ", byte " + at + ", " + left.size() + " pictures");
      }
    }

    assertThat(silent).isEmpty();
  }

  /** That it lacks pictures from before a cut is no damage; what it makes of damage is. */
  @ParameterizedTest
  @CsvSource({
    "a.mpg, mpeg1video, 0",
    "a.mpg, mpeg2video, 0",
    "a.ts, mpeg2video, 0",
    "a.mpg, mpeg1video, 2"
  })
  void shouldSeeDamageOfTheFirstPictures(String name, String codec, int bFrames) throws Exception {
    Path good = directory.resolve(name);
    writeNoise(
        good,
        Settings.of(codec, 96, 64, 25)
            .withBitRate(2_000_000)
            .withKeyInterval(12)
            .withBFrames(bFrames),
        30);
    List<ByteBuffer> right = new ArrayList<>();
    assertThat(((Decoded) decode(good, right)).note()).isEmpty();
    byte[] bytes = Files.readAllBytes(good);

    List<String> silent = new ArrayList<>();
    int told = 0;
    for (int at = 1500; at < Math.min(bytes.length / 3, 20_000); at += 700) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= 0x3c;
      List<ByteBuffer> shown = new ArrayList<>();
      DecodeResult result = decode(Files.write(directory.resolve("bad"), damaged), shown);
      told += result instanceof Decoded decoded && !decoded.complete() ? 1 : 0;
      if (result instanceof Decoded decoded && decoded.complete() && shown.size() != right.size()) {
        silent.add("byte " + at + ", " + shown.size() + " pictures");
      }
    }

    assertThat(silent).isEmpty();
    assertThat(told).isPositive();
  }

  /**
   * A few zeros in a row, as those of sectors that were never written. FFmpeg's decoder for HEVC
   * takes them for data, the one for H.264 does so now and then.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {"hevc-open-gop.mp4", "hevc-10-bit.mkv", "h264-open-gop.mp4", "h264-raw.h264"})
  void shouldSeeHolesInPictures(String name) throws Exception {
    Path good = Path.of(DamageTest.class.getResource(name).toURI());
    List<ByteBuffer> right = new ArrayList<>();
    assertThat(((Decoded) decode(good, right)).note()).isEmpty();
    byte[] bytes = Files.readAllBytes(good);

    int different = 0;
    List<String> silent = new ArrayList<>();
    for (int at : middles(good)) {
      byte[] damaged = bytes.clone();
      Arrays.fill(damaged, at, at + 6, (byte) 0);
      List<ByteBuffer> shown = new ArrayList<>();
      Decoded decoded = (Decoded) decode(Files.write(directory.resolve("bad"), damaged), shown);
      different += shown.equals(right) ? 0 : 1;
      if (decoded.complete() && !shown.equals(right)) {
        silent.add("byte " + at);
      }
    }

    assertThat(different).isPositive();
    assertThat(silent).isEmpty();
  }

  /** Wrong in MP4, but no damage: FFmpeg reads them. */
  @Test
  void shouldReadStartCodesInPlaceOfLengths() throws Exception {
    Path good = Path.of(DamageTest.class.getResource("h264-open-gop.mp4").toURI());
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(good));
    DecodeLimits limits = DecodeLimits.defaults();
    try (Deadline deadline = new Deadline(limits.timeout());
        VideoSource source = VideoSource.open(good, limits)) {
      while (source.next()) {
        int at = (int) source.packet().pos();
        int end = at + source.packet().size();
        while (at < end) {
          int length = bytes.getInt(at);
          bytes.putInt(at, 1);
          at += 4 + length;
        }
      }
    }

    assertNotDamaged(Files.write(directory.resolve("codes.mp4"), bytes.array()), good);
  }

  /** All pictures of a file are those of another, and nothing is said to be wrong with it. */
  private static void assertNotDamaged(Path file, Path good) throws Exception {
    List<ByteBuffer> right = new ArrayList<>();
    decode(good, right);
    List<ByteBuffer> shown = new ArrayList<>();
    assertThat(((Decoded) decode(file, shown)).note()).isEmpty();
    assertThat(shown).isEqualTo(right);
  }

  /** Muxers that state lengths of PES packets, and wrong ones: FFmpeg marks each as damaged. */
  @Test
  void shouldNotTakeWrongLengthsForLostData() throws Exception {
    Path good = Path.of(DamageTest.class.getResource("h264-interlaced.ts").toURI());
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(good));
    int begin = -1; // of a PES packet
    int length = 0;
    for (int at = 0; at < bytes.limit(); at += 188) {
      int flags = bytes.getInt(at);
      if ((flags >> 8 & 0x1fff) != 0x100) {
        continue;
      }
      int body = at + 4 + ((flags & 0x20) != 0 ? 1 + (bytes.get(at + 4) & 0xff) : 0);
      if ((flags & 0x400000) != 0) {
        if (begin >= 0) {
          bytes.putShort(begin + 4, (short) (length - 6 + 10));
        }
        begin = body;
        length = 0;
      }
      length += at + 188 - body;
    }

    assertNotDamaged(Files.write(directory.resolve("a.ts"), bytes.array()), good);
  }

  /** A packet of a transport stream that is lost, within a picture or where one begins. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldSeeThatPacketsOfATransportStreamAreLost(boolean overwritten) throws Exception {
    Path good = Path.of(DamageTest.class.getResource("h264-interlaced.ts").toURI());
    List<ByteBuffer> right = new ArrayList<>();
    assertThat(((Decoded) decode(good, right)).note()).isEmpty();
    byte[] bytes = Files.readAllBytes(good);

    int different = 0;
    List<String> silent = new ArrayList<>();
    for (int at = 8 * 188; at < bytes.length - 10 * 188; at += 188) {
      byte[] damaged = bytes.clone();
      if (overwritten) {
        Arrays.fill(damaged, at, at + 188, (byte) 0);
      } else {
        System.arraycopy(bytes, at + 188, damaged, at, bytes.length - at - 188);
        damaged = Arrays.copyOf(damaged, bytes.length - 188);
      }
      List<ByteBuffer> shown = new ArrayList<>();
      DecodeResult result = decode(Files.write(directory.resolve("bad"), damaged), shown);
      different += shown.equals(right) ? 0 : 1;
      if (result instanceof Decoded decoded && decoded.complete() && !shown.equals(right)) {
        silent.add("byte " + at + ": " + shown.size() + " pictures of " + right.size());
      }
    }

    assertThat(different).isPositive();
    assertThat(silent).isEmpty();
  }

  /** Codecs without checksums whose decoders show whatever there is. */
  @ParameterizedTest
  @CsvSource({"a.webm, libvpx", "a.webm, libvpx-vp9", "a.mkv, ffv1", "a.avi, msmpeg4"})
  void shouldSeeLongHoles(String name, String codec) throws Exception {
    Path good = directory.resolve(name);
    Settings settings = Settings.of(codec, 160, 96, 25).withKeyInterval(5).withBFrames(0);
    boolean lossless = codec.equals("ffv1");
    writeNoise(
        good,
        lossless
            ? settings.withCodecOptions(Map.of("level", "3", "slicecrc", "0"))
            : settings.withBitRate(4_000_000),
        10);
    List<ByteBuffer> right = new ArrayList<>();
    assertThat(((Decoded) decode(good, right)).note()).isEmpty();
    byte[] bytes = Files.readAllBytes(good);

    for (int at : middles(good)) {
      byte[] damaged = bytes.clone();
      Arrays.fill(damaged, at, at + 256, (byte) 0);
      List<ByteBuffer> shown = new ArrayList<>();
      Decoded decoded = (Decoded) decode(Files.write(directory.resolve("bad"), damaged), shown);
      assertThat(decoded.complete()).as("byte " + at).isFalse();
    }
  }

  /** What is most likely all along, these coders write as zeros: of flat areas, or of ramps. */
  @ParameterizedTest
  @ValueSource(strings = {"flat.webm", "ffv1-ramp.mkv"})
  void shouldNotTakeTheZerosOfEvenPicturesForHoles(String name) throws Exception {
    Path file =
        name.equals("flat.webm")
            ? writeFlatAboveNoise(directory.resolve(name))
            : Path.of(DamageTest.class.getResource(name).toURI());

    assertThat(longestZeros(file)).isGreaterThan(128);
    assertThat(((Decoded) decode(file, new ArrayList<>())).note()).isEmpty();
  }

  private static Path writeFlatAboveNoise(Path file) throws Exception {
    Settings settings =
        Settings.of("libvpx", 1920, 1080, 25)
            .withBitRate(500_000)
            .withCodecOptions(Map.of("deadline", "realtime", "cpu-used", "8"));
    Random random = new Random(1);
    byte[] pixels = new byte[3 * settings.width() * settings.height()];
    try (VideoEncoder encoder = new VideoEncoder(file, settings)) {
      for (int picture = 0; picture < 4; picture++) {
        for (int i = 3 * settings.width() * 300; i < pixels.length; i += 3) {
          Arrays.fill(pixels, i, i + 3, (byte) random.nextInt());
        }
        encoder.add(ByteBuffer.allocateDirect(pixels.length).put(pixels).flip());
      }
    }
    return file;
  }

  /** Of the packets of a file, apart from their ends. */
  private static int longestZeros(Path file) throws Exception {
    int most = 0;
    DecodeLimits limits = DecodeLimits.defaults();
    try (Deadline deadline = new Deadline(limits.timeout());
        VideoSource source = VideoSource.open(file, limits)) {
      while (source.next()) {
        ByteBuffer bytes = source.packet().data().capacity(source.packet().size()).asByteBuffer();
        for (int i = 0, zeros = 0; i < bytes.limit(); i++) {
          most = bytes.get(i) != 0 ? Math.max(most, zeros) : most;
          zeros = bytes.get(i) != 0 ? 0 : zeros + 1;
        }
      }
    }
    return most;
  }

  /**
   * Where data was lost or put in, no box, packet or chunk is where one has to be: FFmpeg ends, or
   * goes on with the next that it finds.
   */
  @ParameterizedTest(name = "{0}")
  @CsvSource({"a.mp4, libopenh264", "a.asf, wmv2", "a.avi, mjpeg"})
  void shouldSeeThatDataIsLostOrPutIn(String name, String codec) throws Exception {
    Path good = directory.resolve(name);
    Settings settings = Settings.of(codec, 160, 96, 25).withKeyInterval(5).withBitRate(2_000_000);
    boolean fragments = name.equals("a.mp4");
    writeNoise(
        good,
        fragments
            ? settings.withFormatOptions(Map.of("movflags", "frag_keyframe+empty_moov"))
            : settings,
        30);
    byte[] whole = Files.readAllBytes(good);
    if (name.equals("a.asf")) {
      int properties = new String(whole, StandardCharsets.ISO_8859_1).indexOf("\u00a1\u00dc\u00ab");
      whole[properties + 88] |= 1; // a broadcast: how many packets there are is not said
      Files.write(good, whole);
    }
    List<ByteBuffer> right = new ArrayList<>();
    assertThat(((Decoded) decode(good, right)).note()).isEmpty();

    List<String> silent = new ArrayList<>();
    for (int percent = 25; percent < 80; percent += 3) {
      for (int bytes : new int[] {-512, -1, 1, 512}) {
        int at = whole.length * percent / 100;
        byte[] changed = Arrays.copyOf(whole, whole.length + bytes);
        int to = Math.max(at, at + bytes); // noise is put in: what follows, once more
        System.arraycopy(whole, to - bytes, changed, to, changed.length - to);
        List<ByteBuffer> shown = new ArrayList<>();
        DecodeResult result = decode(Files.write(directory.resolve("bad"), changed), shown);
        if (result instanceof Decoded decoded && decoded.complete() && !shown.equals(right)) {
          silent.add(bytes + " bytes at " + at);
        }
      }
    }

    assertThat(silent).isEmpty();
  }

  /** Its decoder shows whatever there is; each block of 80 bytes says that it is of pixels. */
  @ParameterizedTest
  @ValueSource(ints = {0, 0x55, 0xff})
  void shouldSeeThatBlocksOfDvAreOverwritten(int value) throws Exception {
    Path good =
        TestVideos.write(directory.resolve("a.avi"), Settings.of("dvvideo", 720, 576, 25), 10);
    List<ByteBuffer> right = new ArrayList<>();
    assertThat(((Decoded) decode(good, right)).note()).isEmpty();
    byte[] bytes = Files.readAllBytes(good);

    for (int at : middles(good)) {
      byte[] damaged = bytes.clone();
      Arrays.fill(damaged, at + 1000, at + 1512, (byte) value); // of pixels
      List<ByteBuffer> shown = new ArrayList<>();
      Decoded decoded = (Decoded) decode(Files.write(directory.resolve("bad"), damaged), shown);
      assertThat(decoded.note()).isEqualTo("1 frame damaged");
    }
  }

  /** A key frame that cannot be decoded is not taken for one before which a capture began. */
  @Test
  void shouldSeeThatAKeyFrameIsNone() throws Exception {
    Path good = Path.of(DamageTest.class.getResource("hevc-10-bit.mkv").toURI());
    byte[] bytes = Files.readAllBytes(good);
    byte[] begin = {0, 0, 0, 0x65, 0x28, 1}; // its length, an IDR picture
    int at = 0;
    while (!Arrays.equals(bytes, at, at + begin.length, begin, 0, begin.length)) {
      at++;
    }
    Arrays.fill(bytes, at, at + begin.length, (byte) 0);
    Path bad = Files.write(directory.resolve("bad.mkv"), bytes);

    List<ByteBuffer> shown = new ArrayList<>();

    assertThat(((Decoded) decode(bad, shown)).note()).isEqualTo("1 packet is cut off or damaged");
  }

  /** Places in the middle of each packet of 24 bytes or more. */
  private static List<Integer> middles(Path file) throws Exception {
    List<Integer> middles = new ArrayList<>();
    DecodeLimits limits = DecodeLimits.defaults();
    try (Deadline deadline = new Deadline(limits.timeout());
        VideoSource source = VideoSource.open(file, limits)) {
      while (source.next()) {
        int size = source.packet().size();
        if (size >= 24) {
          middles.add((int) source.packet().pos() + size / 2);
        }
      }
    }
    assertThat(middles).hasSizeGreaterThan(9);
    return middles;
  }

  /** FFmpeg shows what it can of such a picture, and only says so if it is asked to be strict. */
  @ParameterizedTest
  @ValueSource(strings = {"a.avi", "a.mov", "a.mkv"})
  void shouldSeeThatAPictureOfMotionJpegIsDamaged(String name) throws Exception {
    Path good = directory.resolve(name);
    writeNoise(good, Settings.of("mjpeg", 96, 64, 25).withBitRate(4_000_000), 20);
    List<ByteBuffer> right = new ArrayList<>();
    assertThat(((Decoded) decode(good, right)).note()).isEmpty();
    byte[] bytes = Files.readAllBytes(good);
    List<Integer> pictures = new ArrayList<>();
    for (int i = 0; i < bytes.length - 3; i++) {
      if ((bytes[i] & 0xff) == 0xff && (bytes[i + 1] & 0xff) == 0xda) { // start of a scan
        pictures.add(i + 14);
      }
    }
    assertThat(pictures).hasSize(20);

    for (int number : new int[] {0, 7, 19}) {
      byte[] damaged = bytes.clone();
      int at = pictures.get(number) + 100;
      Arrays.fill(damaged, at, at + 150, (byte) 0x55);
      List<ByteBuffer> shown = new ArrayList<>();
      Path bad = Files.write(directory.resolve("bad"), damaged);

      assertThat(((Decoded) decode(bad, shown)).note()).isEqualTo("1 frame damaged");

      assertThat(shown).hasSize(20);
      for (int i = 0; i < 20; i++) {
        assertThat(shown.get(i).equals(right.get(i))).as("picture " + i).isEqualTo(i != number);
      }
    }
  }

  private static DecodeResult decode(Path file, List<ByteBuffer> pictures) throws Exception {
    return DecodedPictures.decode(file, RandomAccessTest.EACH, Sampling.sliding(100), pictures);
  }

  private static void writeNoise(Path file, Settings settings, int frames) throws Exception {
    Random random = new Random(1);
    byte[] pixels = new byte[3 * settings.width() * settings.height()];
    try (VideoEncoder encoder = new VideoEncoder(file, settings)) {
      for (int i = 0; i < frames; i++) {
        random.nextBytes(pixels);
        encoder.add(ByteBuffer.allocateDirect(pixels.length).put(pixels).flip());
      }
    }
  }

  /** Version 1 has no checksums: what is in their places is no sign of damage. */
  @Test
  void shouldNotMissChecksumsThatAreNotThere() throws Exception {
    for (Map<String, String> options :
        List.of(Map.of("level", "1"), Map.of("level", "3", "slicecrc", "0", "slices", "4"))) {
      Path file =
          TestVideos.write(
              directory.resolve("plain.mkv"),
              Settings.of("ffv1", 96, 64, 25).withCodecOptions(options),
              20);

      Decoded all =
          RandomAccessTest.decode(file, Optional.empty(), new ArrayList<>(), new ArrayList<>());

      assertThat(all.note()).as(options.toString()).isEmpty();
    }
  }

  /** B-frames are shown before a picture that they refer to, and that is decoded before them. */
  @Test
  void shouldSeeDamageOfAPictureThatIsShownLater() throws Exception {
    Path good = Path.of(DamageTest.class.getResource("h264-open-gop.mp4").toURI());
    List<ByteBuffer> right = new ArrayList<>();
    List<TimeRange> times = new ArrayList<>();
    assertThat(RandomAccessTest.decode(good, Optional.empty(), right, times).complete()).isTrue();
    byte[] bytes = Files.readAllBytes(good);
    Random random = new Random(1);

    int wrong = 0;
    List<String> silent = new ArrayList<>();
    for (int flip = 0; flip < 12; flip++) {
      byte[] flipped = bytes.clone();
      int at = bytes.length / 4 + random.nextInt(bytes.length / 2);
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      Path bad = Files.write(directory.resolve("bad.mp4"), flipped);
      List<ByteBuffer> shown = new ArrayList<>();
      Decoded all = RandomAccessTest.decode(bad, Optional.empty(), shown, new ArrayList<>());
      if (!all.note().endsWith("damaged") || shown.size() != right.size()) {
        continue; // H.264 has no checksums: not every wrong bit is told from a right one
      }
      for (int i = 0; i < right.size(); i++) {
        List<ByteBuffer> alone = new ArrayList<>();
        Decoded one =
            RandomAccessTest.decode(bad, Optional.of(times.get(i)), alone, new ArrayList<>());
        boolean equal = alone.equals(List.of(right.get(i)));
        wrong += equal ? 0 : 1;
        if (!equal && one.complete()) {
          silent.add("byte " + at + ", picture " + i);
        }
      }
    }

    assertThat(wrong).isPositive();
    assertThat(silent).isEmpty();
  }
}
