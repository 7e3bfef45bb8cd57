package io.clipstream.streams.bench;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.model.infer.Classifier;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.CutResult;
import io.clipstream.streams.classify.Cutter;
import io.clipstream.streams.classify.DeviceModel;
import io.clipstream.streams.classify.Fetcher;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ServedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
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
    BatchPolicy batch = BatchPolicy.upTo(64, Duration.ofMillis(2));
    Generation generation =
        new Generation(
            new ServedModel(MANIFEST, "0".repeat(64)),
            blankClips(),
            List.of(new DeviceModel("none", EvenScores::new)),
            batch,
            PipelineObserver.NONE);
    return LabelPipeline.open(
        fetcher(), generation, new PipelineSettings(1, batch, 64, 5), PipelineObserver.NONE);
  }

  /** Every video is this folder, which nobody reads. */
  private static Fetcher fetcher() {
    try {
      LocalFile folder = LocalFile.of(Path.of(""));
      return request -> new FetchResult.Fetched(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Cutter blankClips() {
    ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), 512L * SPEC.clipBytes());
    return (video, range, sink) -> {
      sink.accept(buffers.take(new TimeRange(0, 1), 0));
      return new CutResult.Cut(INFO, 1, true, "", "", 0);
    };
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
