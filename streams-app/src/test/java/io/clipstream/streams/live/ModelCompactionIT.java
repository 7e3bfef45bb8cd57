package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.models.ArtifactException;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.schemas.models.TransferProgress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Topics that Kafka has really compacted. */
@Timeout(900)
class ModelCompactionIT {
  @TempDir Path directory;

  @Test
  void shouldKeepEveryLiveReleaseWholeAndLetGoOfDeletedOnes() throws Exception {
    Path file = ModelCluster.file(directory.resolve("m.pt"), 1_000_000, 1);
    Path other = ModelCluster.file(directory.resolve("n.pt"), 700_000, 2);
    try (ModelCluster cluster = new ModelCluster(directory.resolve("kafka"))) {
      cluster.set(ConfigResource.Type.BROKER, "", Map.of("log.cleaner.backoff.ms", "200"));
      Map<String, String> eager =
          Map.of(
              "cleanup.policy", "compact",
              "segment.bytes", Integer.toString(1 << 20),
              "min.cleanable.dirty.ratio", "0.001",
              "delete.retention.ms", "0");
      cluster.kafka.createTopics(
          List.of(
              new NewTopic(cluster.topics.artifacts(), Optional.of(1), Optional.empty())
                  .configs(eager)));
      cluster.createTopics();
      // One file under two versions, with other records between their chunks.
      for (String version : List.of("1", "2")) {
        publish(cluster, "m", version, file);
        publish(cluster, "n", version, other);
      }
      Map<String, ModelRelease> before = cluster.releases();

      compact(cluster);

      for (String version : List.of("1", "2")) {
        assertDownloads(cluster, before.get("m/" + version), file);
        assertDownloads(cluster, before.get("n/" + version), other);
      }

      assertThat(cluster.publisher().delete("m", "1")).isTrue();
      compact(cluster);
      until(cluster, () -> values(cluster, "m/1/") == 0);

      assertThat(cluster.releases()).containsOnlyKeys("m/2", "n/1", "n/2");
      assertDownloads(cluster, before.get("m/2"), file);
      ArtifactException gone =
          catchThrowableOfType(
              ArtifactException.class, () -> assertDownloads(cluster, before.get("m/1"), file));
      assertThat(gone.reason()).isEqualTo(ArtifactException.Reason.CHUNK_MISSING);

      // The version comes back with another artifact and stays through one more compaction.
      publish(cluster, "m", "1", other);
      compact(cluster);
      assertDownloads(cluster, cluster.release("m/1"), other);
    }
  }

  /** Writes a key again and again until the cleaner has taken the old copies. */
  private static void compact(ModelCluster cluster) throws Exception {
    long firstCopy =
        cluster.produce(cluster.topics.artifacts(), 0, "filler", new byte[100_000]).offset();
    until(
        cluster,
        () -> {
          try {
            for (int i = 0; i < 12; i++) { // more than a segment
              cluster.produce(cluster.topics.artifacts(), 0, "filler", new byte[100_000]);
            }
          } catch (Exception e) {
            throw new AssertionError(e);
          }
          return cluster.everything(cluster.topics.artifacts()).stream()
              .noneMatch(record -> record.offset() == firstCopy);
        });
  }

  private static long values(ModelCluster cluster, String prefix) {
    return cluster.everything(cluster.topics.artifacts()).stream()
        .filter(record -> record.value() != null && record.key().startsWith(prefix))
        .count();
  }

  private static void until(ModelCluster cluster, BooleanSupplier condition) {
    long end = System.nanoTime() + ModelCluster.LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime())
          .as("%d records", cluster.everything(cluster.topics.artifacts()).size())
          .isLessThan(end);
    }
  }

  private static void publish(ModelCluster cluster, String name, String version, Path file)
      throws Exception {
    cluster
        .publisherOfSmallChunks()
        .publish(ModelCluster.model(name, version), file, TransferProgress.NONE);
  }

  private void assertDownloads(ModelCluster cluster, ModelRelease release, Path file)
      throws Exception {
    Path copy = directory.resolve("copy.pt");
    new ArtifactReader(cluster.config())
        .download(release, copy, TransferLimits.defaults(), TransferProgress.NONE);
    assertThat(copy).hasSameBinaryContentAs(file);
  }
}
