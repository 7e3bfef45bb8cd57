package io.clipstream.trainer.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.trainer.TinyRun;
import io.clipstream.trainer.TrainingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped recipe for few videos, as it comes. */
class FinetuneTest {
  private static final Path SHIPPED = Path.of("recipes/finetune.properties");

  @TempDir Path folder;

  @BeforeEach
  void videos() throws Exception {
    for (int i = 0; i < 6; i++) {
      for (String label : new String[] {"dark", "bright"}) {
        Path own = Files.createDirectories(folder.resolve("videos/" + label));
        TinyRun.video(own.resolve(i + ".avi"), label.equals("dark") ? 60 : 160, i);
      }
    }
  }

  private Recipe recipe(Map<String, String> more) throws Exception {
    Map<String, String> keys = new HashMap<>(more);
    keys.put("data.list", folder.resolve("videos").toString());
    return Recipe.read(SHIPPED, keys);
  }

  @Test
  void shouldRefuseKeysThatContradictEachOther() {
    Map<Map<String, String>, String> wrong =
        Map.of(
            Map.of("data.validation-share", "0.9", "data.test-share", "0.9"),
            "data.validation-share and data.test-share are 1.8 together",
            Map.of("train.validation-split", "test", "data.test-share", "0.2"),
            "data.test-share makes a split test",
            Map.of("train.split", "test", "data.test-share", "0.2"),
            "data.test-share makes a split test",
            Map.of("train.head-rate", "0", "train.backbone-rate", "0"),
            "train.head-rate and train.backbone-rate are both 0");

    wrong.forEach(
        (keys, message) ->
            assertThatThrownBy(() -> recipe(keys))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith(message));
  }

  @Test
  void shouldMakeAModelOfAFolder() throws Exception {
    Path artifact =
        new TrainingRun(
                recipe(Map.of("train.epochs", "3", "train.patience", "1")),
                Device.cpu(),
                2,
                Progress.silent())
            .run(folder.resolve("run"), false);

    ModelArtifact model = ModelArtifact.open(artifact);
    assertThat(model.manifest().labels()).containsExactly("bright", "dark");
    assertThat(model.manifest().parent()).isEqualTo("camera-motion-4");
    assertThat(model.manifest().metrics())
        .containsKeys("mean-class.validation", "top1-low.validation");
  }

  @Test
  void shouldRefuseUnknownKeysByName() {
    assertThatThrownBy(() -> recipe(Map.of("train.layer-decya", "0.5")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("unknown key train.layer-decya, did you mean train.layer-decay?");
    assertThatThrownBy(() -> recipe(Map.of("gate.margn", "0.5")))
        .hasMessageContaining("unknown key gate.margn, did you mean gate.margin?");
    assertThatThrownBy(() -> recipe(Map.of("train.class-weights", "some")))
        .hasMessage("train.class-weights is some, expected none or balanced");
    assertThatThrownBy(() -> recipe(Map.of("data.source", "[")))
        .hasMessageContaining("data.source is '[', expected a regular expression with a group");
    assertThatThrownBy(() -> recipe(Map.of("gate.split", "")))
        .hasMessageContaining("gate.split is '', expected the name of a split");
  }

  @Test
  void shouldHaveEveryKeyExplainedInAShippedRecipe() throws Exception {
    String recipes =
        Files.readString(SHIPPED)
            + Files.readString(Path.of("recipes/camera-motion.properties"))
            + Files.readString(Path.of("recipes/own-videos.properties"));
    Pattern key =
        Pattern.compile(
            "\"((?:model|data|clip|network|train|augment|cache|report|feedback|gate)\\.[a-z0-9-]+)\"");
    Set<String> keys = new TreeSet<>();
    Path source = Path.of("src/main/java/io/clipstream/trainer");
    for (String part : List.of("recipe", "data")) {
      try (Stream<Path> files = Files.list(source.resolve(part))) {
        for (Path file : files.toList()) {
          key.matcher(Files.readString(file)).results().forEach(found -> keys.add(found.group(1)));
        }
      }
    }

    keys.removeAll(Set.of("train.start.sha256", "data.sha256")); // written, not read
    assertThat(keys)
        .contains("train.patience", "augment.mirror", "gate.margin")
        .hasSizeGreaterThan(50);
    assertThat(keys).allSatisfy(name -> assertThat(recipes).contains(name + "="));
  }
}
