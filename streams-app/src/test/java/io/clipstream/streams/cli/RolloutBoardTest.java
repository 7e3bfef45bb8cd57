package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import io.clipstream.streams.live.ModelCatalog;
import io.clipstream.streams.live.RolloutRecords;
import io.clipstream.streams.live.rollout.ChosenBy;
import io.clipstream.streams.live.rollout.Wanted;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RolloutBoardTest {
  private static final Wanted WANTED =
      new Wanted(
          "m",
          7,
          3,
          "2",
          "1",
          null,
          false,
          true,
          true,
          "3",
          0.125,
          "4",
          "it is slow",
          new ChosenBy(2, 1, 3, 3));

  private static final ModelStatus LOADING =
      ModelStatus.newBuilder()
          .setInstance("a")
          .setName("m")
          .setHost("host-1")
          .setBeat(5)
          .setServing(new ModelIdentity("m", "1", "0".repeat(64)))
          .setCanary(new ModelIdentity("m", "3", "1".repeat(64)))
          .setState(ModelState.LOADING)
          .setCandidateVersion("2")
          .setProgress(50)
          .setDetail("a line")
          .setChangedAt(Instant.EPOCH)
          .build();

  private static final ModelCatalog CATALOG =
      new ModelCatalog(
          List.of(),
          Map.of("m", RolloutRecords.of(WANTED, "a test", Instant.EPOCH)),
          List.of(LOADING));

  @Test
  void shouldNotLetAnInstanceMoveTheCursor() {
    ModelStatus status =
        ModelStatus.newBuilder(LOADING).setHost("\u001b[2J").setDetail("a\nb").build();
    ModelCatalog catalog = new ModelCatalog(List.of(), CATALOG.rollouts(), List.of(status));

    assertThat(
            new RolloutBoard(RolloutBoard.Form.LINES)
                .lines(catalog, "m", silence -> Duration.ZERO)
                .get("a/m"))
        .contains("on \\u001b[2J ", "a\\u000ab");
  }

  @Test
  void shouldShowEverythingThatIsWantedAndRuns() {
    Map<String, String> lines =
        new RolloutBoard(RolloutBoard.Form.SCREEN)
            .lines(CATALOG, null, status -> Duration.ofSeconds(1));

    assertThat(lines)
        .containsExactly(
            Map.entry(
                "m",
                "m: version 2 active (rollout 3, under way from 1), canary 3 on 12.5 %, shadow 4,"
                    + " pinned, STOPPED: it is slow"),
            Map.entry(
                "a/m",
                "  a on host-1  serves 1, canary 3  LOADING 2 [==========          ] 50 %  a line"));
  }

  @Test
  void shouldTellOfAnInstanceThatIsSilent() {
    assertThat(
            new RolloutBoard(RolloutBoard.Form.LINES)
                .lines(CATALOG, "m", status -> Duration.ofMinutes(1))
                .get("a/m"))
        .isEqualTo("  a on host-1  serves 1, canary 3  LOADING 2  silent  a line");
    assertThat(
            new RolloutBoard(RolloutBoard.Form.JSON)
                .lines(CATALOG, "m", status -> Duration.ofMinutes(1))
                .get("a/m"))
        .contains("\"state\":\"LOADING\"", "\"progress\":50", "\"silent\":true");
  }
}
