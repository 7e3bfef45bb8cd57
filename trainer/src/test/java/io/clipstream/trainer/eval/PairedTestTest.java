package io.clipstream.trainer.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.trainer.data.ClipList;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

public class PairedTestTest {
  private static final List<String> LABELS = List.of("a", "b");

  /**
   * Answers to videos.
   *
   * @param truth label of each video, then {@code /} and its source, if it has one
   * @param right whether each is labelled right, {@code 1} or {@code 0}
   */
  public static Answers answers(List<String> truth, String right) {
    List<ClipList.Entry> videos = new ArrayList<>();
    float[][] probabilities = new float[truth.size()][];
    for (int i = 0; i < truth.size(); i++) {
      String[] parts = truth.get(i).split("/");
      videos.add(
          new ClipList.Entry(
              Path.of("v" + i), parts[0], "validation", parts.length > 1 ? parts[1] : "", 0));
      boolean first = parts[0].equals("a") == (right.charAt(i) == '1');
      probabilities[i] = first ? new float[] {0.9f, 0.1f} : new float[] {0.2f, 0.8f};
    }
    return new Answers(LABELS, "1", "16 frames", videos, probabilities, Map.of(), 1);
  }

  private static List<String> same(String label, int count) {
    return java.util.Collections.nCopies(count, label);
  }

  @Test
  void shouldBeMcNemarsExactTestForOneLabel() {
    List<String> truth = same("a", 12);

    PairedTest test = PairedTest.of(answers(truth, "000000010000"), answers(truth, "111111100000"));

    // 7 better, 1 worse: (1 + 8) / 2^8
    assertThat(test.better()).isEqualTo(7);
    assertThat(test.worse()).isEqualTo(1);
    assertThat(test.difference()).isCloseTo(6 / 12.0, within(1e-9));
    assertThat(test.chance()).isCloseTo(9 / 256.0, within(1e-9));
    assertThat(test.low()).isBetween(0.05, 0.4);
    assertThat(test.high()).isBetween(0.6, 0.9);
  }

  @Test
  void shouldLetVideosOfOneSourceFallTogether() {
    List<String> truth = same("a/one", 8);

    assertThat(PairedTest.of(answers(truth, "00000000"), answers(truth, "11111111")).chance())
        .isEqualTo(0.5);
  }

  @Test
  void shouldCountLabelsAlikeHoweverManyVideosTheyHave() {
    List<String> truth = new ArrayList<>(same("a", 8));
    truth.addAll(same("b", 2));

    PairedTest test = PairedTest.of(answers(truth, "1111111111"), answers(truth, "1111111100"));

    assertThat(test.difference()).isCloseTo(-0.5, within(1e-9));
    assertThat(test.chance()).isEqualTo(1);
  }

  @Test
  void shouldSayThatEqualModelsAreEqual() {
    List<String> truth = same("a", 30);
    Answers same = answers(truth, "1".repeat(30));

    PairedTest test = PairedTest.of(same, same);

    assertThat(test.difference()).isZero();
    assertThat(test.chance()).isEqualTo(1);
  }

  @Test
  void shouldDrawFlipsWhereThereAreMany() {
    List<String> truth = same("a", 60);
    String half = "10".repeat(30);

    // As likely one way as the other.
    assertThat(PairedTest.of(answers(truth, half), answers(truth, "01".repeat(30))).chance())
        .isBetween(0.5, 0.6);
    assertThat(PairedTest.of(answers(truth, half), answers(truth, "1".repeat(60))).chance())
        .isLessThan(1e-4);
  }
}
