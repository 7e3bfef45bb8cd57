package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.djl.Device;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.schemas.ModelArtifactChunk;
import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.schemas.models.ModelKeys;
import io.clipstream.schemas.models.SigningKey;
import io.clipstream.schemas.models.TransferProgress;
import io.clipstream.streams.live.rollout.Wanted;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of bad release is refused with its reason, and what serves goes on serving. */
@Timeout(900)
class ReleaseTableIT {
  private static final int MANY_WEIGHTS = 8 << 20;

  /** Of a processor: longer than a load may take, and no longer than needed. */
  private static final int HANG_SECONDS = 16;

  @TempDir static Path shared;
  private static ModelCluster cluster;
  private static Path video;

  @TempDir Path directory;
  private LiveLog log;
  private SteadyOutcomes steady;

  @BeforeAll
  static void start() throws Exception {
    cluster = new ModelCluster(shared.resolve("kafka"));
    cluster.createTopics();
    video = LiveInstance.video(shared.resolve("noise.mp4"));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void shouldRefuseWhatIsNotWhatWasPublished() throws Exception {
    try (LiveInstance instance = serving("torn")) {
      assertRefused("missing", "there is no release torn/missing");

      byte[] text = "no record at all".getBytes(StandardCharsets.UTF_8);
      cluster.produce(cluster.topics.releases(), 0, "torn/avro", text);
      assertRefused("avro", "the release torn/avro cannot be read: ");

      log.publish("gone2", ExpressionModels.MEAN);
      ModelRelease gone = log.release("gone2");
      ModelChunks chunks = ModelChunks.newBuilder(gone.getChunks()).build();
      write(gone, chunks.getFirstOffset() + 1000, chunks.getLastOffset() + 1000);
      assertRefused("gone2", "chunk 0");

      log.publish("altered2", ExpressionModels.MEAN);
      writeAgainAltered(log.release("altered2"));
      assertRefused("altered2", "chunk 0 has other data than was published");

      log.publish("foreign2", ExpressionModels.MEAN);
      log.write(
          ModelRelease.newBuilder(log.release("foreign2"))
              .setModel(new ModelIdentity("torn", "foreign2", "ab".repeat(32)))
              .build());
      assertRefused("foreign2", "is of the artifact");

      Path byUri = write("digest2", ExpressionModels.MEAN);
      log.publisher(Optional.empty())
          .publish(
              LiveLog.description(log.manifest("digest2")),
              Files.copy(byUri, shared.resolve("digest2.pt")).toUri(),
              "cd".repeat(32),
              Files.size(byUri));
      assertRefused("digest2", "SHA-256");

      log.publish(log.manifest("renamed2"), write("other2", ExpressionModels.MEAN));
      assertRefused("renamed2", "the artifact is torn-other2");

      assertTakesAGoodOne(instance);
    }
  }

  @Test
  void shouldRefuseWhatIsNoNetworkOrAnotherOne() throws Exception {
    try (LiveInstance instance = serving("foreign")) {
      Path text = Files.writeString(directory.resolve("text.pt"), "no model at all");
      log.publish(log.manifest("text2"), text);
      assertRefused("text2", "not a zip file");

      ModelManifest others =
          ExpressionModels.manifest("foreign", "labels2", List.of("red", "green", "violet"));
      log.publish(
          others, ExpressionModels.write(log.file("labels2"), others, ExpressionModels.MEAN));
      assertRefused("labels2", "number 2 is 'violet' instead of 'blue'");

      log.publishMethods("two2", forward("clips: Tensor, scale: float", "Tensor", "clips"), 1);
      assertRefused("two2", "forward(clips: Tensor, scale: float) -> Tensor, expected forward(");

      log.publishMethods("pair2", forward("x: Tensor", "Tuple[Tensor, Tensor]", "(x, x)"), 1);
      assertRefused("pair2", "forward(x: Tensor) -> Tuple[Tensor, Tensor], expected forward(");

      log.publish("shape2", "torch.mean(torch.to(clips, 6), [1, 2])");
      assertRefused("shape2", "a logit for each label");

      log.publish("nan2", "torch.log(" + ExpressionModels.MEAN + " - 1e9)");
      assertRefused("nan2", "not a finite number");

      ModelManifest off = log.manifest("golden2");
      log.publish(
          off,
          ExpressionModels.write(
              log.file("golden2"),
              off,
              List.of("return " + ExpressionModels.MEAN),
              Optional.of(new Golden(3, List.of(1f, 2f, 3f)))));
      assertRefused("golden2", "golden outputs are off");

      log.publishMethods("large2", forward("clips: Tensor", "Tensor", "clips"), MANY_WEIGHTS);
      assertRefused("large2", "needs 64 MiB beside what runs already");

      assertTakesAGoodOne(instance);
    }
  }

  @Test
  void shouldRefuseWhatReachesOutsideThrowsOrHangs() throws Exception {
    try (LiveInstance instance = serving("wild")) {
      log.publish(
          "file2",
          List.of("x = torch.from_file(\"/etc/passwd\")", "return " + ExpressionModels.MEAN));
      assertRefused("file2", "calls torch.from_file");

      log.publish(
          "print2", List.of("print(torch.numel(clips))", "return " + ExpressionModels.MEAN));
      assertRefused("print2", "calls print");

      log.publishMethods("printsearly2", ExpressionModels.atLoad("print(1)"), 1);
      assertRefused("printsearly2", "calls print");

      log.publish("throws2", "torch.mean(nothing)");
      assertRefused("throws2", "PyTorch cannot load it");

      log.publish("throwslate2", "torch.reshape(" + ExpressionModels.MEAN + ", [7, 7])");
      assertRefused("throwslate2", "the network fails");

      // Threads are left behind, and end by themselves here.
      long times = HANG_SECONDS * ExpressionModels.loopsPerSecond(directory);
      log.publishMethods("hangsearly2", ExpressionModels.loopingAtLoad(times), 1);
      assertRefused("hangsearly2", "took longer than 8.0 s");
      awaitEndOfHungThreads();

      log.publish("hangs2", ExpressionModels.looping("clips", times / 7)); // On many numbers.
      assertRefused("hangs2", "took longer than 8.0 s");
      assertThat(log.statuses())
          .filteredOn(status -> "hangs2".equals(status.getCandidateVersion()))
          .extracting(ModelStatus::getState)
          .contains(ModelState.LOADING, ModelState.WARMING, ModelState.FAILED);

      awaitEndOfHungThreads();
      assertTakesAGoodOne(instance);
    }
  }

  @Test
  void shouldAskForSignaturesWhereKeysAreTrusted() throws Exception {
    SigningKey signer = key("key");
    log = new LiveLog(cluster, "signed", directory);
    publishSigned("1", signer);
    log.activate("1");
    try (LiveInstance instance = instance(List.of(directory.resolve("key.pub")));
        SteadyOutcomes outcomes = new SteadyOutcomes(instance)) {
      steady = outcomes;
      log.awaitSettled("1");

      log.publish("2", ExpressionModels.MEAN);
      assertRefused("2", "signed/2 is not signed");

      publishSigned("3", key("foreign"));
      assertRefused("3", "signed/3 is signed by key");

      publishSigned("4", signer);
      ModelRelease release = log.release("4");
      log.publish("5", ExpressionModels.MEAN + " * 2.");
      log.write(
          ModelRelease.newBuilder(log.release("5")).setSignature(release.getSignature()).build());
      assertRefused("5", "the signature of signed/5 is not that of key");

      log.activate("4");
      log.awaitSettled("4");
    }
  }

  /** Version 1 of the model serves. */
  private LiveInstance serving(String model) throws Exception {
    log = new LiveLog(cluster, model, directory);
    log.publish("1", ExpressionModels.MEAN);
    log.activate("1");
    LiveInstance instance = instance(List.of());
    steady = new SteadyOutcomes(instance);
    log.awaitSettled("1");
    return instance;
  }

  private LiveInstance instance(List<Path> trustedKeys) throws Exception {
    return new LiveInstance(
            "only-" + log.model,
            log.model,
            cluster.config(),
            directory,
            LiveInstance.options(directory.resolve("cache"), trustedKeys),
            video,
            new FortyMebibytes())
        .awaitServing();
  }

  /** What is left of the memory, whatever runs. */
  private static final class FortyMebibytes implements FreeMemory {
    @Override
    public OptionalLong onHost() {
      return OptionalLong.of(40 << 20);
    }

    @Override
    public OptionalLong on(Device device) {
      return OptionalLong.empty();
    }
  }

  private void assertRefused(String version, String reason) throws Exception {
    log.activate(version);
    AtomicReference<Wanted> newest = new AtomicReference<>();
    LiveLog.waiting()
        .until(
            () -> {
              newest.set(log.wanted());
              return newest.get().stopped() && newest.get().active().equals(version);
            });
    Wanted wanted = newest.get();
    assertThat(wanted.reason()).as(version).contains(reason).doesNotContain("\n");
    ModelStatus status = log.newestStatus();
    assertThat(status.getServing().getVersion()).isEqualTo("1");
    steady.awaitMore(2);
    assertThat(steady.versions()).containsOnly("1");
  }

  private void assertTakesAGoodOne(LiveInstance instance) throws Exception {
    log.publish("good2", ExpressionModels.MEAN);
    log.activate("good2");
    log.awaitSettled("good2");
    assertThat(instance.version()).isEqualTo("good2");
    steady.awaitMore(2);
    steady.close();
    assertThat(steady.versions()).containsOnly("1", "good2");
  }

  private static void awaitEndOfHungThreads() throws Exception {
    await()
        .atMost(LiveLog.LIMIT)
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("classify-wild-hangs")));
  }

  private Path write(String version, String expression) throws Exception {
    return ExpressionModels.write(log.file(version), log.manifest(version), expression);
  }

  private void write(ModelRelease release, long firstOffset, long lastOffset) throws Exception {
    ModelChunks chunks =
        ModelChunks.newBuilder(release.getChunks())
            .setFirstOffset(firstOffset)
            .setLastOffset(lastOffset)
            .build();
    log.write(ModelRelease.newBuilder(release).setChunks(chunks).build());
  }

  /** Its chunks once more, the first with another byte in it, and a release that names them. */
  private void writeAgainAltered(ModelRelease release) throws Exception {
    String topic = cluster.topics.artifacts();
    ModelChunks chunks = release.getChunks();
    long first = -1;
    long last = -1;
    try (Serde<ModelArtifactChunk> serde = cluster.config().serde(ModelArtifactChunk.class)) {
      for (ConsumerRecord<String, byte[]> record : cluster.everything(topic)) {
        if (record.partition() != chunks.getPartition()
            || record.offset() < chunks.getFirstOffset()
            || record.offset() > chunks.getLastOffset()) {
          continue;
        }
        ModelArtifactChunk chunk = serde.deserializer().deserialize(topic, record.value());
        if (first < 0) {
          ByteBuffer data = ByteBuffer.allocate(chunk.getData().remaining());
          data.put(chunk.getData()).flip();
          data.put(17, (byte) (data.get(17) ^ 1));
          chunk = ModelArtifactChunk.newBuilder(chunk).setData(data).build();
        }
        last =
            cluster
                .produce(
                    topic,
                    record.partition(),
                    record.key(),
                    cluster.bytes(topic, ModelArtifactChunk.class, chunk))
                .offset();
        first = first < 0 ? last : first;
      }
    }
    write(release, first, last);
  }

  private SigningKey key(String name) throws Exception {
    Path key = directory.resolve(name + ".pem");
    ModelKeys.generate(key, directory.resolve(name + ".pub"));
    return SigningKey.read(key);
  }

  private void publishSigned(String version, SigningKey key) throws Exception {
    log.publisher(Optional.of(key))
        .publish(
            LiveLog.description(log.manifest(version)),
            write(version, ExpressionModels.MEAN),
            TransferProgress.NONE);
  }

  private static String forward(String parameters, String result, String returned) {
    return """
        def forward(self: __torch__.Foreign, %s) -> %s:
          return %s
      """
        .formatted(parameters, result, returned);
  }
}
