package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EpochPlanTest {
  @ParameterizedTest
  @CsvSource({"17,8,3", "16,8,2", "3,8,1", "9,4,3", "14000,64,219", "1,1,1"})
  void shouldDealEveryClipOnceInBatchesOfNearlyOneSize(int clips, int batchSize, int steps) {
    EpochPlan plan = EpochPlan.of(clips, batchSize);

    assertThat(plan.steps()).isEqualTo(steps);
    int dealt = 0;
    for (int batch = 0; batch < plan.steps(); batch++) {
      assertThat(plan.first(batch)).isEqualTo(dealt);
      assertThat(plan.size(batch)).isBetween(plan.largest() - 1, plan.largest());
      dealt += plan.size(batch);
    }
    assertThat(dealt).isEqualTo(clips);
    assertThat(plan.largest()).isLessThanOrEqualTo(batchSize);
    assertThat(plan.clipsBefore(2 * steps)).isEqualTo(2L * clips);
  }
}
