package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.streams.live.rollout.Phase;
import io.clipstream.streams.live.rollout.Report;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatusRecordsTest {
  private static final String DIGEST = "ab".repeat(32);

  private static ModelStatus status(Report report) {
    return StatusRecords.of(report, version -> new ModelIdentity("m", version, DIGEST))
        .setInstance("host-1")
        .setName("m")
        .setBeat(1)
        .setChangedAt(Instant.EPOCH)
        .build();
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void shouldBringEveryReportBack(Phase phase) {
    Report report = new Report(phase, "1", "2", 7, 3, 42, "why");
    assertThat(StatusRecords.report(status(report))).isEqualTo(report);
  }

  @Test
  void shouldBringAReportOfNothingBack() {
    Report report = new Report(Phase.IDLE, null, null, 0, 0, Report.NONE, null);
    ModelStatus status = status(report);
    assertThat(StatusRecords.fault("host-1/m", status)).isEmpty();
    assertThat(StatusRecords.report(status)).isEqualTo(report);
  }

  @Test
  void shouldTakeAnUnknownStateWithACandidateForAChange() {
    ModelStatus status =
        ModelStatus.newBuilder(status(new Report(Phase.WAITING, "1", "2", 7, 3, 42, null)))
            .setState(ModelState.UNKNOWN)
            .build();
    assertThat(StatusRecords.report(status).phase()).isEqualTo(Phase.CHANGING);
  }

  @Test
  void shouldFindRecordsThatMakeNoSense() {
    ModelStatus status = status(new Report(Phase.WAITING, "1", null, 7, 3, 42, null));
    assertThat(StatusRecords.fault("host-1/m", status)).hasValue("it is READY without a candidate");
    assertThat(StatusRecords.fault("host-2/m", status))
        .hasValue("its key is 'host-2/m', expected host-1/m");
  }
}
