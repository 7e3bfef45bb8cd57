package io.clipstream.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.recipe.Recipe;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on a folder for each label: what is told before the first step, and what stops there. */
class FolderRunTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  private void videos(String label, int level, int count) throws Exception {
    Path own = Files.createDirectories(folder.resolve("videos/" + label));
    for (int i = 0; i < count; i++) {
      TinyRun.video(own.resolve(label + i + ".avi"), level, level + i);
    }
  }

  private TrainingRun run(Map<String, String> more) throws Exception {
    Map<String, String> keys = new HashMap<>(Map.of("data.list", "videos", "labels", ""));
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
  void shouldTellWhatThereIsAndStopThereWhenAsked() throws Exception {
    videos("dark", 60, 10);
    videos("bright", 160, 5);

    dryRun(run(Map.of()));

    assertThat(said.toString())
        .contains("label         train   validation")
        .contains("bright            4            1")
        .contains("dark              8            2")
        .contains("on cpu: 2 epochs of 3 steps with up to 4 clips, ")
        .contains(" ms a step, about ")
        .doesNotContain("class-weights")
        .doesNotContain("epoch 1/2");
    assertThat(json("data.json").at("/clips/train/dark").intValue()).isEqualTo(8);
    assertThat(folder.resolve("run/run.json")).doesNotExist();
  }

  @Test
  void shouldTrainWithTheLabelsOfTheFolders() throws Exception {
    videos("dark", 60, 9);
    videos("bright", 160, 4);

    Path artifact =
        run(Map.of("train.class-weights", "balanced", "train.epochs", "8"))
            .run(folder.resolve("run"), false);

    assertThat(said.toString()).contains("has 2.3 times the clips of the smallest");
    ModelArtifact model = ModelArtifact.open(artifact);
    assertThat(model.manifest().labels()).isEqualTo(List.of("bright", "dark"));
    assertThat(model.manifest().metrics()).containsKey("mean-class.validation");
    assertThat(model.manifest().recipe())
        .containsEntry("labels", "bright,dark")
        .containsKey("data.sha256")
        .doesNotContainKey("data.list");
    assertThat(json("metrics.json").at("/data/clips/validation/bright").intValue()).isEqualTo(1);
  }

  @Test
  void shouldTellHowLongAllSessionsTrained() throws Exception {
    videos("dark", 60, 9);
    videos("bright", 160, 4);
    Map<String, String> more = Map.of("train.epochs", "8");
    run(more).run(folder.resolve("run"), false);
    double first = json("metrics.json").at("/seconds/train").doubleValue();

    run(more).run(folder.resolve("run"), false); // finds nothing left to train

    assertThat(first).isPositive();
    assertThat(json("metrics.json").at("/seconds/train").doubleValue()).isEqualTo(first);
  }

  /** What trainer/torchrun/train.py reads. */
  @Test
  void shouldPrepareATrainingElsewhere() throws Exception {
    videos("dark", 60, 10);
    videos("bright", 160, 5);
    Map<String, String> more = Map.of("train.head-rate", "10", "augment.mirror", "on");

    try (RunFolder locked = RunFolder.open(folder.resolve("run"))) {
      run(more).prepare(locked);
    }

    JsonNode plan = json("plan.json");
    assertThat(plan.at("/parameters/head.weight/0").doubleValue()).isEqualTo(10);
    assertThat(plan.at("/parameters/head.weight/1").doubleValue()).isEqualTo(0.05);
    assertThat(plan.at("/parameters/head.bias/1").doubleValue()).isZero();
    assertThat(
            plan.at("/parameters/features.0.0.attn.relative_position_bias_table/1").doubleValue())
        .isZero();
    assertThat(plan.at("/augmentation/mirror")).hasSize(2);
    assertThat(plan.at("/train/clips")).hasSize(12);
    assertThat(plan.at("/validation/file").textValue()).isEqualTo("validation.clips");
    JsonNode last = plan.at("/train/clips/11");
    long bytes =
        last.get(0).longValue()
            + last.get(1).longValue() * last.get(2).longValue() * last.get(3).longValue() * 3;
    assertThat(Files.size(folder.resolve("run/train.clips"))).isGreaterThanOrEqualTo(bytes);
    assertThat(ModelArtifact.open(folder.resolve("run/initial.pt")).manifest().labels())
        .containsExactly("bright", "dark");
  }

  /** Nothing that trains elsewhere knows the checksums. */
  @Test
  void shouldPrepareNoTrainingOnDamagedPixels() throws Exception {
    videos("dark", 60, 4);
    videos("bright", 160, 4);
    dryRun(run(Map.of()));
    Path pixels = folder.resolve("run/train.clips");
    byte[] bytes = Files.readAllBytes(pixels);
    bytes[bytes.length / 2] ^= 1;
    Files.write(pixels, bytes);

    try (RunFolder locked = RunFolder.open(folder.resolve("run"))) {
      assertThatThrownBy(() -> run(Map.of()).prepare(locked))
          .isInstanceOf(UserError.class)
          .hasMessageStartingWith(pixels + " is damaged where it holds ");
      Files.delete(pixels);
      run(Map.of()).prepare(locked);
    }
    assertThat(Files.size(pixels)).isEqualTo(bytes.length);
  }

  @Test
  void shouldStopWhenTooManyVideosDoNotDecode() throws Exception {
    videos("dark", 60, 6);
    videos("bright", 160, 6);
    for (int i = 0; i < 3; i++) {
      Files.write(folder.resolve("videos/dark/dark" + i + ".avi"), new byte[50 + i]);
    }

    assertThatThrownBy(() -> run(Map.of()).run(folder.resolve("run"), false))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("3 of 12 videos cannot be used, more than the share")
        .hasMessageContaining("data.max-rejected=0.2");
    assertThat(json("data.json").get("rejected")).hasSize(3);
    assertThat(json("data.json").at("/rejected/0/reason").textValue()).isNotEmpty();
    dryRun(run(Map.of("data.max-rejected", "0.3")));
  }

  /** Not once the labels that they were of are left out. */
  @Test
  void shouldStopForFeedbackOfWhichTooMuchDoesNotDecode() throws Exception {
    TinyRun.videos(folder, 8, 4);
    for (int i = 0; i < 12; i += 4) {
      Files.write(folder.resolve(i + ".avi"), new byte[50 + i]);
    }
    Recipe recipe = TinyRun.recipe(folder, Map.of());

    try (RunFolder run = RunFolder.open(folder.resolve("run"))) {
      assertThatThrownBy(() -> TrainingRun.missed(recipe, run, 2, Progress.silent()))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("3 of 12 videos cannot be used, more than the share");
    }
    assertThat(json("data.json").get("rejected")).hasSize(3);
  }

  /** Those that the recipe deals to are not all in a list with splits of its own. */
  @Test
  void shouldLookAtTheSplitsThatAListHas() throws Exception {
    TinyRun.videos(folder, 8, 4);
    Files.write(folder.resolve("8.avi"), new byte[50]);
    Files.write(folder.resolve("10.avi"), new byte[51]);
    Recipe recipe = TinyRun.recipe(folder, Map.of("data.test-share", "0.2"));

    try (RunFolder run = RunFolder.open(folder.resolve("run"))) {
      assertThat(TrainingRun.missed(recipe, run, 2, Progress.silent())).hasSize(2);
    }
  }

  /** Whichever split it would have been in: the label has others. */
  @Test
  void shouldDealWhatDoesNotDecodeToNoSplitThatNeedsIt() throws Exception {
    videos("dark", 60, 4);
    videos("bright", 160, 4);
    for (int i = 0; i < 4; i++) {
      Path video = folder.resolve("videos/dark/dark" + i + ".avi");
      byte[] whole = Files.readAllBytes(video);
      Files.write(video, new byte[50]);
      said.reset();

      dryRun(run(Map.of()));

      assertThat(said.toString())
          .containsOnlyOnce("left out " + video + ": ")
          .contains("dark              2            1")
          .contains("bright            3            1")
          .contains("1 of 8 videos (12.5 %) cannot be used");
      said.reset();
      dryRun(run(Map.of()));
      assertThat(said.toString())
          .containsOnlyOnce("left out " + video + ": ")
          .contains("dark              2            1");
      Files.write(video, whole);
    }
  }

  @Test
  void shouldDealWhatDoesNotDecodeToNoTestThatNeedsIt() throws Exception {
    videos("dark", 60, 5);
    videos("bright", 160, 5);
    for (int i = 0; i < 5; i++) {
      Path video = folder.resolve("videos/dark/dark" + i + ".avi");
      byte[] whole = Files.readAllBytes(video);
      Files.write(video, new byte[50]);
      said.reset();

      dryRun(run(Map.of("data.test-share", "0.2")));

      assertThat(said.toString())
          .containsOnlyOnce("left out " + video + ": ")
          .contains("dark              2            1")
          .contains("bright            3            1");
      Files.write(video, whole);
    }
  }

  @Test
  void shouldNameWhatDoesNotDecodeWhereTooLittleIsLeftToSplit() throws Exception {
    videos("dark", 60, 2);
    videos("bright", 160, 9);
    for (int i = 0; i < 2; i++) {
      Path video = folder.resolve("videos/dark/dark" + i + ".avi");
      byte[] whole = Files.readAllBytes(video);
      Files.write(video, new byte[50]);

      assertThatThrownBy(() -> dryRun(run(Map.of())))
          .isInstanceOf(UserError.class)
          .hasMessageStartingWith(
              "label dark has 1 source (dark/dark%d.avi), expected at least 2, one for each split;"
                      .formatted(1 - i)
                  + " dark/dark%d.avi is left out: ".formatted(i))
          .hasMessageEndingWith("; add videos of it");
      Files.write(video, whole);
    }
  }

  @Test
  void shouldRefuseAContentInTwoSplits() throws Exception {
    TinyRun.videos(folder, 4, 2);
    Files.copy(folder.resolve("0.avi"), folder.resolve("again.avi"));
    Path list = folder.resolve("videos.csv");
    Files.writeString(list, Files.readString(list) + "again.avi,dark,validation\n");
    Recipe recipe = TinyRun.recipe(folder, Map.of());

    assertThatThrownBy(
            () ->
                dryRun(
                    new TrainingRun(
                        recipe, Device.cpu(), 2, new Progress(new PrintWriter(said, true)))))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "1 video has the content of another in another split, such as 0.avi (train) and"
                + " again.avi (validation); keep each in one");
  }

  @Test
  void shouldTellOfContradictionsAndOfWhatIsNotUsed() throws Exception {
    TinyRun.videos(folder, 4, 2);
    Files.copy(folder.resolve("0.avi"), folder.resolve("again.avi"));
    Files.copy(folder.resolve("1.avi"), folder.resolve("more.avi"));
    Files.copy(folder.resolve("2.avi"), folder.resolve("odd.avi"));
    Path list = folder.resolve("videos.csv");
    Files.writeString(
        list,
        Files.readString(list)
            + "again.avi,bright,train\nmore.avi,bright,train\nodd.avi,dark,trian\n2.avi,dark\n");

    dryRun(run(Map.of("data.list", "videos.csv")));

    assertThat(said.toString())
        .contains("the same content has two labels: 0.avi (dark) and again.avi (bright)")
        .contains("1 video has the content of another of its label, and counts once more")
        .contains("1 video is in split trian, which this run does not use")
        .contains("1 video is in split (none), which this run does not use");
    assertThat(json("data.json").get("contradictedLabels")).hasSize(1);
    assertThat(json("data.json").at("/unusedSplits/trian").intValue()).isEqualTo(1);
  }

  /** The checkpoint knows whose it is, so that a damaged file beside it loses nothing. */
  @Test
  void shouldGoOnWithoutWhatSaysWhatTheRunIs() throws Exception {
    TinyRun.videos(folder, 4, 2);
    Map<String, String> keys = Map.of("data.list", "videos.csv");
    run(keys).run(folder.resolve("run"), false);
    Path identity = folder.resolve("run/run.json");
    byte[] whole = Files.readAllBytes(identity);

    for (String text : List.of("", "{", "{}", "null", "[]", "{\"code\":\"4\",\"videos\":[null]}")) {
      Files.writeString(identity, text);
      said.reset();
      run(keys).run(folder.resolve("run"), false);
      assertThat(said.toString())
          .contains(identity + " was damaged; the checkpoint is of this run")
          .contains("nothing left to train");
      assertThat(Files.readAllBytes(identity)).isEqualTo(whole);
    }
    Files.delete(identity);
    assertThatThrownBy(
            () ->
                run(Map.of("data.list", "videos.csv", "train.seed", "2"))
                    .run(folder.resolve("run"), false))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith(identity + " is gone, and the checkpoint beside it is of another");
    assertThat(folder.resolve("run/checkpoint.bin")).exists();
  }

  @Test
  void shouldNameTheVideoThatWentBeforeItWasEvaluated() throws Exception {
    TinyRun.videos(folder, 4, 2);
    Path artifact = run(Map.of("data.list", "videos.csv")).run(folder.resolve("run"), false);
    ClipList list = ClipList.read(folder.resolve("videos.csv"));
    Path gone = folder.resolve("3.avi");
    Files.delete(gone);

    assertThatThrownBy(
            () ->
                TrainingRun.evaluate(
                    ModelArtifact.open(artifact),
                    list,
                    list.entries(),
                    "1",
                    Device.cpu(),
                    2,
                    Progress.silent()))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(gone.toString());
  }

  /** A job that publishes what it finds must not find what nobody has judged. */
  @Test
  void shouldGiveTheModelItsNameOnceItIsWholeAndJudged() throws Exception {
    TinyRun.videos(folder, 4, 2);
    Path draft = folder.resolve("run/.tiny-1.pt.5c70eec2-55fe-43e4-a4c4-d60112a3a22d.pt");
    Files.createDirectories(draft.getParent());
    Files.writeString(draft, "of a process that was killed");
    List<Path> seen = new ArrayList<>();

    try (RunFolder locked = RunFolder.open(folder.resolve("run"))) {
      assertThat(draft).doesNotExist();
      assertThatThrownBy(
              () ->
                  run(Map.of("data.list", "videos.csv"))
                      .run(
                          locked,
                          false,
                          (artifact, list) -> {
                            seen.add(artifact.path());
                            throw new UserError("no");
                          }))
          .hasMessage("no");
    }

    assertThat(seen).hasSize(1);
    assertThat(folder.resolve("run"))
        .isDirectoryNotContaining(file -> file.toString().endsWith(".pt"));
  }

  @Test
  void shouldRefuseASingleLabel() throws Exception {
    videos("dark", 60, 5);

    assertThatThrownBy(() -> run(Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessage("the only label is dark, expected at least two to tell apart");
  }

  /** Hours of training should not come before this. */
  @Test
  void shouldRefuseASplitToCompareOnThatIsNoneOrWasLearntFrom() throws Exception {
    TinyRun.videos(folder, 4, 2);
    TrainingRun run = run(Map.of("data.list", "videos.csv"));

    for (String split : List.of("nosuch", "train")) {
      TrainingRun.Judge judge =
          new TrainingRun.Judge() {
            @Override
            public Map<String, String> judge(ModelArtifact artifact, ClipList list) {
              throw new AssertionError("it was trained");
            }

            @Override
            public Optional<String> split() {
              return Optional.of(split);
            }
          };
      try (RunFolder locked = RunFolder.open(folder.resolve("run"))) {
        assertThatThrownBy(() -> run.run(locked, false, judge))
            .isInstanceOf(UserError.class)
            .hasMessageContaining("split " + split);
        assertThatThrownBy(() -> run.dryRun(locked, judge.split()))
            .isInstanceOf(UserError.class)
            .hasMessageContaining("split " + split);
      }
    }
    assertThat(folder.resolve("run/run.json")).doesNotExist();
  }

  @Test
  void shouldNotReportOnWhatWasLearntFrom() throws Exception {
    TinyRun.videos(folder, 4, 2);

    assertThatThrownBy(
            () -> dryRun(run(Map.of("data.list", "videos.csv", "report.splits", "train"))))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "split train is learnt from, expected another for report.splits and gate.split");
  }

  @Test
  void shouldSplitAListThatNamesNoSplits() throws Exception {
    TinyRun.videos(folder, 12, 0);
    Path list = folder.resolve("videos.csv");
    Files.writeString(list, Files.readString(list).replace(",train", ""));

    dryRun(run(Map.of("data.list", "videos.csv", "data.test-share", "0.2", "report.splits", "")));

    assertThat(said.toString())
        .contains("label         train   validation         test")
        .contains("all               8            2            2");
    assertThat(json("data.json").at("/clips/test/dark").intValue()).isEqualTo(1);
  }

  /** Not after hours of training. */
  @Test
  void shouldRefuseALabelOfASplitToReportOnThatTheModelWillNotKnow() throws Exception {
    TinyRun.videos(folder, 4, 2);
    Path list = folder.resolve("videos.csv");
    Files.copy(folder.resolve("0.avi"), folder.resolve("odd.avi"));
    Files.writeString(list, Files.readString(list) + "odd.avi,dusk,test\n");
    Map<String, String> keys =
        Map.of("data.list", "videos.csv", "labels", "dark,bright", "report.splits", "test");

    assertThatThrownBy(() -> dryRun(run(keys)))
        .isInstanceOf(UserError.class)
        .hasMessage(list + ":7: label dusk is not one of dark, bright, did you mean dark?");
  }
}
