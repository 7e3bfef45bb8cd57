package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.live.ModelRoutes.Route;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelRoutesTest {
  private final ModelRoutes routes =
      new ModelRoutes(
          List.of("ships", "cars", "cars-night"),
          List.of(
              new Route("camera", "road", "cars"),
              new Route("light", "dark", "cars-night"),
              new Route("camera", "road", "ships")));

  @ParameterizedTest
  @CsvSource({
    "ships,ships",
    "cars,cars",
    "cars-2,cars",
    "cars-night,cars-night",
    "cars-night-7,cars-night",
    "planes,",
    "carsick,",
  })
  void shouldFindTheModelThatAReferenceNames(String named, String model) {
    assertThat(routes.model(reference(named, Map.of("camera", "road"))).orElse(null))
        .isEqualTo(model);
  }

  @Test
  void shouldTakeTheFirstRouteThatFitsAndElseTheFirstModel() {
    assertThat(routes.model(reference(null, Map.of()))).contains("ships");
    assertThat(routes.model(reference(null, Map.of("camera", "port")))).contains("ships");
    assertThat(routes.model(reference(null, Map.of("light", "dark")))).contains("cars-night");
    assertThat(routes.model(reference(null, Map.of("light", "dark", "camera", "road"))))
        .contains("cars");
  }

  @Test
  void shouldReadRoutes() {
    assertThat(Route.parse("camera = road:1 : cars"))
        .isEqualTo(new Route("camera", "road:1", "cars"));
    assertThat(Route.parse("camera:cars")).isNull();
    assertThat(Route.parse("=road:cars")).isNull();
    assertThat(Route.parse("ca:mera=road")).isNull();
  }

  @Test
  void shouldRefuseWhatCannotBe() {
    assertThatThrownBy(() -> new ModelRoutes(List.of(), List.of())).hasMessageContaining("[]");
    assertThatThrownBy(() -> new ModelRoutes(List.of("a", "a"), List.of()))
        .hasMessageContaining("[a, a]");
    assertThatThrownBy(
            () -> new ModelRoutes(List.of("a"), List.of(new Route("camera", "road", "b"))))
        .hasMessageContaining("'b', expected one of [a]");
  }

  private static VideoReference reference(String model, Map<String, String> metadata) {
    return VideoReference.newBuilder()
        .setId("v")
        .setUri("file:/v.mp4")
        .setModel(model)
        .setMetadata(metadata)
        .build();
  }
}
