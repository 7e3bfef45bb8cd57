package io.clipstream.trainer.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.Progress;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.infer.Classifier;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.data.ClipList;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluatorTest {
  private static final ClipSpec CLIP =
      new ClipSpec(4, 6, 20, 16, false, List.of(0.5f, 0.5f, 0.5f), List.of(1f, 1f, 1f));

  @TempDir Path folder;

  /** Says of the first clips that they are dark, of all others that they are bright. */
  private static final class Counting implements Classifier {
    private int clips;

    @Override
    public ModelManifest manifest() {
      return new ModelManifest(
          "m", "1", TinyRun.LABELS, CLIP, "1", Map.of(), "serving", "fp32", Map.of(), Map.of(), "");
    }

    @Override
    public int maxBatch() {
      return 4;
    }

    @Override
    public float[][] classify(List<Clip> batch) {
      float[][] probabilities = new float[batch.size()][];
      for (int i = 0; i < batch.size(); i++) {
        probabilities[i] = clips++ == 0 ? new float[] {1, 0} : new float[] {0, 1};
      }
      return probabilities;
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "4, 4", "2x3, 6", "4x3, 12"})
  void shouldAskForEachViewAndTakeTheirMean(String views, int clips) throws Exception {
    Answers answers = answer(views);

    assertThat(answers.views()).isEqualTo(views);
    assertThat(answers.probabilities()[0][0]).isCloseTo(1f / clips, within(1e-6f));
  }

  private Answers answer(String views) throws Exception {
    Path video = folder.resolve("a.avi");
    TinyRun.video(video, 60, 1);
    try (Counting classifier = new Counting()) {
      return new Evaluator(classifier, views, 1, Progress.silent())
          .answer(List.of(new ClipList.Entry(video, "dark", "", "", 0)));
    }
  }
}
