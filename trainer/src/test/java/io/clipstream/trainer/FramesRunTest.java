package io.clipstream.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.clipstream.model.UserError;
import io.clipstream.trainer.data.FramePictures;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on lists of folders of frames. */
class FramesRunTest {
  private static final int FRAMES = 24;

  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final StringBuilder list = new StringBuilder();

  @BeforeEach
  void nameLabels() throws Exception {
    Files.writeString(folder.resolve("names.txt"), "dark\nbright\n");
  }

  private void frames(String name, int label, int count) throws Exception {
    FramePictures.noise(
        folder.resolve("frames").resolve(name), count, label == 0 ? 60 : 160, name.hashCode());
  }

  private void twelve() throws Exception {
    for (int i = 0; i < 12; i++) {
      frames("f" + i, i % 2, FRAMES);
      list.append("f%d %d %d%n".formatted(i, FRAMES, i % 2));
    }
  }

  private TrainingRun run(Map<String, String> more) throws Exception {
    Files.writeString(folder.resolve("train.list"), list);
    Map<String, String> keys =
        new HashMap<>(
            Map.of(
                "data.list", "train.list",
                "data.prefix", "frames",
                "data.label-names", "names.txt",
                "data.frames-per-second", "12"));
    keys.putAll(more);
    return TinyRun.run(TinyRun.recipe(folder, keys), said);
  }

  private void dryRun(TrainingRun run) throws Exception {
    TinyRun.dryRun(run, folder);
  }

  private JsonNode json(String name) throws Exception {
    return TinyRun.json(folder, name);
  }

  @Test
  void shouldTellWhatThereIs() throws Exception {
    twelve();
    Files.delete(folder.resolve("frames/f3/img_00007.jpg"));
    Files.delete(folder.resolve("frames/f5/img_00024.jpg"));
    Files.writeString(folder.resolve("frames/f6/img_00001.jpg"), "no picture");
    frames("one", 0, 1);
    Files.createDirectories(folder.resolve("frames/none"));
    StringBuilder json = new StringBuilder("[");
    for (String name : "f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 one none gone".split(" ")) {
      boolean odd = name.matches("f\\d*[13579]");
      json.append(
          "%s{\"path\": \"%s\", \"label\": \"%s\", \"split\": \"%s\", \"end_frame\": 24}"
              .formatted(
                  json.length() > 1 ? "," : "",
                  name,
                  odd ? "bright" : "dark",
                  name.matches("f[0-3]") ? "validation" : "train"));
    }
    Files.writeString(folder.resolve("all.json"), json + "]");

    dryRun(run(Map.of("data.list", "all.json", "data.max-rejected", "0.5")));

    assertThat(said.toString())
        .contains(
            folder.resolve("frames/f3")
                + "#+24: it lacks 1 of its 24 frames, number 7 is the first\n")
        .contains(
            folder.resolve("frames/f5")
                + "#+24: it lacks 1 of its 24 frames, number 24 is the first\n")
        .contains(
            "folders of frames among the videos: 14, taken as 12 frames a second (data.frames-per-second)\nfolders that lack frames: 3, data.json says which\n")
        .contains("4 of 15 videos (26.7 %) cannot be used, data.json says why");
    JsonNode report = json("data.json");
    assertThat(report.at("/rejected").findValuesAsText("reason"))
        .containsExactlyInAnyOrder(
            "there is no such file",
            "CORRUPT: its picture img_00001.jpg is no JPEG or PNG picture",
            "TOO_SHORT: it is one picture, expected at least 2",
            "NOT_A_VIDEO: none of the files in the folder is a numbered JPEG or PNG");
    assertThat(report.at("/incomplete")).hasSize(3);
    assertThat(report.at("/clips/train/dark").intValue()).isEqualTo(3);
    assertThat(report.at("/clips/train/bright").intValue()).isEqualTo(4);
  }

  @Test
  void shouldTrainAndEvaluate() throws Exception {
    twelve();

    run(Map.of("train.epochs", "8")).run(folder.resolve("run"), false);

    assertThat(json("metrics.json").at("/evaluations/validation/top1").doubleValue()).isOne();
    assertThat(folder.resolve("run/report-validation.html")).exists();
    said.reset();
    run(Map.of("train.epochs", "8")).run(folder.resolve("run"), false);
    assertThat(said.toString()).doesNotContain("decoding").doesNotContain("reading videos");
  }

  /** Decoded anew for each clip. */
  @Test
  void shouldTrainWithoutKeepingPixels() throws Exception {
    twelve();

    run(Map.of("train.epochs", "2", "cache.pixels", "none")).run(folder.resolve("run"), false);

    assertThat(json("metrics.json").at("/evaluations/validation/videos").intValue()).isEqualTo(2);
  }

  @Test
  void shouldRefuseToGoOnWithOtherPicturesFramesOrRates() throws Exception {
    twelve();
    run(Map.of()).run(folder.resolve("run"), false);

    assertThatThrownBy(
            () -> run(Map.of("data.frames-per-second", "24")).run(folder.resolve("run"), false))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("data.frames-per-second is 24, was 12");
    String before = list.toString();
    list.replace(0, list.length(), before.replace("f0 24 0", "f0 20 0"));
    assertThatThrownBy(() -> run(Map.of()).run(folder.resolve("run"), false))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("f0#+20");
    list.replace(0, list.length(), before);
    FramePictures.noise(folder.resolve("frames/f1"), 1, 90, 77);
    assertThatThrownBy(() -> run(Map.of()).run(folder.resolve("run"), false))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("1 of the videos have another content, such as frames/f1#+24");
  }

  /** Whatever their labels, they show one recording. */
  @Test
  void shouldKeepPiecesOfAFolderInOneSplit() throws Exception {
    for (int i = 0; i < 8; i++) {
      frames("f" + i, i % 2, FRAMES);
      for (int piece = 0; piece < 3; piece++) {
        list.append("f%d %d 8 %d%n".formatted(i, 8 * piece, i % 2));
      }
    }

    dryRun(run(Map.of()));

    JsonNode clips = json("data.json").at("/clips");
    assertThat(clips.at("/validation/dark").intValue()).isEqualTo(3);
    assertThat(clips.at("/train/dark").intValue()).isEqualTo(9);
    assertThat(json("data.json").at("/sharedContent")).isEmpty();
  }

  @Test
  void shouldRefuseAFolderThatIsThereTwiceInTwoSplits() throws Exception {
    twelve();
    Path csv = folder.resolve("videos.csv");
    StringBuilder text = new StringBuilder("path,label,split\n");
    for (int i = 0; i < 8; i++) {
      text.append(
          "frames/f%d,%s,%s%n"
              .formatted(i, i % 2 == 0 ? "dark" : "bright", i < 4 ? "train" : "validation"));
    }
    Path copy = Files.createDirectories(folder.resolve("frames/copy"));
    for (int number = 1; number <= FRAMES; number++) {
      Files.copy(
          folder.resolve("frames/f0/img_%05d.jpg".formatted(number)),
          copy.resolve("%d.jpg".formatted(number)));
    }
    Files.writeString(csv, text + "frames/copy,dark,validation\n");

    assertThatThrownBy(
            () ->
                dryRun(
                    run(
                        Map.of(
                            "data.list", "videos.csv", "data.prefix", "", "data.label-names", ""))))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(
            "1 video has the content of another in another split, such as frames/f0 (train) and"
                + " frames/copy (validation)");
  }

  /** The pictures of a torchrun training are those that were decoded here. */
  @Test
  void shouldPrepareForManyHosts() throws Exception {
    twelve();

    try (RunFolder locked = RunFolder.open(folder.resolve("run"))) {
      run(Map.of()).prepare(locked);
    }

    assertThat(json("plan.json").toString()).contains("train.clips");
  }
}
