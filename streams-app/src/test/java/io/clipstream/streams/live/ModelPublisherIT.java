package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.ModelKeys;
import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.Publication;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.models.SigningKey;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.schemas.models.TransferProgress;
import io.clipstream.schemas.models.TrustedKeys;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InterruptException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(900)
class ModelPublisherIT {
  private static final String DIGEST = "ab".repeat(32);

  @TempDir static Path kafkaDirectory;
  private static ModelCluster cluster;

  @TempDir Path directory;

  @BeforeAll
  static void start() throws InterruptedException {
    cluster = new ModelCluster(kafkaDirectory);
    cluster.createTopics();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void shouldBringAnArtifactFromFileToFile() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 5_000_000, 1);
    List<Long> sent = new ArrayList<>();
    List<Long> received = new ArrayList<>();

    Publication publication =
        cluster
            .publisher()
            .publish(ModelCluster.model("whole", "1"), file, (bytes, total) -> sent.add(bytes));
    ModelRelease release = cluster.release("whole/1");
    new ArtifactReader(cluster.config())
        .download(
            release,
            directory.resolve("copy.pt"),
            TransferLimits.defaults(),
            (bytes, total) -> received.add(bytes));

    assertThat(publication.written()).isTrue();
    assertThat(publication.release()).isEqualTo(release);
    assertThat(release.getBytes()).isEqualTo(5_000_000);
    assertThat(release.getChunks().getChecksums()).hasSize(6);
    assertThat(directory.resolve("copy.pt")).hasSameBinaryContentAs(file);
    assertThat(directory.resolve("copy.pt.part")).doesNotExist();
    assertThat(sent).isSorted().startsWith(0L).endsWith(5_000_000L);
    assertThat(received).isSorted().startsWith(0L, 921_600L).endsWith(5_000_000L);
  }

  @Test
  @Tag("nightly")
  void shouldBringOneGibibyte() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 1L << 30, 2);

    long start = System.nanoTime();
    cluster.publisher().publish(ModelCluster.model("large", "1"), file, TransferProgress.NONE);
    long published = System.nanoTime();
    Path copy = directory.resolve("copy.pt");
    new ArtifactReader(cluster.config())
        .download(
            cluster.release("large/1"), copy, TransferLimits.defaults(), TransferProgress.NONE);

    System.out.printf(
        "1 GiB: published in %.1f s, downloaded in %.1f s%n",
        (published - start) / 1e9, (System.nanoTime() - published) / 1e9);
    assertThat(Files.mismatch(file, copy)).isEqualTo(-1);
  }

  @Test
  void shouldWriteTheSameArtifactOnce() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 300_000, 3);
    Publication first =
        cluster.publisher().publish(ModelCluster.model("once", "1"), file, TransferProgress.NONE);
    int records = records();

    Publication second =
        cluster
            .publisher()
            .publish(
                ModelCluster.model("once", "1"),
                file,
                (bytes, total) -> {
                  throw new AssertionError("it is sent again");
                });

    assertThat(second).isEqualTo(new Publication(first.release(), false));
    assertThat(records()).isEqualTo(records);
  }

  @Test
  void shouldRefuseAnotherArtifactUnderATakenVersion() throws Exception {
    Path one = ModelCluster.file(directory.resolve("1.pt"), 300_000, 4);
    Path other = ModelCluster.file(directory.resolve("2.pt"), 300_000, 5);
    Publication first =
        cluster.publisher().publish(ModelCluster.model("taken", "1"), one, TransferProgress.NONE);
    int records = records();

    assertThatThrownBy(
            () ->
                cluster
                    .publisher()
                    .publish(ModelCluster.model("taken", "1"), other, TransferProgress.NONE))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("model taken has a version 1 with another artifact")
        .hasMessageContaining(first.release().getModel().getDigest());

    assertThat(records()).isEqualTo(records);
    assertThat(cluster.release("taken/1")).isEqualTo(first.release());
    // Another version of the same file is another release, with chunks of its own.
    assertThat(
            cluster
                .publisher()
                .publish(ModelCluster.model("taken", "2"), one, TransferProgress.NONE)
                .written())
        .isTrue();
  }

  @Test
  void shouldPublishAUriWithoutChunks() throws Exception {
    URI uri = URI.create("https://models.example.org/huge.pt");

    Publication publication =
        cluster.publisher().publish(ModelCluster.model("huge", "1"), uri, DIGEST, 20L << 30);

    ModelRelease release = cluster.release("huge/1");
    assertThat(release).isEqualTo(publication.release());
    assertThat(release.getUri()).isEqualTo(uri.toString());
    assertThat(release.getChunks()).isNull();
    assertThatThrownBy(
            () ->
                cluster
                    .publisher()
                    .publish(ModelCluster.model("huge", "2"), URI.create("http://a/b"), DIGEST, 1))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("http://a/b, expected file: or https:");
    assertThatThrownBy(
            () -> cluster.publisher().publish(ModelCluster.model("huge", "2"), uri, "12", 1))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("SHA-256 is '12'");
  }

  @Test
  void shouldSignWhatItPublishes() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 300_000, 6);
    String id = ModelKeys.generate(directory.resolve("key"), directory.resolve("key.pub"));
    SigningKey key = SigningKey.read(directory.resolve("key"));

    new ModelPublisher(cluster.config(), PublishSettings.defaults(), Optional.of(key))
        .publish(ModelCluster.model("signed", "1"), file, TransferProgress.NONE);

    ModelRelease release = cluster.release("signed/1");
    assertThat(release.getSignature().getKeyId()).isEqualTo(id);
    assertThat(TrustedKeys.read(List.of(directory.resolve("key.pub"))).check(release).isValid())
        .isTrue();
  }

  @Test
  void shouldPublishNothingOfAFileThatChanges() throws Exception {
    for (String change : List.of("longer", "shorter", "other")) {
      Path file = ModelCluster.file(directory.resolve(change), 1_000_000, 7);

      assertThatThrownBy(
              () ->
                  cluster
                      .publisherOfSmallChunks()
                      .publish(
                          ModelCluster.model("changing", change),
                          file,
                          (bytes, total) -> change(file, change, bytes)))
          .isInstanceOf(ModelLogException.class)
          .hasMessageContaining(file + " was changed");

      assertThat(cluster.release("changing/" + change)).isNull();
      // And the next one need not wait.
      assertThat(
              cluster
                  .publisherOfSmallChunks()
                  .publish(ModelCluster.model("changing", change), file, TransferProgress.NONE)
                  .written())
          .isTrue();
    }
  }

  private static void change(Path file, String how, long bytes) {
    if (bytes > 0) {
      return;
    }
    try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
      switch (how) {
        case "longer" -> Files.write(file, new byte[1], StandardOpenOption.APPEND);
        case "shorter" -> channel.truncate(999_999);
        default -> Files.write(file, new byte[1], StandardOpenOption.WRITE);
      }
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void shouldRefuseWhatIsNoModelFile() throws Exception {
    Path empty = Files.createFile(directory.resolve("empty.pt"));

    assertThatThrownBy(() -> publish("nothing", directory.resolve("missing.pt")))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("missing.pt does not exist");
    assertThatThrownBy(() -> publish("nothing", directory))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("is not a file");
    assertThatThrownBy(() -> publish("nothing", empty))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("empty.pt is empty");
  }

  @Test
  void shouldRefuseBeforeTheFirstByteWhatTakesTooLongForATransaction() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 1_000_000, 8);
    int records = records();

    assertThatThrownBy(
            () ->
                new ModelPublisher(
                        cluster.config(), new PublishSettings(900 << 10, 1000), Optional.empty())
                    .publish(ModelCluster.model("slow", "1"), file, TransferProgress.NONE))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("a transaction of 1060000 ms, but the brokers allow 900000")
        .hasMessageContaining("transaction.max.timeout.ms");
    assertThat(records()).isEqualTo(records);
  }

  @Test
  void shouldMakeSmallerChunksWhereTheTopicTakesLess() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 1_000_000, 9);
    cluster.set(
        ConfigResource.Type.TOPIC,
        cluster.topics.artifacts(),
        Map.of("max.message.bytes", "100000"));
    try {
      publish("narrow", file);
    } finally {
      cluster.set(
          ConfigResource.Type.TOPIC,
          cluster.topics.artifacts(),
          Map.of("max.message.bytes", "1048588"));
    }

    ModelRelease release = cluster.release("narrow/1");
    assertThat(release.getChunks().getChunkBytes()).isBetween(90_000, 100_000);
    Path copy = directory.resolve("copy.pt");
    new ArtifactReader(cluster.config())
        .download(release, copy, TransferLimits.defaults(), TransferProgress.NONE);
    assertThat(copy).hasSameBinaryContentAs(file);
  }

  @Test
  void shouldRefuseAManifestThatDoesNotFit() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 1_000, 10);

    assertThatThrownBy(
            () ->
                cluster
                    .publisher()
                    .publish(
                        new io.clipstream.schemas.models.ModelDescription(
                            "wide",
                            "1",
                            "x".repeat(1 << 20),
                            Optional.empty(),
                            java.time.Instant.now()),
                        file,
                        TransferProgress.NONE))
        .isInstanceOf(ModelLogException.class)
        .hasMessageContaining("the release of wide/1 has up to")
        .hasMessageContaining("raise its max.message.bytes");
  }

  @Test
  void shouldGiveUpWhenAnotherPublisherTakesOver() throws Exception {
    Path one = ModelCluster.file(directory.resolve("1.pt"), 1_000_000, 11);
    Path other = ModelCluster.file(directory.resolve("2.pt"), 1_000_000, 12);
    CountDownLatch half = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      Future<Publication> first =
          executor.submit(
              () ->
                  cluster
                      .publisherOfSmallChunks()
                      .publish(
                          ModelCluster.model("contended", "1"),
                          one,
                          (bytes, total) -> {
                            if (bytes > total / 2) {
                              half.countDown();
                              await(go);
                            }
                          }));
      assertThat(half.await(60, TimeUnit.SECONDS)).isTrue();
      Publication second =
          cluster
              .publisherOfSmallChunks()
              .publish(ModelCluster.model("contended", "1"), other, TransferProgress.NONE);
      go.countDown();

      assertThatThrownBy(() -> first.get(60, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(ModelLogException.class)
          .hasMessageContaining("model contended was taken over by another publisher");
      assertThat(cluster.release("contended/1")).isEqualTo(second.release());
      assertDownloads("contended/1", other);
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void shouldNeverMixTwoPublishersAtOnce() throws Exception {
    Path[] files = {
      ModelCluster.file(directory.resolve("0.pt"), 1_000_000, 13),
      ModelCluster.file(directory.resolve("1.pt"), 1_000_000, 14)
    };
    ExecutorService executor = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 8; round++) {
        String version = Integer.toString(round);
        List<Callable<Publication>> both = new ArrayList<>();
        for (Path file : files) {
          both.add(
              () ->
                  cluster
                      .publisherOfSmallChunks()
                      .publish(ModelCluster.model("race", version), file, TransferProgress.NONE));
        }
        int winner = -1;
        List<Future<Publication>> futures = executor.invokeAll(both);
        for (int i = 0; i < 2; i++) {
          try {
            assertThat(futures.get(i).get().written()).isTrue();
            assertThat(winner).as("both won").isEqualTo(-1);
            winner = i;
          } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(ModelLogException.class);
          }
        }
        assertThat(winner).as("one must win").isNotEqualTo(-1);
        assertDownloads("race/" + version, files[winner]);
      }
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void shouldAbortWhenInterrupted() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 10_000_000, 15);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try {
      Future<Boolean> stillInterrupted =
          executor.submit(
              () -> {
                assertThatThrownBy(
                        () ->
                            cluster
                                .publisherOfSmallChunks()
                                .publish(
                                    ModelCluster.model("interrupted", "1"),
                                    file,
                                    (bytes, total) -> {
                                      if (bytes > 1_000_000) {
                                        Thread.currentThread().interrupt();
                                      }
                                    }))
                    .isInstanceOf(InterruptException.class);
                return Thread.interrupted();
              });
      assertThat(stillInterrupted.get(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      executor.shutdownNow();
    }
    assertThat(cluster.release("interrupted/1")).isNull();
  }

  @Test
  void shouldDeleteAReleaseAndItsChunksAlone() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 300_000, 16);
    for (String version : List.of("1", "2")) {
      cluster
          .publisherOfSmallChunks()
          .publish(ModelCluster.model("deleted", version), file, TransferProgress.NONE);
    }

    assertThat(cluster.publisher().delete("deleted", "1")).isTrue();

    assertThat(cluster.release("deleted/1")).isNull();
    assertDownloads("deleted/2", file);
    List<String> tombstones =
        cluster.everything(cluster.topics.artifacts()).stream()
            .filter(record -> record.value() == null)
            .map(record -> record.key())
            .filter(key -> key.startsWith("deleted/"))
            .toList();
    assertThat(tombstones)
        .containsExactly("deleted/1/0", "deleted/1/1", "deleted/1/2", "deleted/1/3", "deleted/1/4");
    assertThat(cluster.publisher().delete("deleted", "1")).isFalse();
    // The version is free again, for any artifact.
    Path other = ModelCluster.file(directory.resolve("2.pt"), 200_000, 17);
    cluster
        .publisherOfSmallChunks()
        .publish(ModelCluster.model("deleted", "1"), other, TransferProgress.NONE);
    assertDownloads("deleted/1", other);
  }

  private static void publish(String name, Path file) throws Exception {
    cluster.publisher().publish(ModelCluster.model(name, "1"), file, TransferProgress.NONE);
  }

  private void assertDownloads(String key, Path file) throws Exception {
    Path copy = directory.resolve("copy.pt");
    new ArtifactReader(cluster.config())
        .download(cluster.release(key), copy, TransferLimits.defaults(), TransferProgress.NONE);
    assertThat(copy).hasSameBinaryContentAs(file);
  }

  private static int records() {
    return cluster.everything(cluster.topics.artifacts()).size()
        + cluster.everything(cluster.topics.releases()).size();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
