package io.clipstream.streams.live;

import ai.djl.Device;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoEncoder;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ReferenceFetcher;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.live.rollout.RolloutPolicy;
import io.clipstream.streams.live.rollout.RolloutTimes;
import io.clipstream.streams.live.watch.WatchLimits;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** An instance as it is with the model topics, but videos come from the test, not from Kafka. */
final class LiveInstance implements AutoCloseable {
  static final Duration LEASE = Duration.ofSeconds(4);

  /** No limit that could be passed. */
  static final WatchLimits UNWATCHED = new WatchLimits(0.01, 1, 1000, 1);

  private static final PipelineSettings PIPELINE =
      new PipelineSettings(2, BatchPolicy.upTo(2, Duration.ofMillis(5)), 4, 3);

  final String id;
  final LiveGenerations generations;
  private final LiveModel live;
  private LabelPipeline pipeline;
  private final Path folder;
  private final Path video;

  /**
   * Starts; it serves nothing yet.
   *
   * @param folder of caches and downloads
   */
  LiveInstance(
      String id, String model, ModelLogConfig config, Path folder, LiveOptions options, Path video)
      throws IOException {
    this(id, model, config, folder, options, video, new SystemMemory());
  }

  /** As the other, with a memory of the test's. */
  LiveInstance(
      String id,
      String model,
      ModelLogConfig config,
      Path folder,
      LiveOptions options,
      Path video,
      FreeMemory memory)
      throws IOException {
    this.id = id;
    this.folder = folder;
    this.video = video;
    generations = new LiveGenerations(model);
    live =
        new LiveModel(
            id,
            model,
            options,
            config,
            generations,
            factory(),
            new FileFetcher(policy(), folder.resolve("work-models")),
            memory);
    live.start();
  }

  static LiveOptions options(Path cache, List<Path> trustedKeys) {
    return new LiveOptions(
        cache,
        1 << 30,
        trustedKeys,
        false,
        new RolloutPolicy(1, 2, true),
        new RolloutTimes(
            LEASE.dividedBy(10),
            LEASE,
            Duration.ofMillis(300),
            Duration.ofMillis(500),
            LEASE,
            Duration.ofMinutes(5)),
        UNWATCHED,
        Duration.ofSeconds(1),
        new LiveOptions.Limits(
            Duration.ofSeconds(60),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(8)),
        2);
  }

  static GenerationFactory factory() {
    return new GenerationFactory(
        List.of(Device.cpu()),
        KernelMode.AUTO,
        Sampling.sliding(4),
        DecodeLimits.defaults(),
        Optional.empty(),
        GpuDecoding.off(),
        new PixelBudget(64 << 20),
        PIPELINE.batch(),
        PipelineObserver.NONE);
  }

  private FetchPolicy policy() {
    return FetchPolicy.defaults().withFileRoots(List.of(video.getParent()));
  }

  /** Waits for its first version. */
  LiveInstance awaitServing() throws Exception {
    generations.serving().get(120, TimeUnit.SECONDS);
    pipeline =
        new LabelPipeline(
            new ReferenceFetcher(new FileFetcher(policy(), folder.resolve("work"))),
            generations,
            PIPELINE,
            generations.observer());
    pipeline.start();
    return this;
  }

  /** Labels a video and waits for it. */
  VideoLabels label(String videoId) throws Exception {
    Outcome outcome = outcome(videoId);
    if (outcome instanceof Outcome.Labelled labelled) {
      return labelled.labels();
    }
    throw new AssertionError(outcome);
  }

  /** Submits a video and waits for its outcome. */
  Outcome outcome(String videoId) throws Exception {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    VideoReference reference =
        VideoReference.newBuilder().setId(videoId).setUri(video.toUri().toString()).build();
    pipeline.submit(VideoRequest.of(reference), outcome::complete, outcome::completeExceptionally);
    return outcome.get(60, TimeUnit.SECONDS);
  }

  String version() {
    return generations.roles().active() == null ? null : generations.roles().active().version();
  }

  /** A short video of noise. */
  static Path video(Path file) throws IOException {
    return video(file, 256);
  }

  /**
   * A short video of noise.
   *
   * @param levels brightest value, exclusive
   */
  static Path video(Path file, int levels) throws IOException {
    Random random = new Random(5);
    byte[] noise = new byte[96 * 64 * 3];
    ByteBuffer picture = ByteBuffer.allocateDirect(noise.length);
    try (VideoEncoder encoder =
        new VideoEncoder(file, VideoEncoder.Settings.of("mpeg4", 96, 64, 25))) {
      for (int i = 0; i < 40; i++) {
        for (int j = 0; j < noise.length; j++) {
          noise[j] = (byte) random.nextInt(levels);
        }
        encoder.add(picture.clear().put(noise).flip());
      }
    }
    return file;
  }

  @Override
  public void close() {
    if (pipeline != null) {
      pipeline.close();
    }
    live.close();
    generations.close();
  }
}
