package io.clipstream.trainer.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EvaluationTest {
  private static final Answers ANSWERS =
      PairedTestTest.answers(List.of("a", "a", "b", "b"), "1001");

  @Test
  void shouldMeasureHowFarItIsAsSureAsRight() {
    // "a" is said with 0.9 (twice, right once), "b" with 0.8 (twice, right once).
    Calibration calibration = Calibration.of(ANSWERS);

    assertThat(calibration.error()).isCloseTo((0.4 + 0.3) / 2, within(1e-6));
    assertThat(calibration.bins()).hasSize(2);
    assertThat(calibration.bins().get(1).accuracy()).isEqualTo(0.5);
  }

  @Test
  void shouldNameTheWorstFirst() {
    Evaluation evaluation = Evaluation.of(ANSWERS, new int[] {0, 0, 1, 1});

    assertThat(evaluation.worst())
        .extracting(judged -> judged.video().path() + " " + judged.answer())
        .containsExactly("v2 a", "v1 b");
    assertThat(evaluation.toMap())
        .containsEntry("right", 2)
        .containsEntry("top5", 1.0)
        .containsEntry("cutting", "16 frames")
        .containsKeys("reliability", "top1Interval", "confusion");
    assertThat(evaluation.toTable())
        .contains("calibration error 35.0 points")
        .contains("4 videos (views 1 of 16 frames), intervals");
  }

  @Test
  void shouldCountWhatDoesNotDecodeAsWrong() {
    float[][] probabilities = ANSWERS.probabilities().clone();
    probabilities[0] = null;
    Answers some =
        new Answers(
            ANSWERS.labels(),
            "1",
            "16 frames",
            ANSWERS.videos(),
            probabilities,
            Map.of(0, "CORRUPT: x"),
            1);

    Evaluation evaluation = Evaluation.of(some, new int[] {0, 0, 1, 1});

    assertThat(evaluation.top1().share()).isEqualTo(0.25);
    assertThat(evaluation.leftOut()).containsExactly("v0: CORRUPT: x");
    assertThat(some.right(0)).isFalse();
  }
}
