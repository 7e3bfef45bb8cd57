package io.clipstream.trainer.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.trainer.eval.Answers;
import io.clipstream.trainer.eval.PairedTestTest;
import io.clipstream.trainer.recipe.GateSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class PromotionGateTest {
  private static final GateSettings SETTINGS =
      new GateSettings("validation", 0.05, 0.95, 0.1, 1.5, 2);
  private static final List<String> TRUTH = new ArrayList<>();

  static {
    TRUTH.addAll(Collections.nCopies(10, "a"));
    TRUTH.addAll(Collections.nCopies(10, "b"));
  }

  private static Contender model(String id, String right, double millis, long bytes) {
    return new Contender(id, PairedTestTest.answers(TRUTH, right), new ModelCost(millis, bytes));
  }

  private static final Contender LIVE = model("m-1", "1111100000" + "1111100000", 10, 100);

  private static GateDecision decide(Contender candidate) {
    return new PromotionGate(SETTINGS).decide(LIVE, candidate);
  }

  private static List<String> failed(GateDecision decision) {
    return decision.checks().stream()
        .filter(check -> !check.passed())
        .map(GateDecision.Check::name)
        .toList();
  }

  @Test
  void shouldLetABetterModelPass() {
    GateDecision decision = decide(model("m-2", "1111111111" + "1111111000", 14, 190));

    assertThat(failed(decision)).isEmpty();
    assertThat(decision.passed()).isTrue();
    assertThat(decision.toText()).startsWith("gate: m-2 against m-1 passed");
    assertThat(decision.told(false))
        .containsEntry("gate.result", "passed")
        .containsEntry("gate.against", "m-1");
  }

  @Test
  void shouldRefuseWhatMayBeBetterByChance() {
    GateDecision decision = decide(model("m-2", "1111111000" + "1111100000", 10, 100));

    assertThat(failed(decision)).containsExactly("better");
    assertThat(decision.toText())
        .contains("refused")
        .contains("mean of the labels +10.0 points")
        .contains("chance of 0.2500; wanted: at least 5.0 points, chance at most 0.0500");
    assertThat(decision.told(false)).containsEntry("gate.result", "refused");
    assertThat(decision.told(true)).containsEntry("gate.result", "forced");
    assertThat(decision.told(true).get("gate.reasons"))
        .startsWith("better: ")
        .doesNotContain("MiB");
  }

  @Test
  void shouldRefuseLessThanTheMargin() {
    GateSettings wide = new GateSettings("validation", 0.5, 0.9, 1, 2, 2);

    GateDecision decision =
        new PromotionGate(wide).decide(LIVE, model("m-2", "1111111111" + "1111100000", 10, 100));

    assertThat(failed(decision)).containsExactly("better");
  }

  @Test
  void shouldRefuseWhatForgetsALabel() {
    GateDecision decision = decide(model("m-2", "1111111111" + "1100000000", 10, 100));

    assertThat(failed(decision)).contains("no label worse");
    assertThat(decision.toText()).contains("b has 2 of 10 right, had 5 (-30.0 points)");
  }

  @Test
  void shouldRefuseWhatCostsTooMuch() {
    GateDecision decision = decide(model("m-2", "1111111111" + "1111111111", 15.1, 201));

    assertThat(failed(decision)).containsExactly("latency", "memory");
    assertThat(decision.toText()).contains("15.1 ms a clip, live 10.0; wanted: at most 1.50 times");
  }

  @Test
  void shouldRefuseWhatLacksALabel() {
    Contender good = model("m-2", "1111111111" + "1111111111", 10, 100);
    Answers answers = good.answers();
    Answers other =
        new Answers(
            List.of("a", "c"),
            "1",
            answers.cutting(),
            answers.videos(),
            answers.probabilities(),
            answers.leftOut(),
            1);

    GateDecision decision = decide(new Contender("m-2", other, good.cost()));

    assertThat(failed(decision)).contains("labels");
    assertThat(decision.toText()).contains("it lacks 1 of the live model, such as b");
  }

  @Test
  void shouldLetTheFirstModelPass() {
    assertThat(PromotionGate.first("m-1").passed()).isTrue();
    assertThat(PromotionGate.first("m-1").told(false)).containsEntry("gate.against", "none");
  }
}
