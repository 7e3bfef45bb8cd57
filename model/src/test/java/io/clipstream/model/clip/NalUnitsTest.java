package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
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
}
