package io.clipstream.schemas.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartFileTest {
  private static final int CHUNK = 100_000;

  private final byte[] artifact = new byte[3 * CHUNK + 7];

  @TempDir Path directory;
  private Path path;
  private Path file;

  @BeforeEach
  void fill() {
    new Random(1).nextBytes(artifact);
    path = directory.resolve("m.pt.part");
    file = directory.resolve("m.pt");
  }

  @Test
  void shouldBecomeTheFileOnceEveryChunkIsThere() throws IOException {
    try (PartFile part = new PartFile(path, release())) {
      for (int i = 0; i < 4; i++) {
        assertThat(part.whole()).isFalse();
        assertThat(part.append(chunk(i))).isTrue();
      }
      assertThat(part.whole()).isTrue();
      assertThat(part.become(file)).isTrue();
    }
    assertThat(file).hasBinaryContent(artifact);
    assertThat(path).doesNotExist();
  }

  @Test
  void shouldGoOnAfterTheLastWholeChunk() throws IOException {
    for (int bytes : new int[] {0, CHUNK - 1, CHUNK, 2 * CHUNK + 50, 3 * CHUNK + 6}) {
      Files.write(path, Arrays.copyOf(artifact, bytes));

      try (PartFile part = new PartFile(path, release())) {
        assertThat(part.next()).isEqualTo(bytes / CHUNK);
        assertThat(part.bytes()).isEqualTo(part.next() * (long) CHUNK);
        while (!part.whole()) {
          assertThat(part.append(chunk(part.next()))).isTrue();
        }
        assertThat(part.become(file)).isTrue();
      }
      assertThat(file).hasBinaryContent(artifact);
    }
  }

  @Test
  void shouldKeepNothingFromADamagedChunkOn() throws IOException {
    byte[] holes = artifact.clone();
    Arrays.fill(holes, CHUNK + 10, CHUNK + 20, (byte) 0);
    Files.write(path, holes);

    try (PartFile part = new PartFile(path, release())) {
      assertThat(part.next()).isEqualTo(1);
      assertThat(Files.size(path)).isEqualTo(CHUNK);
      for (int i = 1; i < 4; i++) {
        part.append(chunk(i));
      }
      assertThat(part.become(file)).isTrue();
    }
    assertThat(file).hasBinaryContent(artifact);
  }

  @Test
  void shouldTakeUpAFileThatIsWholeAndCutOneThatIsLonger() throws IOException {
    Files.write(path, Arrays.copyOf(artifact, artifact.length + 10));

    try (PartFile part = new PartFile(path, release())) {
      assertThat(part.whole()).isTrue();
      assertThat(part.become(file)).isTrue();
    }
    assertThat(file).hasBinaryContent(artifact);
  }

  @Test
  void shouldRefuseAnotherChunkAndAnotherWhole() throws IOException {
    try (PartFile part = new PartFile(path, release())) {
      assertThat(part.append(chunk(1))).isFalse();
      assertThat(part.next()).isZero();
    }
    ModelRelease other = release();
    other =
        ModelRelease.newBuilder(other)
            .setModel(new ModelIdentity("m", "1", "00".repeat(32)))
            .build();
    Files.write(path, artifact);
    try (PartFile part = new PartFile(path, other)) {
      assertThat(part.whole()).isTrue();
      assertThat(part.become(file)).isFalse();
    }
    assertThat(path).doesNotExist();
    assertThat(file).doesNotExist();
  }

  private ByteBuffer chunk(int index) {
    int from = index * CHUNK;
    return ByteBuffer.wrap(artifact, from, Math.min(CHUNK, artifact.length - from));
  }

  private ModelRelease release() throws IOException {
    List<Integer> checksums = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      CRC32C checksum = new CRC32C();
      checksum.update(chunk(i));
      checksums.add((int) checksum.getValue());
    }
    String digest = FileDigest.of(Files.write(directory.resolve("original"), artifact)).sha256();
    return ModelRelease.newBuilder()
        .setModel(new ModelIdentity("m", "1", digest))
        .setBytes(artifact.length)
        .setChunks(new ModelChunks(0, 0L, 3L, CHUNK, checksums))
        .setManifest("{}")
        .setPublishedAt(Instant.EPOCH)
        .build();
  }
}
