package io.clipstream.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.trainer.motion.CameraMotion;
import io.clipstream.trainer.motion.MotionDataSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
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

    assertThat(recipe.labels()).hasSize(11).startsWith("static").endsWith("shake", "cut");
    assertThat(recipe.training().epochs()).isEqualTo(3);
    assertThat(recipe.network().classes()).isEqualTo(11);
  }

  @Test
  void shouldHaveNoCutsAsALabelIfTheRecipeSaysSo() throws Exception {
    Recipe recipe = Recipe.read(SHIPPED, Map.of("generate.cuts", "false"));

    assertThat(recipe.labels()).hasSize(10).endsWith("shake");
    assertThat(recipe.network().classes()).isEqualTo(10);
  }

  @Test
  void shouldReadWhichLabelsComeTwice() throws Exception {
    Recipe recipe = Recipe.read(SHIPPED, Map.of("generate.train.twice", "static, cut"));

    Map<String, MotionDataSpec.Part> parts = recipe.data().generated().orElseThrow().spec().parts();
    assertThat(parts.get("train").twice())
        .containsExactlyInAnyOrder(CameraMotion.STATIC, CameraMotion.CUT);
    assertThat(parts.get("test").twice()).isEmpty();
  }

  @Test
  void shouldHoldOutCodecsAndFrameRates() throws Exception {
    Map<String, MotionDataSpec.Part> parts =
        Recipe.read(SHIPPED, Map.of()).data().generated().orElseThrow().spec().parts();

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
        "train.epochs | many | train.epochs is 'many', expected a whole number from 1 to 100000",
        "train.label-smoothing | 2 | expected a number from 0.0 to 0.9",
        "network.depths | 2;4 | network.depths is '2;4', expected whole numbers separated by commas",
        "generate.train.formats | mp4 | video format is mp4, expected container/codec",
        "generate.pan-speed | 0.6 | generate.pan-speed is '0.6', expected two numbers low,high",
        "generate.swing-share | 1.5 | generate.swing-share is '1.5', expected a number from 0.0 to 1.0",
        "generate.swing-speed | 4,0.7 | generate.swing-speed is '4,0.7', expected two numbers low,high",
        "generate.swing-speed | 5 | generate.swing-speed is '5', expected two numbers low,high",
        "generate.large-share | -1 | generate.large-share is '-1', expected a number from 0.0 to 1.0",
        "generate.inset-share | a | generate.inset-share is 'a', expected a number from 0.0 to 1.0",
        "generate.fade-share | 2 | generate.fade-share is '2', expected a number from 0.0 to 1.0",
        "generate.train.twice | static,spin | generate.train.twice is 'static,spin', expected labels such as static",
        "generate.test.pictures | rest | is rest, expected train, validation or test",
        "train.initialisation | zero | expected torchvision or gabor",
        "train.averaging | 0.9 | unknown key train.averaging",
        "train.warmup-steps | 9 | unknown key train.warmup-steps, did you mean train.warmup-epochs?",
        "network.dropout | 0.5 | unknown key network.dropout",
        "cache.picture | wide | cache.picture is wide, expected whole or square",
        "cache.length | 100 | cache.length is 100.0, so that 1600 frames of each video are kept",
        "train.max-gradient-norm | 1 | unknown key train.max-gradient-norm, did you mean train.max-grad-norm?",
        "train.epochs | 2000000000 | train.epochs is '2000000000', expected a whole number from 1 to",
        "generate.splits | '' | --set: generate.splits is '', expected names of splits between",
        "generate.splits | train,../x | generate.splits is 'train,../x', expected names of splits",
        "train.split | ../../x | --set: train.split is '../../x', expected the name of a split",
        "train.split | '' | --set: train.split is '', expected the name of a split",
        "train.split | validation | train.split and train.validation-split are both validation",
        "report.splits | 'validation,' | report.splits is 'validation,', expected names of splits",
        "augment.mirror | pan_left:pan_right,pan_left:static | expected each label in one pair",
        "augment.mirror | static:static | expected each label in one pair, with another one",
        "clip.crop | 80 | the recipe's clip.*: crop 80 exceeds short side 72",
        "model.name | Own | --set: model.name is 'Own', expected lower-case letters",
        "model.name | ../../esc | --set: model.name is '../../esc', expected lower-case letters",
        "model.version | ../x | --set: model.version is '../x', expected lower-case letters",
        "train.batch-size | 2147483647 | train.batch-size is '2147483647', expected a whole number from",
        "train.final-learning-rate | 9 | --set: train.final-learning-rate is '9', expected at most train",
        "generate.aspects | -1 | generate.aspects is '-1', expected numbers from",
        "generate.short-side | NaN,NaN | generate.short-side is 'NaN,NaN', expected two numbers",
        "generate.short-side | 200,100 | generate.short-side is '200,100', expected two numbers",
        "generate.seconds | NaN,NaN | generate.seconds is 'NaN,NaN', expected two numbers",
        "generate.train.frame-rates | NaN | generate.train.frame-rates is 'NaN', expected numbers",
        "generate.train.formats | mp4/none | generate.train.formats is 'mp4/none', expected containers",
        "generate.train.bits-per-pixel | 0,Infinity | bits-per-pixel is '0,Infinity', expected two",
        "clip.mean | 0.5 | --set: clip.mean is '0.5', expected three numbers",
        "clip.std | 1,1,1,1 | --set: clip.std is '1,1,1,1', expected three numbers",
        "network.heads | 5,8 | the recipe's network.*: stage 0 has 64 channels, expected a multiple of its 5 heads",
      })
  void shouldSayWhatIsWrong(String key, String value, String message) {
    assertThatThrownBy(() -> Recipe.read(SHIPPED, Map.of(key, value)))
        .hasMessageContaining(message);
  }

  @Test
  void shouldRefuseLabelsAndPathsBeforeTheyAreUsed(@TempDir Path folder) throws Exception {
    StringBuilder own = new StringBuilder();
    for (String line : Files.readAllLines(SHIPPED)) {
      if (!line.matches("(generate\\.|train\\.initialisation).*")) {
        own.append(line).append('\n');
      }
    }
    Path recipe = Files.writeString(folder.resolve("r"), own);
    Map<String, String> data = Map.of("data.list", "list.csv");

    for (String labels : List.of("a,a", "a,,b", "")) {
      Map<String, String> set = new HashMap<>(data);
      set.put("labels", labels);
      assertThatThrownBy(() -> Recipe.read(recipe, set))
          .isInstanceOf(UserError.class)
          .hasMessageStartingWith("--set: labels is '" + labels + "', expected names");
    }
    assertThatThrownBy(() -> Recipe.read(recipe, Map.of("data.list", "a\0b", "labels", "a,b")))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("--set: data.list is");
    assertThatThrownBy(() -> Recipe.read(recipe, Map.of("train.start", "a\0b", "labels", "a,b")))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("--set: train.start is");
  }

  @Test
  void shouldRefuseAKeyThatIsSetTwice(@TempDir Path folder) throws Exception {
    String shipped = Files.readString(SHIPPED);
    Path recipe = Files.writeString(folder.resolve("r"), shipped + "\ntrain.epochs=3\n");

    assertThatThrownBy(() -> Recipe.read(recipe, Map.of("train.epochs", "4")))
        .isInstanceOf(UserError.class)
        .hasMessage(recipe + ": train.epochs is set more than once, expected each key once");
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
