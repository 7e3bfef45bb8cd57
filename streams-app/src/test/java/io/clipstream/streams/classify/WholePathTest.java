package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoEncoder;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.RawServer;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.registry.EmbeddedRegistry;
import io.clipstream.streams.app.Cluster;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.topology.Attempts;
import io.clipstream.streams.topology.Formats;
import io.clipstream.streams.topology.IntakeGate;
import io.clipstream.streams.topology.LabelTopology;
import io.clipstream.streams.topology.OutcomeTimes;
import io.clipstream.streams.topology.OutcomeTimestamp;
import io.clipstream.streams.topology.PendingLimits;
import io.clipstream.streams.topology.Topics;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real files through the fetcher, the decoder, a small random network and the topology. */
@Timeout(300)
class WholePathTest {
  private static final Topics TOPICS = Topics.defaults();
  static final ClipSpec SPEC =
      new ClipSpec(
          8, 8, 36, 32, false, List.of(0.45f, 0.45f, 0.45f), List.of(0.225f, 0.225f, 0.225f));
  private static final List<String> LABELS = List.of("red", "green", "blue");

  private static final int DECODE_THREADS = 2;

  @TempDir Path directory;

  @Test
  void shouldLabelVideosAndRejectBadOnes() throws Exception {
    Path videos = Files.createDirectories(directory.resolve("videos"));
    VideoReference good = reference("good", video(videos.resolve("good.mp4"), 75));
    VideoReference part =
        VideoReference.newBuilder(reference("part", video(videos.resolve("part.mp4"), 75)))
            .setStartMillis(1000L)
            .setEndMillis(2000L)
            .build();
    Path text = Files.writeString(videos.resolve("text.mp4"), "this is no video at all");
    Path outside = Files.writeString(directory.resolve("outside.mp4"), "secret");
    VideoReference missing = reference("missing", videos.resolve("missing.mp4"));

    try (EmbeddedRegistry registry = new EmbeddedRegistry(0);
        LabelPipeline pipeline = pipeline(policy(videos));
        Formats formats = formats(registry);
        TopologyTestDriver driver =
            new TopologyTestDriver(
                LabelTopology.build(
                    TOPICS,
                    () -> formats(registry),
                    pipeline,
                    new IntakeGate(PendingLimits.of(100)),
                    new Attempts(0),
                    new OutcomeTimes(OutcomeTimestamp.NOW),
                    1 << 20),
                config())) {
      TestInputTopic<String, VideoReference> incoming =
          driver.createInputTopic(
              TOPICS.incoming(), new StringSerializer(), formats.references().serializer());
      List.of(good, part, reference("text", text), reference("outside", outside), missing)
          .forEach(reference -> incoming.pipeInput(reference.getId(), reference));

      do {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      } while (pipeline.inFlight() > 0);
      driver.advanceWallClockTime(Duration.ofMillis(10));

      Map<String, VideoLabels> labels =
          driver
              .createOutputTopic(
                  TOPICS.labeled(), new StringDeserializer(), formats.labels().deserializer())
              .readKeyValuesToMap();
      Map<String, RejectedVideo> rejected =
          driver
              .createOutputTopic(
                  TOPICS.rejected(), new StringDeserializer(), formats.rejected().deserializer())
              .readKeyValuesToMap();

      assertThat(labels).containsOnlyKeys("good", "part");
      VideoLabels whole = labels.get("good");
      assertThat(whole.getLabels()).extracting(Label::getName).doesNotHaveDuplicates();
      assertThat(whole.getLabels()).hasSize(2).allMatch(label -> label.getScore() > 0);
      assertThat(whole.getSegments()).hasSize(3);
      assertThat(whole.getSegments().get(0).getStartMillis()).isZero();
      assertThat(whole.getVideo().getCodec()).isEqualTo("mpeg4");
      assertThat(whole.getVideo().getWidth()).isEqualTo(96);
      assertThat(whole.getVideo().getDurationMillis()).isEqualTo(3000);
      assertThat(whole.getModel().getName()).isEqualTo("random");
      assertThat(whole.getModel().getDigest()).matches("[0-9a-f]{64}");
      assertThat(whole.getTimings().getDecodeMillis()).isPositive();
      assertThat(whole.getTimings().getClassifyMillis()).isPositive();
      assertThat(labels.get("part").getSegments())
          .singleElement()
          .satisfies(segment -> assertThat(segment.getStartMillis()).isBetween(960L, 1000L));

      assertThat(rejected).containsOnlyKeys("text", "outside", "missing");
      assertThat(rejected.get("text").getReason()).isEqualTo(RejectionReason.NOT_A_VIDEO);
      assertThat(rejected.get("outside").getReason()).isEqualTo(RejectionReason.FORBIDDEN_PATH);
      assertThat(rejected.get("missing").getReason()).isEqualTo(RejectionReason.NOT_FOUND);
    }
  }

  @Test
  void shouldLabelLocalVideosWhileDownloadsAreSlow() throws Exception {
    Path videos = Files.createDirectories(directory.resolve("videos"));
    Path file = video(videos.resolve("good.mp4"), 75);
    byte[] bytes = Files.readAllBytes(file);
    CountDownLatch held = new CountDownLatch(DECODE_THREADS);
    CountDownLatch permit = new CountDownLatch(1);
    RawServer.Script slow =
        (connection, request, to) -> {
          to.send("HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n");
          to.send(bytes, 0, 1000);
          held.countDown();
          try {
            permit.await();
          } catch (InterruptedException end) {
            return;
          }
          to.send(bytes, 1000, bytes.length);
        };
    FetchPolicy policy = policy(videos);
    try (RawServer server = new RawServer(slow);
        LabelPipeline pipeline =
            pipeline(
                policy.withAddresses(
                    policy.addresses().withAllowPrivate(List.of("127.0.0.0/8"))))) {
      List<CompletableFuture<Outcome>> remote = new ArrayList<>();
      for (int i = 0; i < DECODE_THREADS; i++) {
        remote.add(
            submit(
                pipeline,
                VideoReference.newBuilder()
                    .setId("remote-" + i)
                    .setUri(server.url("/" + i))
                    .build()));
      }
      held.await();
      long start = System.nanoTime();

      assertThat(submit(pipeline, reference("local", file)).get(30, TimeUnit.SECONDS))
          .isInstanceOf(Outcome.Labelled.class);

      assertThat(remote).noneMatch(CompletableFuture::isDone);
      double heldMillis = (System.nanoTime() - start) / 1e6;
      permit.countDown();
      for (CompletableFuture<Outcome> outcome : remote) {
        assertThat(outcome.get(30, TimeUnit.SECONDS))
            .isInstanceOfSatisfying(
                Outcome.Labelled.class,
                labelled ->
                    assertThat(labelled.labels().getTimings().getFetchMillis())
                        .isGreaterThan(heldMillis));
      }
      assertThat(downloads()).isEmpty();
    }
  }

  private static CompletableFuture<Outcome> submit(
      LabelPipeline pipeline, VideoReference reference) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    pipeline.submit(VideoRequest.of(reference), outcome::complete, outcome::completeExceptionally);
    return outcome;
  }

  private List<Path> downloads() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("work"))) {
      return files.filter(file -> file.getFileName().toString().startsWith("video-")).toList();
    }
  }

  private static FetchPolicy policy(Path videos) {
    return FetchPolicy.defaults().withFileRoots(List.of(videos));
  }

  private LabelPipeline pipeline(FetchPolicy policy) throws IOException {
    Swin3dConfig config =
        new Swin3dConfig(
            8,
            List.of(1, 1),
            List.of(2, 4),
            List.of(4, 4, 4),
            List.of(2, 4, 4),
            2,
            0,
            0,
            0,
            true,
            LABELS.size());
    ModelManifest manifest =
        new ModelManifest(
            "random", "1", LABELS, SPEC, "1", Map.of(), "training", "fp32", Map.of(), Map.of(), "");
    Path model = directory.resolve("random-1.pt");
    Swin3d.write(model, config, Swin3d.init(config, 1), manifest);
    PipelineSettings settings =
        new PipelineSettings(DECODE_THREADS, BatchPolicy.upTo(2, Duration.ofMillis(5)), 4, 2);
    Generation generation =
        new GenerationFactory(
                List.of(Device.cpu()),
                KernelMode.AUTO,
                Sampling.sliding(10),
                DecodeLimits.defaults(),
                Optional.empty(),
                GpuDecoding.off(),
                new PixelBudget(4L * SPEC.clipBytes()),
                settings.batch(),
                PipelineObserver.NONE)
            .create(ModelArtifact.open(model));
    return LabelPipeline.open(
        new ReferenceFetcher(new FileFetcher(policy, directory.resolve("work"))),
        generation,
        settings,
        PipelineObserver.NONE);
  }

  static Path video(Path file, int frames) throws IOException {
    Random random = new Random(5);
    byte[] noise = new byte[96 * 64 * 3];
    ByteBuffer picture = ByteBuffer.allocateDirect(noise.length);
    try (VideoEncoder encoder =
        new VideoEncoder(file, VideoEncoder.Settings.of("mpeg4", 96, 64, 25))) {
      for (int i = 0; i < frames; i++) {
        random.nextBytes(noise);
        encoder.add(picture.clear().put(noise).flip());
      }
    }
    return file;
  }

  private static VideoReference reference(String id, Path file) {
    return VideoReference.newBuilder().setId(id).setUri(file.toUri().toString()).build();
  }

  private static Formats formats(EmbeddedRegistry registry) {
    return Formats.create(Cluster.serdeClass(), Map.of("schema.registry.url", registry.url()));
  }

  private static Properties config() {
    Properties config = new Properties();
    config.put("application.id", "test");
    config.put("bootstrap.servers", "127.0.0.1:9");
    return config;
  }
}
