package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import io.clipstream.model.DeviceName;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.TorchClassifier;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.DeviceModel;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.ServedModel;
import io.clipstream.streams.live.rollout.Roles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A version warms up on a device while another one serves there, or does not. */
@Timeout(120)
class WarmUpTest {
  private static final Device DEVICE = Device.cpu();
  private static final BatchPolicy BATCH = BatchPolicy.upTo(4, Duration.ofMillis(1));
  private static final ModelManifest SERVING =
      ExpressionModels.manifest("warm", "1", ExpressionModels.LABELS);
  private static final ClipSpec CLIP = SERVING.clip();

  @TempDir Path folder;
  private final PixelBudget budget = new PixelBudget(1 << 26);
  private final LiveGenerations generations = new LiveGenerations("warm");
  private final CountDownLatch started = new CountDownLatch(1);
  private final CountDownLatch end = new CountDownLatch(1);
  private ModelArtifact next;

  @BeforeEach
  void write() throws Exception {
    next =
        ModelArtifact.open(
            ExpressionModels.write(
                folder.resolve("next.pt"),
                ExpressionModels.manifest("warm", "3", ExpressionModels.LABELS),
                ExpressionModels.looping("clips", 50),
                Optional.empty()));
  }

  @Test
  @SuppressWarnings("try") // the load is on, never asked
  void shouldLeaveADeviceThatIsNeverFreeToWhoServesThere() throws Exception {
    long unused = warmUp();
    long before = leastOfThree();
    long beside;
    serve();
    try (SwapLoad load =
        new SwapLoad(
            generations, CLIP, BATCH, budget, 2, Files.createFile(folder.resolve("video.mp4")))) {
      try (SwapLoad.Phase phase = load.saturated(1)) {
        started.await();
        beside = warmUp();
        end.countDown();
      }
      assertThat(load.faults()).isEmpty();
    }

    // Eight times as long, but a machine that is busy with other things may be slow in either.
    assertThat(beside).isGreaterThan(3 * Math.min(before, leastOfThree()));
  }

  private long leastOfThree() throws Exception {
    return LongStream.of(warmUp(), warmUp(), warmUp()).min().orElseThrow();
  }

  /** Nanoseconds for which the next version is warmed. */
  private long warmUp() throws Exception {
    long[] times = new long[2];
    GenerationFactory factory =
        new GenerationFactory(
            List.of(DEVICE),
            KernelMode.OFF,
            Sampling.sliding(4),
            DecodeLimits.defaults(),
            Optional.empty(),
            GpuDecoding.off(),
            budget,
            BATCH,
            PipelineObserver.NONE);
    GenerationFactory.Proof timed =
        new GenerationFactory.Proof() {
          @Override
          public void warming() {
            times[0] = System.nanoTime();
          }

          @Override
          public void prove(TorchClassifier network) {
            times[1] = System.nanoTime();
          }
        };
    Generation generation = factory.create(next, timed);
    generation.start();
    generation.awaitReady();
    generation.close();
    assertThat(generation.awaitClosed(Duration.ofSeconds(30))).isTrue();
    return times[1] - times[0];
  }

  /** From now on; leaves the cores to the warm-up. */
  private void serve() {
    Generation generation =
        new Generation(
            new ServedModel(SERVING, "0".repeat(64)),
            (video, range, sink) -> {
              throw new AssertionError("the load cuts its clips itself");
            },
            List.of(new DeviceModel(DeviceName.of(DEVICE), AtWork::new)),
            BATCH,
            PipelineObserver.NONE);
    generation.start();
    generation.awaitReady();
    generations.put("1", generation);
    generations.use(new Roles(new Roles.Chosen("1", 1), null, 0, null));
  }

  /** At work on its first batch until the end. */
  private final class AtWork implements Classifier {
    @Override
    public ModelManifest manifest() {
      return SERVING;
    }

    @Override
    public int maxBatch() {
      return BATCH.maxClips();
    }

    @Override
    public float[][] classify(List<Clip> clips) {
      try {
        started.countDown();
        end.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return new float[clips.size()][ExpressionModels.LABELS.size()];
    }

    @Override
    public void close() {}
  }
}
