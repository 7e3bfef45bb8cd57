package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.schemas.models.TransferProgress;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The publisher is killed with SIGKILL: readers see the old state or the new one. */
@Timeout(1800)
class PublisherKillIT {
  private static final int KILLS = Boolean.getBoolean("clipstream.nightly") ? 20 : 3;
  private static final int BYTES = 2_000_000;

  @TempDir static Path directory;
  private static ModelCluster cluster;

  @BeforeAll
  static void start() throws InterruptedException {
    cluster = new ModelCluster(directory.resolve("kafka"));
    cluster.createTopics();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void shouldLeaveNothingWhenKilledWhileItSends() throws Exception {
    Path old = ModelCluster.file(directory.resolve("old.pt"), 300_000, 1);
    Path file = ModelCluster.file(directory.resolve("new.pt"), BYTES, 2);
    cluster.publisher().publish(ModelCluster.model("staged", "old"), old, TransferProgress.NONE);
    // Before the first chunk, after it, in the middle, with all chunks there but no release, with
    // that there too but nothing committed.
    for (long stage : new long[] {0, 1, BYTES / 2, BYTES, KilledPublisher.BEFORE_COMMIT}) {
      String version = "at-" + stage;
      Process publisher = KilledPublisher.start(cluster, "staged", version, file, stage);
      assertThat(cluster.visibleReleases()).doesNotContainKey("staged/" + version);
      publisher.destroyForcibly().waitFor();

      Map<String, ModelRelease> seen = cluster.visibleReleases();
      assertThat(seen).doesNotContainKey("staged/" + version);
      assertDownloads(seen.get("staged/old"), old);

      // The next one does not wait for the dead one's time-out, which is a minute or more.
      long start = System.nanoTime();
      cluster
          .publisher()
          .publish(ModelCluster.model("staged", version), file, TransferProgress.NONE);
      assertDownloads(cluster.release("staged/" + version), file);
      assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)).isLessThan(50);
    }
  }

  @Test
  void shouldLeaveTheWholeVersionWhenKilledWhileItDeletes() throws Exception {
    Path file = ModelCluster.file(directory.resolve("deleted.pt"), 300_000, 3);
    cluster.publisher().publish(ModelCluster.model("deleted", "1"), file, TransferProgress.NONE);
    Process publisher =
        KilledPublisher.start(cluster, "deleted", "1", file, KilledPublisher.DELETING);
    publisher.destroyForcibly().waitFor();

    assertDownloads(cluster.visibleReleases().get("deleted/1"), file);
    // Nor is it gone once the next one has ended what was open.
    Path other = ModelCluster.file(directory.resolve("other.pt"), 300_000, 4);
    cluster.publisher().publish(ModelCluster.model("deleted", "2"), other, TransferProgress.NONE);
    assertDownloads(cluster.release("deleted/1"), file);
    assertDownloads(cluster.release("deleted/2"), other);

    assertThat(cluster.publisher().delete("deleted", "1")).isTrue();
    assertThat(cluster.release("deleted/1")).isNull();
  }

  @Test
  void shouldLeaveAllOrNothingWhenKilledAtRandomMoments() throws Exception {
    long seed = System.nanoTime();
    System.out.println("PublisherKillIT: seed " + seed);
    Random random = new Random(seed);
    for (int kill = 0; kill < KILLS; kill++) {
      String model = "random-" + kill;
      Path file = ModelCluster.file(directory.resolve(model + ".pt"), 200_000, kill);
      Process publisher = KilledPublisher.start(cluster, model, "", file, Long.MAX_VALUE);
      // Some publications of an endless row, so that any moment of one may be hit.
      TimeUnit.NANOSECONDS.sleep(random.nextInt(1_000_000_000));
      assertThat(publisher.isAlive()).isTrue();
      publisher.destroyForcibly().waitFor();

      assertAllOrNothing(cluster.visibleReleases(), model, file);
      // Whatever the dead one had open is over once another publisher has been there.
      cluster.publisher().publish(ModelCluster.model(model, "last"), file, TransferProgress.NONE);
      int versions = assertAllOrNothing(cluster.releases(), model, file);
      assertThat(versions).isGreaterThanOrEqualTo(2);
    }
  }

  private static int assertAllOrNothing(Map<String, ModelRelease> releases, String model, Path file)
      throws Exception {
    int versions = 0;
    for (Map.Entry<String, ModelRelease> release : releases.entrySet()) {
      if (release.getKey().startsWith(model + "/")) {
        versions++;
        assertDownloads(release.getValue(), file);
      }
    }
    return versions;
  }

  private static void assertDownloads(ModelRelease release, Path file) throws Exception {
    Path copy = directory.resolve("copy.pt");
    new ArtifactReader(cluster.config())
        .download(release, copy, TransferLimits.defaults(), TransferProgress.NONE);
    assertThat(copy).hasSameBinaryContentAs(file);
  }
}
