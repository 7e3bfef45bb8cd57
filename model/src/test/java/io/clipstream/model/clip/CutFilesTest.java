package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.VideoEncoder.Settings;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A file that ends early is called complete only if every picture is there, as it was. */
@Timeout(300)
class CutFilesTest {
  private static final int FRAMES = 50;
  private static final String ASF_PROPERTIES = "\u00a1\u00dc\u00ab\u008c\u0047";
  private static final String FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof";

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
    for (double percent :
        new double[] {0.1, 0.3, 0.7, 1.1, 1.6, 2, 2.5, 3, 4, 5, 7, 10, 30, 60, 85, 95}) {
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

  /** Where a file ends between two packets, only what it says of itself tells that more follow. */
  @ParameterizedTest(name = "{0} of {1}")
  @CsvSource({
    "a.nut, ffv1, it has no index at its end: it may be cut off",
    "a.nut, mpeg4, it has no index at its end: it may be cut off",
    "a.ivf, libvpx, 'its header says 2.00 s, its data ends at '",
    "a.gxf, mpeg2video, 'its header says 2.00 s, its data ends at '",
    "a.avi, mpeg4, 'of the 50 frames that its header promises '"
  })
  void shouldNotCallAFileCompleteThatEndsBetweenTwoPackets(String name, String codec, String note)
      throws Exception {
    byte[] whole = write(name, codec, "");
    List<ByteBuffer> pictures = new ArrayList<>();
    assertThat(decode(name, whole, pictures).note()).isEmpty();
    assertThat(pictures).hasSize(FRAMES);
    List<Integer> ends = packetEnds(directory.resolve(name));
    assertThat(ends).hasSize(FRAMES);

    for (int frames : List.of(2, 10, 30, FRAMES - 1)) {
      List<ByteBuffer> left = new ArrayList<>();
      Decoded decoded = decode(name, Arrays.copyOf(whole, ends.get(frames - 1)), left);

      assertThat(left).isEqualTo(pictures.subList(0, left.size())).hasSizeBetween(1, frames);
      assertThat(decoded.note()).startsWith(note);
    }
  }

  /** Its last page says that it is the last. */
  @Test
  void shouldMissPagesOfOgg() throws Exception {
    byte[] whole = write("a.ogg", "libvpx", "");
    List<Integer> pages = new ArrayList<>();
    for (int at = 4; at < whole.length - 5; at++) {
      if (new String(whole, at, 5, StandardCharsets.ISO_8859_1).equals("OggS\0")) {
        pages.add(at);
      }
    }
    assertThat(pages).hasSizeGreaterThan(4);

    for (int end : pages.subList(3, pages.size())) {
      Decoded decoded = decode("a.ogg", Arrays.copyOf(whole, end), new ArrayList<>());

      assertThat(decoded.note())
          .isEqualTo("its last page does not end its stream: it may be cut off");
    }
  }

  /** An index alone that is missing, or a part of it, is no loss of pictures. */
  @ParameterizedTest
  @ValueSource(ints = {1, 12, 20})
  void shouldNotMissTheEndOfAnIndex(int cut) throws Exception {
    byte[] whole = write("a.nut", "ffv1", "");

    Decoded decoded = decode("a.nut", Arrays.copyOf(whole, whole.length - cut), new ArrayList<>());

    assertThat(decoded.note()).isEmpty();
  }

  /** The length of a movie in fragments, which no index lists, where its header states one. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4})
  void shouldMissFragmentsByTheLengthThatTheHeaderStates(int fragments) throws Exception {
    byte[] whole = stateLength(write("a.mp4", "libopenh264", "movflags=" + FRAGMENTS), 2000);
    List<ByteBuffer> pictures = new ArrayList<>();
    assertThat(decode("a.mp4", whole, pictures).note()).isEmpty();
    assertThat(pictures).hasSize(FRAMES);
    int end = find(whole, "moof") - 4;
    for (int i = 0; i < fragments; i++) {
      end = find(whole, "moof", end + 8) - 4;
    }
    List<ByteBuffer> left = new ArrayList<>();

    Decoded decoded = decode("a.mp4", Arrays.copyOf(whole, end), left);

    assertThat(left).isEqualTo(pictures.subList(0, 10 * fragments));
    assertThat(decoded.note())
        .isEqualTo(
            String.format(
                Locale.ROOT, "its header says 2.00 s, its data ends at %.2f s", 0.4 * fragments));
  }

  /** One of those that were downloaded never came. Where no number is missing, nothing is. */
  @Test
  void shouldMissAFragmentByItsNumber() throws Exception {
    byte[] whole = write("a.mp4", "libopenh264", "movflags=" + FRAGMENTS);
    List<Integer> fragments = new ArrayList<>();
    for (int at = 0; fragments.size() < 5; at = fragments.get(fragments.size() - 1) + 8) {
      fragments.add(find(whole, "moof", at) - 4);
    }
    byte[] before = Arrays.copyOf(whole, fragments.get(2));
    byte[] gone =
        concat(before, Arrays.copyOfRange(whole, fragments.get(3), find(whole, "mfra") - 4));
    List<ByteBuffer> pictures = new ArrayList<>();

    assertThat(decode("a.mp4", gone, pictures).note())
        .isEqualTo("10 frames are lost where its data is damaged");
    assertThat(pictures).hasSize(FRAMES - 10);
    for (int i : List.of(3, 4)) {
      gone[fragments.get(i) - (fragments.get(3) - fragments.get(2)) + 23] = (byte) i;
    }
    assertThat(decode("a.mp4", gone, new ArrayList<>()).note()).isEmpty();
  }

  /** Where sound is behind the pictures of a fragment, all of those may be there. */
  @Test
  void shouldMissSoundBehindTheLastPicture() throws Exception {
    byte[] whole = write("a.mp4", "libopenh264", "movflags=" + FRAGMENTS);
    int last = find(whole, "mfra") - 4;
    byte[] data = Arrays.copyOf(whole, last + 1);
    int begin = new String(whole, StandardCharsets.ISO_8859_1).lastIndexOf("mdat") - 4;
    ByteBuffer.wrap(data).putInt(begin, last - begin + 2); // one byte of other media

    Decoded decoded = decode("a.mp4", data, new ArrayList<>());

    assertThat(decoded.note()).isEqualTo("the file is cut off: at least 1 byte is missing");
    assertThat(decode("a.mp4", Arrays.copyOf(data, last + 2), new ArrayList<>()).note()).isEmpty();
  }

  /** What is behind zeros is not read, but there is nothing of media in it. */
  @Test
  void shouldNotMissAnIndexBehindPadding() throws Exception {
    byte[] whole = write("a.mp4", "libopenh264", "movflags=" + FRAGMENTS);
    int index = find(whole, "mfra") - 4;

    for (int padding : new int[] {8, 512, 515}) {
      byte[] media = Arrays.copyOf(whole, index + padding);
      byte[] padded = concat(media, Arrays.copyOfRange(whole, index, whole.length));
      assertThat(decode("a.mp4", padded, new ArrayList<>()).note()).isEmpty();
    }
  }

  /** Some writers state none, or one that is somewhat short. */
  @ParameterizedTest
  @ValueSource(longs = {0, 1900, -1})
  void shouldNotMissFragmentsWhereTheHeaderStatesNoLength(long length) throws Exception {
    byte[] whole = stateLength(write("a.mp4", "libopenh264", "movflags=" + FRAGMENTS), length);

    assertThat(decode("a.mp4", whole, new ArrayList<>()).note()).isEmpty();
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

  /** Some writers of AVI do not make sizes of chunks even. Behind a file may be something else. */
  @Test
  void shouldReadChunksThatFollowEachOtherAtOddPlaces() throws Exception {
    byte[] whole = write("a.avi", "mpeg4", "");
    int list = find(whole, "movi") - 8;
    ByteBuffer from = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    ByteArrayOutputStream to = new ByteArrayOutputStream();
    to.write(whole, 0, list + 12);
    int odd = 0;
    int end = list + 8 + from.getInt(list + 4);
    for (int at = list + 12; at < end; ) {
      int size = from.getInt(at + 4);
      to.write(whole, at, 8 + size);
      odd += size % 2;
      at += 8 + size + size % 2;
    }
    assertThat(odd).isGreaterThan(2);
    byte[] chunks = to.toByteArray();
    ByteBuffer sizes = ByteBuffer.wrap(chunks).order(ByteOrder.LITTLE_ENDIAN);
    sizes.putInt(4, chunks.length - 8).putInt(list + 4, chunks.length - list - 8);

    assertThat(decode("a.avi", chunks, new ArrayList<>()).note()).isEmpty();
    assertThat(decode("a.avi", concat(whole, new byte[5000]), new ArrayList<>()).note()).isEmpty();
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
      case "a.asf" -> fill(file, find(file, ASF_PROPERTIES) + 88, 1, 1);
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
    "a.apng, apng, ''",
    "a.wtv, mpeg2video, ''",
    "a.avi, mpeg4, ''"
  })
  void shouldSayThatAnotherVideoIsBehindOne(String name, String codec, String option)
      throws Exception {
    byte[] one = write(name, codec, option);
    List<byte[]> others = new ArrayList<>(List.of(one));
    for (String other :
        List.of(
            "webm libvpx",
            "avi mpeg4",
            "apng apng",
            "m2ts mpeg2video",
            "ivf libvpx",
            "ts mpeg2video",
            "mpg mpeg1video",
            "mxf mpeg2video",
            "gxf mpeg2video",
            "nut mpeg4",
            "rm rv10",
            "y4m wrapped_avframe")) {
      String[] parts = other.split(" ", -1);
      others.add(write("other." + parts[0], parts[1], ""));
    }
    for (byte[] other : others) {
      List<ByteBuffer> pictures = new ArrayList<>();

      Decoded decoded = decode(name, concat(one, other), pictures);

      if (name.endsWith(".avi") && pictures.size() > FRAMES) {
        continue; // one more AVI file, which is read
      }
      assertThat(pictures).hasSize(FRAMES);
      assertThat(decoded.note())
          .isEqualTo("behind it in the file is another video, which is not read");
    }
  }

  /** The size of a box may look as other containers begin. */
  @ParameterizedTest
  @ValueSource(strings = {"free", "udta", "uuid", "mdat", "skip"})
  void shouldNotTakeABoxForAnotherVideo(String type) throws Exception {
    ByteBuffer box = ByteBuffer.allocate(0x1ba).putInt(0x1ba);
    box.put(type.getBytes(StandardCharsets.ISO_8859_1));

    byte[] both = concat(write("a.mp4", "libopenh264", ""), box.array());

    assertThat(decode("a.mp4", both, new ArrayList<>()).note()).isEmpty();
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

  /** Recorders make their files long in advance; FFmpeg's reader of MPEG-TS stops after 64 KiB. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "a.ts, mpeg2video, ''",
    "a.m2ts, libopenh264, mpegts_m2ts_mode=1",
    "a.mpg, mpeg1video, ''"
  })
  void shouldReadOnBehindZeros(String name, String codec, String option) throws Exception {
    byte[] one = write(name, codec, option);
    byte[] padded = Arrays.copyOf(one, one.length + 300_000);
    List<ByteBuffer> pictures = new ArrayList<>();
    List<ByteBuffer> both = new ArrayList<>();

    assertThat(decode(name, padded, pictures).note()).isEmpty();
    assertThat(decode(name, concat(padded, one), both).note()).isEmpty();

    assertThat(pictures).hasSize(FRAMES);
    assertThat(both).hasSize(2 * FRAMES);
  }

  /** FFmpeg's reader of MXF gives all packets behind the first file the time of its end. */
  @Test
  void shouldCountTheFramesOfJoinedMxf() throws Exception {
    byte[] one = write("a.mxf", "mpeg2video", "");
    List<ByteBuffer> pictures = new ArrayList<>();

    Decoded decoded = decode("a.mxf", concat(concat(one, one), one), pictures);

    assertThat(pictures).hasSize(3 * FRAMES);
    assertThat(pictures.subList(FRAMES, 2 * FRAMES)).isEqualTo(pictures.subList(0, FRAMES));
    assertThat(decoded.info().durationSeconds()).isCloseTo(6, within(1e-6));
    assertThat(decoded.info().framesPerSecond()).isCloseTo(25, within(1e-6));
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
    boolean fixed = name.endsWith(".gxf"); // knows two sizes
    Settings settings =
        Settings.of(codec, fixed ? 720 : 96, fixed ? 576 : 64, 25)
            .withKeyInterval(10)
            .withBitRate(400_000);
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
    return DecodedPictures.decode(file, RandomAccessTest.EACH, Sampling.sliding(10_000), pictures);
  }

  private static void fill(byte[] bytes, int from, int count, int value) {
    Arrays.fill(bytes, from, from + count, (byte) value);
  }

  private static int find(byte[] bytes, String text) {
    return find(bytes, text, 0);
  }

  private static int find(byte[] bytes, String text, int from) {
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text, from);
    assertThat(at).isNotNegative();
    return at;
  }

  /** The movie in fragments with a {@code mehd} box, in thousandths of a second. */
  private static byte[] stateLength(byte[] movie, long length) {
    ByteBuffer bytes = ByteBuffer.wrap(movie);
    int index = find(movie, "moov") - 4;
    int more = find(movie, "mvex") - 4;
    bytes.putInt(index, bytes.getInt(index) + 20);
    bytes.putInt(more, bytes.getInt(more) + 20);
    byte[] header = "mehd".getBytes(StandardCharsets.ISO_8859_1);
    return ByteBuffer.allocate(movie.length + 20)
        .put(movie, 0, more + 8)
        .putInt(20)
        .put(header)
        .putInt(1 << 24) // version 1: a length of eight bytes
        .putLong(length)
        .put(movie, more + 8, movie.length - more - 8)
        .array();
  }

  private static List<Integer> packetEnds(Path file) throws Exception {
    List<Integer> ends = new ArrayList<>();
    try (Deadline deadline = new Deadline(Duration.ofMinutes(1));
        VideoSource source = VideoSource.open(file, DecodeLimits.defaults())) {
      while (source.next()) {
        int header = source.container().name().equals("ivf") ? 12 : 0; // which its place is of
        ends.add((int) source.packet().pos() + header + source.packet().size());
      }
    }
    return ends;
  }

  private static byte[] concat(byte[] one, byte[] other) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(one);
    both.writeBytes(other);
    return both.toByteArray();
  }
}
