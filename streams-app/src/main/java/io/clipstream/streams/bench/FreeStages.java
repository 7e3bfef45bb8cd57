package io.clipstream.streams.bench;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSink;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.model.infer.Classifier;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.ClipSource;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ServedModel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A pipeline whose every part is the real one, but for a decoder that gives one blank clip a video
 * and a classifier that gives even scores, both at no cost: what is left is Kafka, Avro and the
 * pipeline itself.
 */
final class FreeStages {
  private static final ClipSpec SPEC =
      new ClipSpec(1, 1, 8, 8, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
  private static final VideoInfo INFO = new VideoInfo("none", "none", 8, 8, 0, 1, 1, 1);
  private static final ModelManifest MANIFEST =
      new ModelManifest(
          "free",
          "1",
          List.of("a", "b", "c", "d", "e", "f", "g", "h"),
          SPEC,
          "1",
          Map.of(),
          "serving",
          "fp32",
          Map.of(),
          Map.of(),
          "");

  private FreeStages() {}

  static LabelPipeline pipeline() {
    return new LabelPipeline(
        new BlankClips(),
        new ServedModel(MANIFEST, "0".repeat(64)),
        List.of(EvenScores::new),
        new PipelineSettings(1, BatchPolicy.upTo(64, Duration.ofMillis(2)), 64, 5));
  }

  private static final class BlankClips implements ClipSource {
    private final ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), 512L * SPEC.clipBytes());

    @Override
    public Result read(VideoReference reference, ClipSink sink) throws InterruptedException {
      sink.accept(buffers.take(new TimeRange(0, 1), 0));
      return new Result.Read(INFO, 1, true, "", 0, 0);
    }
  }

  private static final class EvenScores implements Classifier {
    private final float[] scores = new float[MANIFEST.labels().size()];

    EvenScores() {
      Arrays.fill(scores, 1f / scores.length);
    }

    @Override
    public ModelManifest manifest() {
      return MANIFEST;
    }

    @Override
    public int maxBatch() {
      return 64;
    }

    @Override
    public float[][] classify(List<Clip> clips) {
      float[][] rows = new float[clips.size()][];
      Arrays.fill(rows, scores);
      return rows;
    }

    @Override
    public void close() {}
  }
}
