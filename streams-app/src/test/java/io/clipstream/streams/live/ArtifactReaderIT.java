package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.clipstream.schemas.ModelArtifactChunk;
import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelRollout;
import io.clipstream.schemas.models.ArtifactException;
import io.clipstream.schemas.models.ArtifactException.Reason;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.ModelTopics;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.schemas.models.TransferProgress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Artifacts as they should be and as an attacker or an accident leaves them. */
@Timeout(900)
class ArtifactReaderIT {
  private static final int CHUNK = 10_000;
  private static final int COUNT = 4;
  private static final TransferLimits LIMITS =
      new TransferLimits(Duration.ofSeconds(120), Duration.ofSeconds(60));

  @TempDir static Path kafkaDirectory;
  private static ModelCluster cluster;
  private static int models;

  @TempDir Path directory;
  private final byte[] artifact = new byte[3 * CHUNK + 500];
  private ModelIdentity model;
  private Path file;
  private long firstOffset = -1;
  private long lastOffset;

  @BeforeAll
  static void start() throws InterruptedException {
    cluster = new ModelCluster(kafkaDirectory);
    cluster.createTopics();
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @BeforeEach
  void make() throws Exception {
    new Random(models).nextBytes(artifact);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(artifact);
    model = new ModelIdentity("m" + models++, "1", HexFormat.of().formatHex(digest));
    file = directory.resolve("m.pt");
  }

  @Test
  void shouldPassByTheRecordsOfOthers() throws Exception {
    write("other/1/0", chunk(0));
    send(0);
    write("other/1/1", "no Avro at all".getBytes(StandardCharsets.UTF_8));
    write(model.getName() + "/1/x", new byte[10]);
    write(model.getName() + "/10/1", chunk(1));
    send(1);
    write("other/1/2", null);
    send(2);
    send(3);

    download(release());

    assertThat(file).hasBinaryContent(artifact);
  }

  @Test
  void shouldGoOnWhereAnEarlierDownloadStopped() throws Exception {
    for (int i = 0; i < COUNT; i++) {
      send(i);
      write("other/1/" + i, chunk(i));
    }
    ModelRelease release = release();
    List<Long> first = new ArrayList<>();
    IllegalStateException stop = new IllegalStateException("the process ends");
    assertThat(
            catchThrowableOfType(
                IllegalStateException.class,
                () ->
                    download(
                        release,
                        LIMITS,
                        (bytes, total) -> {
                          first.add(bytes);
                          if (bytes == 2 * CHUNK) {
                            throw stop;
                          }
                        })))
        .isSameAs(stop);
    assertThat(file).doesNotExist();
    assertThat(directory.resolve("m.pt.part")).hasSize(2 * CHUNK);

    List<Long> second = new ArrayList<>();
    download(release, LIMITS, (bytes, total) -> second.add(bytes));

    assertThat(first).containsExactly(0L, 10_000L, 20_000L);
    assertThat(second).containsExactly(20_000L, 30_000L, 30_500L);
    assertThat(file).hasBinaryContent(artifact);
  }

  @Test
  void shouldTellAMissingChunk() throws Exception {
    send(0);
    send(1);
    send(3);
    write("other/1/0", chunk(0));

    assertFails(release(), Reason.CHUNK_MISSING, "chunk 2 is missing");
    assertThat(file).doesNotExist();
  }

  @Test
  void shouldTellAMissingLastChunk() throws Exception {
    send(0);
    send(1);
    send(2);
    write("other/1/0", chunk(0));
    lastOffset++; // where the last one is said to be

    assertFails(release(), Reason.CHUNK_MISSING, "chunk 3 is missing");
  }

  @Test
  void shouldTellAnAlteredChunk() throws Exception {
    send(0);
    byte[] altered = Arrays.copyOfRange(artifact, CHUNK, 2 * CHUNK);
    altered[17] ^= 1;
    send(1, new ModelArtifactChunk(model.getDigest(), 1, COUNT, ByteBuffer.wrap(altered)));
    send(2);
    send(3);

    assertFails(release(), Reason.CHUNK_ALTERED, "chunk 1 has other data than was published");
  }

  @Test
  void shouldTellChunksThatSayOtherThings() throws Exception {
    send(0, new ModelArtifactChunk(model.getDigest(), 1, COUNT, data(0)));
    for (int i = 1; i < COUNT; i++) {
      send(i);
    }

    assertFails(release(), Reason.CHUNK_ALTERED, "chunk 0 says it is 1 of 4");
  }

  @Test
  void shouldTellAChunkThatIsNoChunk() throws Exception {
    firstOffset = write(model.getName() + "/1/0", "hello".getBytes(StandardCharsets.UTF_8));
    for (int i = 1; i < COUNT; i++) {
      send(i);
    }

    assertFails(release(), Reason.CHUNK_ALTERED, "chunk 0 is no chunk");
  }

  @Test
  void shouldTellARecordOfAnotherKind() throws Exception {
    ModelRollout rollout =
        ModelRollout.newBuilder()
            .setName("m")
            .setRevision(1)
            .setRollout(1)
            .setActiveVersion("1")
            .setChangedAt(Instant.EPOCH)
            .build();
    firstOffset =
        write(
            model.getName() + "/1/0", cluster.bytes("some.rollouts", ModelRollout.class, rollout));
    for (int i = 1; i < COUNT; i++) {
      send(i);
    }

    assertFails(release(), Reason.CHUNK_ALTERED, "chunk 0 is no chunk");
  }

  @Test
  void shouldTellAChunkOfAnotherArtifact() throws Exception {
    send(0);
    send(1, new ModelArtifactChunk("00".repeat(32), 1, COUNT, data(1)));
    send(2);
    send(3);

    assertFails(release(), Reason.CHUNK_FOREIGN, "chunk 1 is of the artifact 0000");
  }

  @Test
  void shouldTellAChunkThatIsTooShort() throws Exception {
    for (int i = 0; i < COUNT - 1; i++) {
      send(i);
    }
    ByteBuffer less = data(3);
    less.limit(less.limit() - 1);
    send(3, new ModelArtifactChunk(model.getDigest(), 3, COUNT, less));

    assertFails(release(), Reason.CHUNK_SHORT, "chunk 3 has 499 bytes, expected 500");
  }

  @Test
  void shouldTellAWholeThatIsNotWhatItsChunksAre() throws Exception {
    ModelIdentity other = new ModelIdentity(model.getName(), "1", "11".repeat(32));
    for (int i = 0; i < COUNT; i++) {
      send(i, new ModelArtifactChunk(other.getDigest(), i, COUNT, data(i)));
    }

    assertFails(
        ModelRelease.newBuilder(release()).setModel(other).build(),
        Reason.DIGEST_WRONG,
        "another SHA-256 than 1111");
    assertThat(file).doesNotExist();
    assertThat(directory.resolve("m.pt.part")).doesNotExist();
  }

  @Test
  void shouldTellATopicThatIsGone() throws Exception {
    for (int i = 0; i < COUNT; i++) {
      send(i);
    }
    ModelRelease release = release();
    ModelTopics none = new ModelTopics("gone", "a", "b", "c");
    ModelLogConfig config =
        ModelCluster.config(none, cluster.kafka.bootstrapServers(), cluster.registry.url());

    assertFails(config, release, LIMITS, Reason.TOPIC_GONE, "partition 0 of topic gone");
    ModelChunks beyond = ModelChunks.newBuilder(release.getChunks()).setPartition(99).build();
    assertFails(
        cluster.config(),
        ModelRelease.newBuilder(release).setChunks(beyond).build(),
        LIMITS,
        Reason.TOPIC_GONE,
        "partition 99");
  }

  @Test
  void shouldTellATopicThatWasMadeAnew() throws Exception {
    ModelTopics topics = new ModelTopics("new.artifacts", "new.releases", "new.r", "new.s");
    new ModelTopicSetup(cluster.admin, topics).create();
    ModelLogConfig config =
        ModelCluster.config(topics, cluster.kafka.bootstrapServers(), cluster.registry.url());
    for (int i = 0; i < COUNT; i++) {
      send(i);
    }

    assertFails(config, release(), LIMITS, Reason.CHUNK_MISSING, "was cut or made anew");
  }

  /** The broker takes up a topic's new settings a moment after it has acknowledged them. */
  private void deleteRecords(String topic, long before) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try {
        cluster
            .admin
            .deleteRecords(
                Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(before)))
            .all()
            .get(60, TimeUnit.SECONDS);
        return;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof PolicyViolationException) || System.nanoTime() > end) {
          throw e;
        }
      }
    }
  }

  @Test
  void shouldTellATopicThatWasCut() throws Exception {
    for (int i = 0; i < COUNT; i++) {
      send(i);
    }
    String topic = cluster.topics.artifacts();
    cluster.set(ConfigResource.Type.TOPIC, topic, Map.of("cleanup.policy", "delete"));
    deleteRecords(topic, firstOffset + 2);
    cluster.set(ConfigResource.Type.TOPIC, topic, Map.of("cleanup.policy", "compact"));

    assertFails(release(), Reason.CHUNK_MISSING, "was cut or made anew");
    // What is on disk already need not be in the topic.
    Files.write(directory.resolve("m.pt.part"), Arrays.copyOf(artifact, 2 * CHUNK));
    download(release());
    assertThat(file).hasBinaryContent(artifact);
  }

  @Test
  void shouldSeeCommittedChunksOnlyAndSayWhatItWaitsFor() throws Exception {
    try (KafkaProducer<String, byte[]> dying =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers", cluster.kafka.bootstrapServers(), "transactional.id", "dying"),
            new StringSerializer(),
            new ByteArraySerializer())) {
      dying.initTransactions();
      dying.beginTransaction();
      dying
          .send(new ProducerRecord<>(cluster.topics.artifacts(), 0, "dying/1/0", new byte[10]))
          .get(60, TimeUnit.SECONDS);
      for (int i = 0; i < COUNT; i++) {
        send(i);
      }
      TransferLimits impatient = new TransferLimits(Duration.ofSeconds(60), Duration.ofSeconds(3));
      TransferLimits hasty = new TransferLimits(Duration.ofSeconds(3), Duration.ofSeconds(60));
      assertFails(
          cluster.config(), release(), impatient, Reason.STALLED, "a publisher that died is open");
      assertFails(
          cluster.config(), release(), hasty, Reason.TIMED_OUT, "0 of 30500 bytes are there");

      dying.abortTransaction();
    }
    download(release());
    assertThat(file).hasBinaryContent(artifact);
  }

  private ByteBuffer data(int index) {
    int from = index * CHUNK;
    return ByteBuffer.wrap(artifact, from, Math.min(CHUNK, artifact.length - from));
  }

  private byte[] chunk(int index) {
    return cluster.bytes(
        cluster.topics.artifacts(),
        ModelArtifactChunk.class,
        new ModelArtifactChunk(model.getDigest(), index, COUNT, data(index)));
  }

  private void send(int index) throws Exception {
    send(index, new ModelArtifactChunk(model.getDigest(), index, COUNT, data(index)));
  }

  private void send(int index, ModelArtifactChunk chunk) throws Exception {
    byte[] value = cluster.bytes(cluster.topics.artifacts(), ModelArtifactChunk.class, chunk);
    lastOffset = write(model.getName() + "/1/" + index, value);
    firstOffset = firstOffset < 0 ? lastOffset : firstOffset;
  }

  private static long write(String key, byte[] value) throws Exception {
    return cluster.produce(cluster.topics.artifacts(), 0, key, value).offset();
  }

  private ModelRelease release() {
    List<Integer> checksums = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      CRC32C checksum = new CRC32C();
      checksum.update(data(i));
      checksums.add((int) checksum.getValue());
    }
    return ModelRelease.newBuilder()
        .setModel(model)
        .setBytes(artifact.length)
        .setChunks(new ModelChunks(0, firstOffset, lastOffset, CHUNK, checksums))
        .setManifest("{}")
        .setPublishedAt(Instant.EPOCH)
        .build();
  }

  private void download(ModelRelease release) throws Exception {
    download(release, LIMITS, TransferProgress.NONE);
  }

  private void download(ModelRelease release, TransferLimits limits, TransferProgress progress)
      throws Exception {
    new ArtifactReader(cluster.config()).download(release, file, limits, progress);
  }

  private void assertFails(ModelRelease release, Reason reason, String message) {
    assertFails(cluster.config(), release, LIMITS, reason, message);
  }

  private void assertFails(
      ModelLogConfig config,
      ModelRelease release,
      TransferLimits limits,
      Reason reason,
      String message) {
    ArtifactException error =
        catchThrowableOfType(
            ArtifactException.class,
            () ->
                new ArtifactReader(config).download(release, file, limits, TransferProgress.NONE));
    assertThat(error).hasMessageContaining(message).hasMessageContaining(model.getName() + "/1");
    assertThat(error.reason()).isEqualTo(reason);
  }
}
