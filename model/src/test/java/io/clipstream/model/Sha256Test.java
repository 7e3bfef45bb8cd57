package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Sha256Test {
  /** FIPS 180-4, example for "abc". */
  private static final String OF_ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir Path folder;

  @Test
  void shouldGiveTheStandardsExampleForBytesTextAndFile() throws Exception {
    MessageDigest pieces = Sha256.start();
    pieces.update((byte) 'a');
    pieces.update(new byte[] {'b', 'c'});

    assertThat(Sha256.of(new byte[] {'a', 'b', 'c'})).isEqualTo(OF_ABC);
    assertThat(Sha256.of("abc")).isEqualTo(OF_ABC);
    assertThat(Sha256.of(Files.writeString(folder.resolve("f"), "abc"))).isEqualTo(OF_ABC);
    assertThat(Sha256.hex(pieces)).isEqualTo(OF_ABC);
  }
}
