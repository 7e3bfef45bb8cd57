package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_close_input;
import static org.bytedeco.ffmpeg.global.avformat.avformat_find_stream_info;
import static org.bytedeco.ffmpeg.global.avformat.avformat_open_input;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.javacpp.PointerPointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the header says, against what FFmpeg finds by decoding. */
class KnownTrackTest {
  private static final Path RESOURCES = Path.of("src/test/resources");

  /** Profile High, 1920 x 1088 cropped to 1080, BT.709, at most two pictures reordered. */
  private static final String HIGH =
      "01640028ffe1001e67640028acd940780227e5c05a808080a0000003002000000781e30632c0"
          + "01000468ebef2cfdf8f800";

  @TempDir Path folder;

  @BeforeAll
  static void load() {
    Ffmpeg.load();
  }

  @Test
  void shouldKnowWhatDecodingTells() throws Exception {
    int known = 0;
    for (Path file : files()) {
      List<Object> byDecoding = new ArrayList<>();
      AVFormatContext context = avformat_alloc_context();
      AVDictionary options = new AVDictionary(null);
      if (avformat_open_input(context, file.toString(), null, options) < 0) {
        continue; // not a video
      }
      for (int i = 0; i < context.nb_streams(); i++) {
        known += KnownTrack.of(context.streams(i).codecpar()).isPresent() ? 1 : 0;
      }
      avformat_find_stream_info(context, (PointerPointer<AVDictionary>) null);
      for (int i = 0; i < context.nb_streams(); i++) {
        byDecoding.addAll(told(context.streams(i).codecpar()));
      }
      avformat_close_input(context);

      try (Deadline deadline = new Deadline(Duration.ofSeconds(60));
          Container container = Container.open(file, DecodeLimits.defaults())) {
        List<Object> told = new ArrayList<>();
        for (int i = 0; i < container.context().nb_streams(); i++) {
          told.addAll(told(container.context().streams(i).codecpar()));
        }
        assertThat(told).as(file.toString()).isEqualTo(byDecoding);
      }
    }
    assertThat(known).isGreaterThan(4);
  }

  private static List<Object> told(AVCodecParameters of) {
    if (of.codec_id() != AV_CODEC_ID_H264) {
      return List.of();
    }
    return List.of(
        of.format(),
        of.profile(),
        of.width(),
        of.height(),
        of.video_delay(),
        of.field_order(),
        of.sample_aspect_ratio().num(),
        of.sample_aspect_ratio().den(),
        of.color_range(),
        of.color_space(),
        of.color_primaries(),
        of.color_trc());
  }

  private List<Path> files() throws Exception {
    Path made =
        TestVideos.write(
            folder.resolve("made.mp4"), VideoEncoder.Settings.of("libopenh264", 160, 120, 25), 40);
    try (Stream<Path> all = Files.walk(RESOURCES)) {
      return Stream.concat(
              Stream.of(made), all.filter(file -> file.toString().matches(".*[.](mp4|mov)")))
          .toList();
    }
  }

  @Test
  void shouldReadASequence() {
    H264Sequence sequence = H264Sequence.only(header(HIGH)).orElseThrow();

    assertThat(sequence.chroma()).isEqualTo(1);
    assertThat(sequence.bits()).isEqualTo(8);
    assertThat(List.of(sequence.width(), sequence.height())).isEqualTo(List.of(1920, 1080));
    assertThat(sequence.pixelAspect()).isEqualTo(new H264Sequence.Ratio(1, 1));
    assertThat(sequence.fullRange()).contains(false);
    assertThat(sequence.colours()).contains(new H264Sequence.Colours(1, 1, 1));
    assertThat(sequence.reordered()).contains(2);
  }

  @Test
  void shouldNotBelieveWhatIsCutOffOrNone() {
    byte[] whole = bytes(HIGH);
    for (int length = 0; length < 38; length++) {
      assertThat(H264Sequence.only(ByteBuffer.wrap(whole).limit(length))).isEmpty();
    }
    assertThat(H264Sequence.only(header("000000016742c01e"))).isEmpty(); // start codes
    assertThat(H264Sequence.only(header(HIGH.replaceFirst("ffe1", "ffe2")))).isEmpty();
  }

  private static ByteBuffer header(String hex) {
    return ByteBuffer.wrap(bytes(hex));
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }
}
