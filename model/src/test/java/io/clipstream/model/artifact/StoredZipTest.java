package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoredZipTest {
  @TempDir Path folder;

  @Test
  void shouldReadMoreEntriesThanAPlainZipCanCount() throws Exception {
    Path file = zip(70_000, ZipOutputStream.STORED);

    try (StoredZip zip = StoredZip.open(file)) {
      assertThat(zip.names()).hasSize(70_000);
      assertThat(UTF_8.decode(zip.map("69999")).toString()).isEqualTo("content of 69999");
      zip.verify();
    }
  }

  @Test
  void shouldRefuseCompressedEntries() throws Exception {
    Path file = zip(1, ZipOutputStream.DEFLATED);

    assertThatThrownBy(() -> StoredZip.open(file))
        .hasMessage("entry 0 is compressed, expected a stored entry");
  }

  @Test
  void shouldFailCleanlyOnDamagedFiles() throws Exception {
    byte[] good = Files.readAllBytes(zip(5, ZipOutputStream.STORED));
    Random random = new Random(1);
    Path file = folder.resolve("damaged.zip");
    for (int i = 0; i < 500; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      Files.write(file, bad);
      try (StoredZip zip = StoredZip.open(file)) {
        zip.verify();
      } catch (IOException expected) {
        assertThat(expected).hasMessageNotContaining("\n");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-5, 0, entry x is damaged: it has -5 bytes at byte 0",
    "4, -5, entry x is damaged: it has 4 bytes at byte -5",
    "4, 9223372036854775807, the zip file is cut off or damaged: it has 132 bytes"
  })
  void shouldRefuseImpossibleSizesAndPlaces(long size, long header, String message)
      throws Exception {
    ByteBuffer zip = ByteBuffer.allocate(200).order(ByteOrder.LITTLE_ENDIAN);
    zip.putInt(0x04034b50).position(26); // local header
    zip.putShort((short) 1).putShort((short) 0).put((byte) 'x').putInt(0);
    int directory = zip.position();
    zip.putInt(0x02014b50).position(directory + 20);
    zip.putInt(-1).putInt(-1).putShort((short) 1).putShort((short) 28).position(directory + 42);
    zip.putInt(-1).put((byte) 'x');
    zip.putShort((short) 1).putShort((short) 24).putLong(size).putLong(size).putLong(header);
    int end = zip.position();
    zip.putInt(0x06054b50).position(end + 10);
    zip.putShort((short) 1).putInt(end - directory).putInt(directory).putShort((short) 0);
    Path file = Files.write(folder.resolve("z.zip"), Arrays.copyOf(zip.array(), zip.position()));

    assertThatThrownBy(
            () -> {
              try (StoredZip opened = StoredZip.open(file)) {
                opened.map("x");
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessage(message);
  }

  /** Takes 10 GB of disk. */
  @Test
  @Tag("nightly")
  void shouldWriteAndReadArchivesBeyondFourGigabytes() throws Exception {
    int size = 400_000_000;
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < 3; i++) {
      FloatBuffer values = mapped(size);
      values.put(size - 1, i + 1);
      fields.put("weight" + i, ScriptTensor.parameter(Weights.of(List.of(size), values)));
    }
    Path file = folder.resolve("large.pt");
    TorchArchiveWriter.write(
        file, "large", "", new ScriptObject("__torch__.Large", fields), Map.of());

    assertThat(Files.size(file)).isGreaterThan(3L * size * 4);
    try (TorchArchive archive = TorchArchive.open(file)) {
      archive.verify();
      Map<String, Weights> weights = archive.root().parameters();
      assertThat(weights).hasSize(3);
      for (int i = 0; i < 3; i++) {
        assertThat(weights.get("weight" + i).values().get(size - 1)).isEqualTo(i + 1);
      }
    }
  }

  private FloatBuffer mapped(int size) throws IOException {
    Path file = Files.createTempFile(folder, "values", "");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(MapMode.READ_WRITE, 0, size * 4L).asFloatBuffer();
    }
  }

  private Path zip(int count, int method) throws IOException {
    Path file = folder.resolve("some.zip");
    try (ZipOutputStream zip =
        new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      zip.setMethod(method);
      for (int i = 0; i < count; i++) {
        byte[] content = ("content of " + i).getBytes(UTF_8);
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry(String.valueOf(i));
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
      }
    }
    return file;
  }
}
