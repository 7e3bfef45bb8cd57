package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransportPacketsTest {
  private static final int VIDEO = 0x100;
  private static final int SOUND = 0x101;

  @TempDir Path directory;

  /**
   * The packets: p programs, v video, V video where a PES packet begins, s sound, each with its
   * counter in hexadecimal; x one of the video without data, d one that announces a new counter.
   */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "nothing lost, p0 V0 v1 s0 v2 V3 v4 p1, 0",
    "counters that begin anew, p0 Ve vf s0 v0 V1, 0",
    "no tables at the start, v7 v8 s3 V9 va, 0",
    "a packet sent twice, p0 V0 v1 v1 v2 s0 V3, 0",
    "packets without data, p0 V0 x0 v1 x1 x1 V2 s0, 0",
    "lost within a picture, p0 V0 v1 s0 v3 V4, 1",
    "lost where one begins, p0 V0 v1 s0 V3 v4 s1, 1",
    "lost twice, p0 V0 v2 s0 v3 v5 V6, 2",
    "announced, p0 V0 v1 s0 d9 Va vb, 0",
    "announced by a packet without data, p0 V0 v1 s0 dx9 Va vb, 0",
    "lost behind what is announced, p0 V0 v1 s0 dx9 vb vc, 1",
    "joined, p0 V0 v1 s0 p0 V0 v1 s0, 0",
    "joined within a picture, p0 V0 v1 s0 p0 v5 v6 s0, 1",
    "joined where the tables' counter goes on, p0 V0 v1 v2 p1 V0 v1, 0",
    "joined where that and sound's do, p0 V0 s0 v1 p1 V7 v8 s1, 0",
    "lost right before tables, p0 V0 v1 p1 V3 v4, 1",
    "lost before tables and within a picture, p0 V0 v1 p1 v3 V4, 1"
  })
  void shouldCountWhereDataIsLost(String what, String packets, int lost) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String packet : packets.split(" ")) {
      bytes.write(packet(packet));
    }
    Path file = Files.write(directory.resolve("a.ts"), bytes.toByteArray());

    try (FileBytes stream = new FileBytes(file);
        Deadline deadline = new Deadline(DecodeLimits.defaults().timeout())) {
      assertThat(TransportPackets.of(stream).jumps(VIDEO).lost()).isEqualTo(lost);
    }
  }

  private static byte[] packet(String packet) {
    char kind = packet.charAt(0);
    boolean data = kind != 'x' && !packet.startsWith("dx");
    int pid = kind == 'p' ? 0 : kind == 's' ? SOUND : VIDEO;
    boolean begins = kind == 'V' || kind == 's' || kind == 'p';
    int field = kind == 'd' || kind == 'x' ? (data ? 2 : 184) : 0;
    byte[] bytes = new byte[188];
    Arrays.fill(bytes, (byte) 0xff);
    bytes[0] = 0x47;
    bytes[1] = (byte) ((begins ? 0x40 : 0) | pid >> 8);
    bytes[2] = (byte) pid;
    bytes[3] =
        (byte)
            ((field > 0 ? 0x20 : 0)
                | (data ? 0x10 : 0)
                | Character.digit(packet.charAt(packet.length() - 1), 16));
    if (field > 0) {
      bytes[4] = (byte) (field - 1);
      bytes[5] = (byte) (kind == 'd' ? 0x80 : 0);
    }
    if (kind == 'V' || kind == 's') {
      System.arraycopy(new byte[] {0, 0, 1, (byte) 0xe0}, 0, bytes, 4 + field, 4);
    }
    return bytes;
  }
}
