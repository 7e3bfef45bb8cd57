package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CardRulesTest {
  private static final Path RESOURCES = Path.of("src/test/resources/io/clipstream/model/clip");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "libopenh264, mp4, 128, true",
    "libopenh264, ts, 128, true",
    "libopenh264, mkv, 128, true",
    "libvpx, webm, 128, true",
    "libvpx, webm, 129, false",
    "libvpx-vp9, webm, 128, true",
    "libopenh264, mp4, 4112, false",
    "libvpx, webm, 4112, true",
    "mpeg4, mp4, 128, false",
    "mpeg2video, ts, 128, false",
    "mjpeg, avi, 128, false",
    "libsvtav1, mp4, 128, false",
  })
  void shouldAdmitWhatComesOutTheSame(String codec, String container, int width, boolean admitted)
      throws Exception {
    Path file = folder.resolve("v." + container);
    VideoEncoder.Settings settings = VideoEncoder.Settings.of(codec, width, 96, 25);
    TestVideos.write(
        file, codec.equals("mjpeg") ? settings.withPixelFormat("yuvj420p") : settings, 12);

    assertAdmitted(file, admitted);
  }

  @ParameterizedTest
  @CsvSource({
    "hevc-open-gop.mp4, true",
    "hevc-10-bit.mkv, false",
    "h264-422-10-bit.mov, false",
    "h264-interlaced.ts, true",
    "h264-open-gop.mp4, true",
  })
  void shouldAdmitEightBitsWithHalvedChroma(String name, boolean admitted) throws Exception {
    assertAdmitted(RESOURCES.resolve(name), admitted);
  }

  private static void assertAdmitted(Path file, boolean admitted) throws Exception {
    Ffmpeg.load();
    try (VideoSource source = VideoSource.open(file, DecodeLimits.defaults())) {
      assertThat(CardRules.admit(source.track())).isEqualTo(admitted);
    }
  }

  @Test
  void shouldNotAdmitH264WithoutColour() {
    // High profile, level 3: profile_idc, constraints, level_idc, seq_parameter_set_id 0 (a bit
    // 1), chroma_format_idc 0 (1) or 1 (010)
    byte[] gray = {0x67, 100, 0, 30, (byte) 0b1110_0000, 0x40};
    byte[] colour = {0x67, 100, 0, 30, (byte) 0b1010_1000, 0x40};
    byte[] main = {0x67, 77, 0, 30, (byte) 0b1110_0000, 0x40};

    assertThat(CardRules.h264InColour(behindStartCode(colour))).isTrue();
    assertThat(CardRules.h264InColour(behindStartCode(main))).isTrue();
    assertThat(CardRules.h264InColour(behindStartCode(gray))).isFalse();
    assertThat(CardRules.h264InColour(behindStartCode(colour, gray))).isFalse();
    assertThat(CardRules.h264InColour(avcc(colour))).isTrue();
    assertThat(CardRules.h264InColour(avcc(gray))).isFalse();
    assertThat(CardRules.h264InColour(avcc(colour, gray))).isFalse();
  }

  @Test
  void shouldNotAdmitWhatSaysNothing() {
    assertThat(CardRules.h264InColour(ByteBuffer.allocate(0))).isFalse();
    assertThat(CardRules.h264InColour(ByteBuffer.wrap(new byte[] {1, 2, 3}))).isFalse();
    assertThat(CardRules.h264InColour(avcc())).isFalse();
    byte[] cut = {1, 100, 0, 30, (byte) 0xff, (byte) 0xe1, 0, 50, 0x67, 100};
    assertThat(CardRules.h264InColour(ByteBuffer.wrap(cut))).isFalse();
  }

  private static ByteBuffer behindStartCode(byte[]... units) {
    ByteBuffer header = ByteBuffer.allocate(100);
    for (byte[] unit : units) {
      header.put(new byte[] {0, 0, 0, 1}).put(unit);
    }
    return header.flip();
  }

  private static ByteBuffer avcc(byte[]... units) {
    ByteBuffer header = ByteBuffer.allocate(100);
    header.put(new byte[] {1, 100, 0, 30, (byte) 0xff, (byte) (0xe0 | units.length)});
    for (byte[] unit : units) {
      header.putShort((short) unit.length).put(unit);
    }
    return header.put((byte) 0).flip();
  }
}
