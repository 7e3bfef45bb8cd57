package io.clipstream.model.artifact;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MappedZipTest {
  @TempDir Path folder;

  /** Whoever opens one waits until somebody writes into it. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void shouldRefuseAPipe() throws Exception {
    Path pipe = folder.resolve("pipe.pt");
    Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assumeTrue(mkfifo.waitFor(20, TimeUnit.SECONDS) && mkfifo.exitValue() == 0, "no mkfifo here");

    assertThatThrownBy(() -> MappedZip.open(pipe)).hasMessage("not a file");
    assertThatThrownBy(() -> MappedZip.open(folder)).hasMessage("not a file");
  }

  @Test
  void shouldReadMoreEntriesThanAPlainZipCanCount() throws Exception {
    Path file = zip(70_000, ZipOutputStream.STORED);

    try (MappedZip zip = MappedZip.open(file)) {
      assertThat(zip.names()).hasSize(70_000);
      assertThat(UTF_8.decode(zip.map("69999")).toString()).isEqualTo("content of 69999");
      zip.verify();
    }
  }

  @Test
  void shouldInflateCompressedEntries() throws Exception {
    Path file = zip(100, ZipOutputStream.DEFLATED);

    try (MappedZip zip = MappedZip.open(file)) {
      assertThat(UTF_8.decode(zip.map("99")).toString()).isEqualTo("content of 99");
      zip.verify();
    }
  }

  @Test
  void shouldRefuseEntriesThatInflateToMoreThanTheySay() throws Exception {
    byte[] zip = Files.readAllBytes(zip(1, ZipOutputStream.DEFLATED));
    int directory = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN).getInt(zip.length - 6);
    zip[directory + 24]--;
    Path file = Files.write(folder.resolve("z.zip"), zip);

    try (MappedZip opened = MappedZip.open(file)) {
      assertThatThrownBy(() -> opened.map("0"))
          .hasMessage(
              "entry 0 is damaged: it does not inflate to the 11 bytes that the zip file's"
                  + " directory says");
    }
  }

  @Test
  void shouldRefuseCompressedEntriesThatAreLargeTogether() throws Exception {
    Path file = folder.resolve("bomb.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < 3; i++) {
        zip.putNextEntry(new ZipEntry("zeros" + i));
        zip.write(new byte[30 << 20]);
      }
    }

    assertThatThrownBy(() -> MappedZip.open(file))
        .hasMessageStartingWith("its compressed entries have 94371840 bytes and more");
  }

  @Test
  void shouldRefuseEntriesThatShareBytes() throws Exception {
    byte[] zip = Files.readAllBytes(zip(2, ZipOutputStream.STORED));
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    int directory = bytes.getInt(zip.length - 6);
    bytes.putInt(directory + 46 + 1 + 42, 0); // the second entry is where the first one is
    Path file = Files.write(folder.resolve("z.zip"), zip);

    assertThatThrownBy(() -> MappedZip.open(file)).hasMessage("entry 0 overlaps entry 1");
  }

  @Test
  void shouldPrintNamesEscaped() throws Exception {
    byte[] zip = Files.readAllBytes(zip(1, ZipOutputStream.STORED));
    int directory = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN).getInt(zip.length - 6);
    zip[directory + 46] = 27;
    zip[directory + 8] = 1; // encrypted
    Path file = Files.write(folder.resolve("z.zip"), zip);

    assertThatThrownBy(() -> MappedZip.open(file)).hasMessage("entry \\u001b is encrypted");
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
      try (MappedZip zip = MappedZip.open(file)) {
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
              try (MappedZip opened = MappedZip.open(file)) {
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
