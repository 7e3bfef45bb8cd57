package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_AV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_HEVC;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG2VIDEO;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MPEG4;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_THEORA;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP6F;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP9;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On the beginnings of packets, in hexadecimal. */
class SeekPointsTest {
  private static final String AVCC = "0164000affe100"; // lengths of four bytes
  private static final String HVCC = "01016000000090000000000078f000fcfdf8f800000f";

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "IDR, 00000001 6764 000001 68ee 000001 6588840, 0",
    "P, 00000001 09f0 000001 419a02, -1",
    "I picture that is no recovery point, 000001 0910 000001 4188840, -1",
    "I picture at an open GOP, 000001 0910 000001 0606018480 000001 4188840, 0",
    "P picture that says so of itself, 000001 0910 000001 0606018480 000001 419a02, -1",
    "intra refresh over 6 pictures, 000001 09f0 000001 0606023c4080 000001 419a02, 6",
    "the same after other messages, 000001 060504010203040602 3c4080 000001 419a02, 6",
    "intra refresh that is not exact, 000001 06060238 4080 000001 419a02, -1",
    "nothing but parameters, 000001 6764, -1"
  })
  void shouldReadH264WithStartCodes(String what, String hex, int recovery) {
    assertThat(of(AV_CODEC_ID_H264, "").recovery(bytes(hex))).as(what).isEqualTo(recovery);
  }

  @ParameterizedTest
  @CsvSource({
    "0000000209f0 0000000665888400aabb, 0",
    "0000000209f0 000000060606023c4080 00000003419a02, 6",
    "0000000209f0 00000003419a02, -1",
    "7fffffff65, 0", // cut off
    "000000, -1"
  })
  void shouldReadH264WithLengths(String hex, int recovery) {
    assertThat(of(AV_CODEC_ID_H264, AVCC).recovery(bytes(hex))).isEqualTo(recovery);
  }

  @Test
  void shouldTellReferencePicturesAndPacketsWithoutPictures() {
    SeekPoints h264 = of(AV_CODEC_ID_H264, AVCC);

    assertThat(h264.isReference(bytes("0000000209f000000003419a02"))).isTrue();
    assertThat(h264.isReference(bytes("0000000209f000000003019a02"))).isFalse();
    assertThat(h264.hasPicture(bytes("0000000209f000000003019a02"))).isTrue();
    assertThat(h264.hasPicture(bytes("000000010b"))).isFalse(); // end of stream
    assertThat(of(AV_CODEC_ID_VP8, "").hasPicture(bytes("00"))).isTrue();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"IDR_W_RADL, 2601, 0", "CRA, 2a01, 0", "RASL_R, 1201, -1", "TRAIL_R, 0201, -1"})
  void shouldReadHevc(String what, String unit, int recovery) {
    SeekPoints codes = of(AV_CODEC_ID_HEVC, "");
    SeekPoints lengths = of(AV_CODEC_ID_HEVC, HVCC);

    assertThat(codes.recovery(bytes("0000014001000001" + unit + "af"))).isEqualTo(recovery);
    assertThat(lengths.recovery(bytes("00000002400100000003" + unit + "af"))).isEqualTo(recovery);
  }

  @Test
  void shouldReadTheKindOfPictureInOthers() {
    assertThat(of(AV_CODEC_ID_MPEG2VIDEO, "").recovery(bytes("000001b3aa 00000100 000fffff")))
        .isZero();
    assertThat(of(AV_CODEC_ID_MPEG2VIDEO, "").recovery(bytes("00000100 0057ffff"))).isEqualTo(-1);
    assertThat(of(AV_CODEC_ID_MPEG4, "").recovery(bytes("000001b3001007 000001b6 10c0"))).isZero();
    assertThat(of(AV_CODEC_ID_MPEG4, "").recovery(bytes("000001b6 50c0"))).isEqualTo(-1);
    assertThat(of(AV_CODEC_ID_VP8, "").recovery(bytes("500100"))).isZero();
    assertThat(of(AV_CODEC_ID_VP8, "").recovery(bytes("510100"))).isEqualTo(-1);
    assertThat(of(AV_CODEC_ID_VP9, "").recovery(bytes("82498342"))).isZero();
    assertThat(of(AV_CODEC_ID_VP9, "").recovery(bytes("86498342"))).isEqualTo(-1);
    assertThat(of(AV_CODEC_ID_AV1, "").recovery(bytes("1200 0a0100 32021000"))).isZero();
    assertThat(of(AV_CODEC_ID_AV1, "").recovery(bytes("1200 32023000"))).isEqualTo(-1);
    assertThat(of(AV_CODEC_ID_AV1, "").recovery(bytes("1200 32020000"))).isEqualTo(-1); // hidden
    assertThat(of(AV_CODEC_ID_THEORA, "").recovery(bytes("30"))).isZero();
    assertThat(of(AV_CODEC_ID_THEORA, "").recovery(bytes("7000"))).isEqualTo(-1);
    assertThat(of(AV_CODEC_ID_THEORA, "").recovery(bytes("80746865"))).isEqualTo(-1);
    assertThat(of(AV_CODEC_ID_VP6F, "").recovery(bytes("00"))).isZero(); // the container knows
    assertThat(of(AV_CODEC_ID_VP6F, "").recovery(bytes(""))).isEqualTo(-1);
  }

  @Test
  void shouldSurviveAnyBytes() {
    Random random = new Random(8);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(60)];
      random.nextBytes(bytes);
      for (int at = 0;
          at + 3 < bytes.length && random.nextBoolean();
          at += 1 + random.nextInt(20)) {
        bytes[at] = bytes[at + 1] = 0;
        bytes[at + 2] = 1;
      }
      for (int codec :
          new int[] {
            AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG4, AV_CODEC_ID_AV1, AV_CODEC_ID_VP9
          }) {
        SeekPoints points = of(codec, random.nextBoolean() ? AVCC : "");
        assertThat(points.recovery(ByteBuffer.wrap(bytes))).isBetween(-1, 1 << 16);
        points.isReference(ByteBuffer.wrap(bytes));
        points.hasPicture(ByteBuffer.wrap(bytes));
      }
    }
  }

  private static SeekPoints of(int codec, String header) {
    return new SeekPoints(codec, bytes(header));
  }

  private static ByteBuffer bytes(String hex) {
    String digits = hex.replace(" ", "");
    return ByteBuffer.wrap(
        HexFormat.of().parseHex(digits.length() % 2 == 0 ? digits : digits + "0"));
  }
}
