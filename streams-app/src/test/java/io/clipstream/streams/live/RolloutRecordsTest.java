package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.ModelRollout;
import io.clipstream.streams.live.rollout.ChosenBy;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RolloutRecordsTest {
  private static final Wanted WANTED =
      Wanted.first("m", "1").activate("2").canary("3", 0.1).shadow("4");

  @Test
  void shouldSayInARecordAllThatIsWanted() {
    ModelRollout written = RolloutRecords.of(WANTED, "a test", Instant.EPOCH);

    assertThat(RolloutRecords.fault("m", written)).isEmpty();
    assertThat(RolloutRecords.wanted(written)).isEqualTo(WANTED);
  }

  @Test
  void shouldTakeTheRolloutItselfWhereARecordDoesNotTellWhatChoseItsVersions() {
    ModelRollout old =
        ModelRollout.newBuilder(RolloutRecords.of(WANTED, "a test", Instant.EPOCH))
            .setActiveRollout(0)
            .setCanaryRollout(0)
            .setShadowRollout(0)
            .build();

    assertThat(RolloutRecords.fault("m", old)).isEmpty();
    assertThat(RolloutRecords.wanted(old).chosenBy()).isEqualTo(new ChosenBy(4, 0, 4, 4));
  }

  @Test
  void shouldRefuseRolloutsThatWereNotYet() {
    ModelRollout record =
        ModelRollout.newBuilder(RolloutRecords.of(WANTED, "a test", Instant.EPOCH))
            .setCanaryRollout(5)
            .build();

    assertThat(RolloutRecords.fault("m", record))
        .contains("rollouts chose its versions that are not between 1 and its own");
  }
}
