package io.clipstream.streams.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.clipstream.schemas.ModelState;
import io.clipstream.schemas.ModelStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RolloutsTest {
  @Test
  void shouldShowOfAFleetThoseFirstThatNeedALook() {
    List<ModelStatus> all =
        IntStream.range(0, 1000)
            .mapToObj(
                i ->
                    status(
                        i,
                        i == 900
                            ? ModelState.FAILED
                            : i == 950 ? ModelState.LOADING : ModelState.SERVING))
            .toList();

    Map<String, Object> shown =
        Rollouts.instances(all, status -> status.getInstance().equals("app-980"));

    assertThat((List<?>) shown.get("instances"))
        .hasSize(50)
        .extracting("instance")
        .startsWith("app-900", "app-980", "app-950", "app-0", "app-1");
    assertThat(shown).containsEntry("more", 950);
  }

  @Test
  void shouldShowAFewAsTheyAre() {
    Map<String, Object> shown =
        Rollouts.instances(
            List.of(status(1, ModelState.STOPPED), status(2, ModelState.SERVING)), status -> true);

    assertThat((List<?>) shown.get("instances"))
        .extracting("instance", "silent")
        .containsExactly(tuple("app-2", true), tuple("app-1", false));
    assertThat(shown).containsEntry("more", 0);
  }

  private static ModelStatus status(int number, ModelState state) {
    return ModelStatus.newBuilder()
        .setInstance("app-" + number)
        .setName("m")
        .setBeat(1)
        .setState(state)
        .setChangedAt(Instant.EPOCH)
        .build();
  }
}
