package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NalUnitsTest {
  /** Both standards put a 3 behind two zeros where a third one, or up to a 3, would follow. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "nothing, '', false",
    "no zeros, 65 88 11 22 33, false",
    "two zeros, 65 00 00 88 00 00 80, false",
    "zeros kept apart, 65 00 00 03 00 00 03 00 00 03 80, false",
    "three zeros, 65 88 00 00 00 88, true",
    "three zeros elsewhere, 65 88 11 00 00 00 88, true",
    "three zeros at a third place, 65 88 11 22 00 00 00 88, true",
    "many, 65 88 00 00 00 00 00 00 00 00 00 02 80, true",
    "many from its start on, 00 00 00 00 00 11 80, true",
    "many before a one, 65 88 00 00 00 00 01 65 88, true",
    "padding, 65 88 80 00 00 00 00 00 00, false",
    "nothing but padding, 00 00 00 00 00, false",
    "a start code of three bytes, 65 88 80 00 00 01 65 88, false",
    "a start code of four bytes, 65 88 80 00 00 00 01 65 88, false"
  })
  void shouldFindHoles(String what, String hex, boolean hole) {
    byte[] unit = HexFormat.ofDelimiter(" ").parseHex(hex);
    ByteBuffer packet = ByteBuffer.allocate(4 + unit.length + 4 + 2);
    packet.putInt(unit.length).put(unit).putInt(2).put((byte) 9).put((byte) 0xf0);

    NalUnits units = new NalUnits(packet.flip(), 4);

    assertThat(units.next()).isTrue();
    assertThat(units.hasHole()).isEqualTo(hole);
    assertThat(units.next()).isTrue();
    assertThat(units.hasHole()).isFalse();
  }

  /** As FFmpeg takes them: it reads hvcC of version 0, too, which was written at first. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "avcC, 27, 01 64 00 1f ff e1 00, 4",
    "avcC with lengths of 2 bytes, 27, 01 64 00 1f fd e1 00, 2",
    "H.264 with start codes, 27, 00 00 00 01 67 64 00, 0",
    "no header, 27, '', 0",
    "hvcC, 173, 01 01 60 00 00 00 90 00 00 00 00 00 5d f0 00 fc fd f8 f8 00 00 0f 03, 4",
    "hvcC of version 0, 173, 00 01 60 00 00 00 90 00 00 00 00 00 5d f0 00 fc fd f8 f8 00 00 0f, 4",
    "HEVC with start codes, 173, 00 00 00 01 40 01 0c 01 ff ff 01 60 00 00 03 00 90 00 00 03 00 03, 0",
    "with short ones, 173, 00 00 01 40 01 0c 01 ff ff 01 60 00 00 03 00 90 00 00 03 00 03 00, 0"
  })
  void shouldKnowTheSizeOfLengths(String what, int codec, String hex, int bytes) {
    ByteBuffer header = ByteBuffer.wrap(HexFormat.ofDelimiter(" ").parseHex(hex));

    assertThat(NalUnits.lengthBytes(codec, header)).isEqualTo(bytes);
  }

  /** An end of a sequence: its length looks like a start code. */
  @Test
  void shouldReadAUnitOfOneByte() {
    String hex = "00 00 00 01 0a 00 00 00 04 65 88 80 10";
    NalUnits units = new NalUnits(ByteBuffer.wrap(HexFormat.ofDelimiter(" ").parseHex(hex)), 4);

    assertThat(units.next()).isTrue();
    assertThat(units.at(0)).isEqualTo(0x0a);
    assertThat(units.next()).isTrue();
    assertThat(units.at(0)).isEqualTo(0x65);
    assertThat(units.next()).isFalse();
    assertThat(units.areWhole()).isTrue();
  }
}
