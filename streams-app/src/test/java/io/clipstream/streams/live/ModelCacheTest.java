package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCacheTest {
  @TempDir Path folder;

  private final byte[] artifact = bytes(1, 100_000);
  private final String digest = Sha256.of(artifact);
  private final AtomicInteger downloads = new AtomicInteger();

  @Test
  void shouldDownloadOnceAndKeepItBetweenRestarts() throws Exception {
    Path path = cache().get(digest, artifact.length, this::append);

    assertThat(path).hasBinaryContent(artifact);
    assertThat(cache().get(digest, artifact.length, this::append)).isEqualTo(path);
    assertThat(cache().find(digest)).contains(path);
    assertThat(downloads).hasValue(1);
  }

  @Test
  void shouldGoOnWhereADownloadBrokeOff() throws Exception {
    assertThatThrownBy(
            () ->
                cache()
                    .get(
                        digest,
                        artifact.length,
                        partial -> {
                          Files.write(partial, Arrays.copyOf(artifact, 60_000));
                          throw new IOException("the broker went away");
                        }))
        .hasMessage("the broker went away");
    assertThat(cache().find(digest)).isEmpty();

    Path path =
        cache()
            .get(
                digest,
                artifact.length,
                partial -> {
                  assertThat(partial).hasSize(60_000);
                  append(partial);
                });

    assertThat(path).hasBinaryContent(artifact);
  }

  @Test
  void shouldRefuseOtherBytesAndForgetThem() throws Exception {
    assertThatThrownBy(
            () ->
                cache()
                    .get(
                        digest,
                        artifact.length,
                        partial -> Files.write(partial, bytes(2, artifact.length))))
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith("expected " + digest);

    assertThat(cache().get(digest, artifact.length, this::append)).hasBinaryContent(artifact);
  }

  @Test
  void shouldDownloadAgainWhatChangedOnDisk() throws Exception {
    Path path = cache().get(digest, artifact.length, this::append);
    byte[] altered = artifact.clone();
    altered[50_000]++;
    Files.write(path, altered);

    assertThat(cache().find(digest)).isEmpty();
    assertThat(cache().get(digest, artifact.length, this::append)).hasBinaryContent(artifact);
  }

  @Test
  void shouldRemoveWhatWasUsedLongestAgoButNothingThatIsKept() throws Exception {
    ModelCache cache = new ModelCache(folder, 250_000);
    String second = store(cache, 2);
    String first = store(cache, 1);
    Files.setLastModifiedTime(
        folder.resolve(second + ".pt"), FileTime.from(Instant.now().minusSeconds(60)));
    cache.keep(Set.of(second));

    String third = store(cache, 3);

    assertThat(cache.find(first)).isEmpty();
    assertThat(cache.find(second)).isPresent();
    assertThat(cache.find(third)).isPresent();

    cache.keep(Set.of(second, third));
    assertThatThrownBy(() -> store(cache, 4)).hasMessageContaining("200000 are in use");
    assertThatThrownBy(() -> cache.get(digest, 250_001, this::append))
        .hasMessage("the artifact has 250001 bytes, the model cache takes 250000");
  }

  @Test
  void shouldLetOneOfManyDownload() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      Callable<Path> get = () -> cache().get(digest, artifact.length, this::append);
      List<Future<Path>> paths =
          threads.invokeAll(List.of(get, get, get, get, get, get, get, get), 60, TimeUnit.SECONDS);
      for (Future<Path> path : paths) {
        assertThat(path.get()).hasBinaryContent(artifact);
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(downloads).hasValue(1);
  }

  @Test
  void shouldRememberWhatServedLast() throws Exception {
    ModelCache cache = cache();
    assertThat(cache.lastGood("sports")).isEmpty();

    Path path = cache.get(digest, artifact.length, this::append);
    cache.remember("sports", digest);

    assertThat(cache().lastGood("sports")).contains(path);
    Files.delete(path);
    assertThat(cache().lastGood("sports")).isEmpty();
  }

  private ModelCache cache() {
    return new ModelCache(folder, 1 << 30);
  }

  private static String store(ModelCache cache, int seed) throws Exception {
    byte[] content = bytes(seed, 100_000);
    String digest = Sha256.of(content);
    cache.get(digest, content.length, partial -> Files.write(partial, content));
    return digest;
  }

  /** Writes what the file does not hold yet. */
  private void append(Path partial) throws IOException {
    downloads.incrementAndGet();
    int from = (int) Files.size(partial);
    try (OutputStream out = Files.newOutputStream(partial, StandardOpenOption.APPEND)) {
      out.write(artifact, from, artifact.length - from);
    }
  }

  private static byte[] bytes(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
