package io.clipstream.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.trainer.motion.CameraMotion;
import io.clipstream.trainer.motion.MotionDataSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeTest {
  private static final Path SHIPPED = Path.of("recipes/camera-motion.properties");

  @Test
  void shouldReadTheShippedRecipe() throws Exception {
    Recipe recipe = Recipe.read(SHIPPED, Map.of("train.epochs", "3"));

    assertThat(recipe.labels()).isEqualTo(CameraMotion.labels());
    assertThat(recipe.training().epochs()).isEqualTo(3);
    assertThat(recipe.network().classes()).isEqualTo(CameraMotion.values().length);
  }

  @Test
  void shouldHoldOutCodecsAndFrameRates() throws Exception {
    Map<String, MotionDataSpec.Part> parts =
        Recipe.read(SHIPPED, Map.of()).generated().orElseThrow().parts();

    for (String seen : Set.of("train", "validation")) {
      Set<String> codecs = new HashSet<>();
      parts.get(seen).formats().forEach(f -> codecs.add(f.codec()));
      assertThat(parts.get("unseen").formats()).noneMatch(f -> codecs.contains(f.codec()));
      assertThat(parts.get("unseen").frameRates())
          .doesNotContainAnyElementsOf(parts.get(seen).frameRates());
      assertThat(parts.get(seen).pictures()).isNotEqualTo(parts.get("unseen").pictures());
      assertThat(parts.get(seen).pictures()).isNotEqualTo(parts.get("test").pictures());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "train.epochz | 3 | unknown key train.epochz, did you mean train.epochs?",
        "train.epochs | many | train.epochs is many, expected a whole number of at least 1",
        "train.label-smoothing | 2 | expected a number from 0.0 to 0.9",
        "network.depths | 2;4 | network.depths is 2;4, expected whole numbers separated by commas",
        "generate.train.formats | mp4 | video format is mp4, expected container/codec",
        "generate.pan-speed | 0.6 | generate.pan-speed is 0.6, expected two numbers low,high",
        "generate.test.pictures | rest | is rest, expected train, validation or test",
        "train.initialisation | zero | expected torchvision or gabor",
      })
  void shouldSayWhatIsWrong(String key, String value, String message) {
    assertThatThrownBy(() -> Recipe.read(SHIPPED, Map.of(key, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldSayThatThereIsNoRecipe(@TempDir Path folder) throws Exception {
    Files.createFile(folder.resolve("mine.properties"));

    assertThatThrownBy(() -> Recipe.read(folder.resolve("mien.properties"), Map.of()))
        .hasMessageContaining("no recipe at")
        .hasMessageEndingWith(", did you mean " + folder.resolve("mine.properties") + "?");
  }

  @Test
  void shouldPublishNoFolderOfTheMachine() throws Exception {
    Recipe recipe =
        Recipe.read(SHIPPED, Map.of("generate.photographs", "/home/somebody/photographs"));

    assertThat(recipe.manifest(Map.of()).recipe().toString()).doesNotContain("somebody");
  }
}
