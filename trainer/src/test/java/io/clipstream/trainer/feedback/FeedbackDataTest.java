package io.clipstream.trainer.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Progress;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.ListOptions;
import io.clipstream.trainer.data.SourceSplit;
import io.clipstream.trainer.recipe.FeedbackSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeedbackDataTest {
  @TempDir Path folder;

  private static FeedbackSettings settings() {
    return new FeedbackSettings(
        0.9,
        5,
        100,
        Optional.empty(),
        ListOptions.NONE,
        new SourceSplit(Map.of("validation", 0.25), "train", 1),
        0.2);
  }

  private String uri(String id) {
    return folder.resolve("source/" + id + ".avi").toUri().toString();
  }

  @Test
  void shouldBringTheVideosAndDealThem() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    List<FeedbackItem> wanted = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      wanted.add(video("p" + i, "cat", true));
      wanted.add(video("m" + i, "cat", false));
      wanted.add(video("n" + i, "dog", false));
    }
    FeedbackData data = new FeedbackData(settings(), folder.resolve("feedback"), Progress.silent());
    FeedbackSnapshot snapshot;
    try (FileFetcher fetcher = fetcher()) {
      snapshot =
          data.fetch(
              new FeedbackSnapshot(Map.of("videos.feedback-0", List.of(0L, 8L)), wanted, List.of()),
              fetcher);
    }

    List<ClipList.Entry> entries = ClipList.read(data.list()).entries();
    assertThat(entries).hasSize(24);
    assertThat(entries)
        .filteredOn(entry -> entry.split().equals("validation"))
        .extracting(ClipList.Entry::label)
        .containsOnly("cat", "dog")
        .hasSize(4);
    // What a model labelled is held out of those labels alone that no person gave.
    assertThat(entries)
        .filteredOn(e -> e.split().equals("validation") && e.label().equals("cat"))
        .allSatisfy(entry -> assertThat(entry.source()).contains("/source/p"));
    assertThat(snapshot.items()).allSatisfy(item -> assertThat(item.sha256()).hasSize(64));
    assertThat(data.existing().orElseThrow()).isEqualTo(snapshot);
    assertThat(snapshot.told())
        .containsEntry("feedback.offsets", "videos.feedback-0@0..8")
        .containsEntry("feedback.people", "8")
        .containsEntry("feedback.pseudo", "16")
        .containsEntry("feedback.sha256", snapshot.digest());
  }

  /** One correction, or a misspelt label, must not stop the training of all others. */
  @Test
  void shouldNotStopForALabelOfWhichThereIsLittle() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    List<FeedbackItem> wanted = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      wanted.add(video("p" + i, "cat", true));
      wanted.add(video("n" + i, "dog", false));
    }
    wanted.add(video("q", "dog", true)); // too little alone, enough with what models said
    wanted.add(video("r", "dgo", true)); // misspelt
    wanted.add(video("s", "eel", false)); // a model was sure of it once
    StringWriter shown = new StringWriter();
    FeedbackData data =
        new FeedbackData(
            settings(), folder.resolve("feedback"), new Progress(new PrintWriter(shown)));

    fetch(data, wanted);

    List<ClipList.Entry> entries = ClipList.read(data.list()).entries();
    assertThat(entries).extracting(ClipList.Entry::label).containsOnly("cat", "dog").hasSize(9);
    assertThat(entries)
        .filteredOn(entry -> entry.split().equals("validation"))
        .extracting(ClipList.Entry::label)
        .containsExactlyInAnyOrder("cat", "dog");
    assertThat(shown.toString())
        .contains("left out the label dgo: its videos are of fewer than 2 sources")
        .contains("left out the label eel: ")
        .contains("no person, or too few, gave the labels dog: ");
  }

  @Test
  void shouldDealAgainAsIfVideosThatDoNotDecodeWereNotThere() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    List<FeedbackItem> wanted = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      wanted.add(video("p" + i, "cat", true));
      wanted.add(video("q" + i, "dog", true));
    }
    StringWriter shown = new StringWriter();
    FeedbackData data =
        new FeedbackData(
            settings(), folder.resolve("feedback"), new Progress(new PrintWriter(shown)));
    fetch(data, wanted);
    FeedbackSnapshot snapshot = data.existing().orElseThrow();
    Map<String, String> broken = new HashMap<>();

    for (int decodable = 3; decodable > 1; decodable--) {
      Path held = heldOut(data, "dog");
      broken.put(Sha256.of(held), "NOT_DECODABLE");
      data.deal(snapshot, broken);
      assertThat(Sha256.of(heldOut(data, "dog"))).isNotIn(broken.keySet());
      assertThat(ClipList.read(data.list()).split("train"))
          .extracting(ClipList.Entry::path)
          .contains(held);
    }
    assertThat(shown.toString()).doesNotContain("left out");

    broken.put(Sha256.of(heldOut(data, "dog")), "NOT_DECODABLE");
    data.deal(snapshot, broken);
    data.deal(snapshot, broken);

    assertThat(ClipList.read(data.list()).entries())
        .extracting(ClipList.Entry::label)
        .containsOnly("cat")
        .hasSize(4);
    assertThat(shown.toString())
        .containsOnlyOnce("left out the label dog: its videos that decode are of fewer than 2")
        .containsPattern("left out file:.*/q[0-3]\\.avi: NOT_DECODABLE");
  }

  /** What was left out before any video was decoded is not said a second time. */
  @Test
  void shouldSayOnceWhatIsLeftOutWhereTheVideosAreDealtAgain() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    List<FeedbackItem> wanted = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      wanted.add(video("p" + i, "cat", true));
    }
    wanted.add(video("r", "eel", true));
    StringWriter shown = new StringWriter();
    FeedbackData data =
        new FeedbackData(
            settings(), folder.resolve("feedback"), new Progress(new PrintWriter(shown)));
    fetch(data, wanted);

    data.deal(
        data.existing().orElseThrow(), Map.of(Sha256.of(heldOut(data, "cat")), "NOT_DECODABLE"));

    assertThat(shown.toString()).containsOnlyOnce("left out the label eel");
  }

  /** A misspelt label stops no training where it was said of a video of the list, either. */
  @ParameterizedTest
  @ValueSource(strings = {"", "train"})
  void shouldLeaveOutALabelThatACorrectionMadeInTheListAlone(String split) throws Exception {
    Files.createDirectories(folder.resolve("source"));
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < 5; i++) {
      video("t" + i, "cat", true);
      list.append(
          "source/t%d.avi,cat,%s%n"
              .formatted(i, i == 4 && !split.isEmpty() ? "validation" : split));
    }
    StringWriter shown = new StringWriter();
    FeedbackData data = beside(list.toString(), new Progress(new PrintWriter(shown)));

    fetch(data, List.of(video("t0", "cta", true)));

    assertThat(ClipList.read(data.list()).entries())
        .extracting(ClipList.Entry::label)
        .containsOnly("cat")
        .hasSize(4);
    assertThat(shown.toString()).contains("left out the label cta: ").contains("source/t0.avi");
  }

  /** Videos of the list stay in its splits; what else people called so is dealt. */
  @Test
  void shouldHoldOutOfANewLabelWhatIsNotInTheList() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      video("t" + i, "cat", true);
      list.append("source/t%d.avi,cat,%s%n".formatted(i, i < 6 ? "train" : "validation"));
    }
    List<FeedbackItem> wanted = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      wanted.add(video("t" + i, "eel", true));
    }
    wanted.add(video("n0", "eel", true));
    wanted.add(video("n1", "eel", true));
    FeedbackData data = beside(list.toString(), Progress.silent());

    fetch(data, wanted);

    assertThat(heldOut(data, "eel").getFileName().toString())
        .isIn(digest("n0") + ".avi", digest("n1") + ".avi");
  }

  /** Where the list is that of an older run, and a video was replaced under its address. */
  @Test
  void shouldKeepASourceInTheSplitThatTheListHasItIn() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    StringBuilder list = new StringBuilder();
    List<FeedbackItem> wanted = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      video("t" + i, "cat", true);
      list.append(
          "source/t%d.avi,cat,%s,%s%n"
              .formatted(i, i % 2 == 0 ? "train" : "validation", uri("p" + i)));
      wanted.add(video("p" + i, "cat", true));
    }
    FeedbackData data = beside("path,label,split,source\n" + list, Progress.silent());

    fetch(data, wanted);

    ClipList dealt = ClipList.read(data.list());
    assertThat(dealt.entries()).hasSize(16);
    dealt.requireDisjoint("train", "validation");
  }

  /** As where only a list is trained on. */
  @Test
  void shouldStopWhereMuchOfTheListIsNotThere() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    Path cats = Files.createDirectories(folder.resolve("set/cat"));
    for (int i = 0; i < 6; i++) {
      Files.writeString(cats.resolve("t" + i + ".avi"), "content of t" + i);
    }
    for (int i = 0; i < 2; i++) {
      Files.createSymbolicLink(cats.resolve("gone" + i + ".avi"), folder.resolve("nowhere"));
    }
    FeedbackData data = beside(folder.resolve("set"), Progress.silent());

    assertThatThrownBy(() -> fetch(data, List.of(video("p", "cat", true))))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(
            "2 of 8 videos are not there, more than the share data.max-rejected=0.2 of ")
        .hasMessageContaining("gone");
  }

  private String digest(String id) throws IOException {
    return Sha256.of(folder.resolve("source/" + id + ".avi"));
  }

  /** As of folders: a model that knows the scene would be judged by it. */
  @Test
  void shouldKeepPiecesOfARecordingTogether() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    List<FeedbackItem> wanted = new ArrayList<>();
    for (String label : List.of("cat", "dog")) {
      for (String name : List.of("cam", "phone", "street.2")) {
        for (int i = 1; i <= 4; i++) {
          wanted.add(video(label + name + "-clip" + i, label, true));
        }
      }
    }
    FeedbackData data = new FeedbackData(settings(), folder.resolve("feedback"), Progress.silent());

    fetch(data, wanted);

    List<ClipList.Entry> entries = ClipList.read(data.list()).entries();
    assertThat(entries).extracting(ClipList.Entry::split).contains("train", "validation");
    assertThat(entries.stream().map(ClipList.Entry::source).distinct()).hasSize(6);
    assertThat(entries.stream().map(entry -> entry.source() + " " + entry.split()).distinct())
        .hasSize(6);
  }

  private static Path heldOut(FeedbackData data, String label) throws IOException {
    List<ClipList.Entry> held =
        ClipList.read(data.list()).split("validation").stream()
            .filter(entry -> entry.label().equals(label))
            .toList();
    assertThat(held).hasSize(1);
    return held.get(0).path();
  }

  /** The list is older than what a person says of the same video, wherever that one lies. */
  @Test
  void shouldCorrectTheListAndWhatModelsSaid() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    video("t", "cat", true);
    video("v", "cat", true);
    video("u", "dog", true);
    FeedbackItem person = video("p", "dog", true);
    for (String same : List.of("t", "m")) {
      Files.copy(
          folder.resolve("source/p.avi"),
          folder.resolve("source/" + same + ".avi"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    StringWriter shown = new StringWriter();
    FeedbackData data =
        beside(
            "source/t.avi,cat,validation\nsource/v.avi,cat,train\nsource/u.avi,dog,train\n"
                + "source/t.avi,cat,validation,,0,1\n",
            new Progress(new PrintWriter(shown)));
    FeedbackItem model = new FeedbackItem("m", uri("m"), null, "cat", false, null, null);

    fetch(data, List.of(person, model));

    assertThat(ClipList.read(data.list()).entries())
        .extracting(entry -> entry.label() + " " + entry.split())
        .containsExactlyInAnyOrder(
            "dog validation", // the list's, in its split
            "cat train",
            "dog train",
            "cat validation", // a part, of which nobody said anything
            "dog validation", // the person's and the model's go where their content is
            "dog validation");
    assertThat(shown.toString())
        .contains("1 video has another label by people's corrections, such as ")
        .contains("t.avi, which is dog");
  }

  /** Beside a list. */
  private FeedbackData beside(String list, Progress progress) throws IOException {
    return beside(Files.writeString(folder.resolve("base.csv"), list), progress);
  }

  private FeedbackData beside(Path base, Progress progress) {
    FeedbackSettings own = settings();
    return new FeedbackData(
        new FeedbackSettings(
            own.pseudoScore(),
            own.pseudoPerLabel(),
            own.maxVideos(),
            Optional.of(base),
            own.options(),
            own.split(),
            own.maxRejected()),
        folder.resolve("feedback"),
        progress);
  }

  @Test
  void shouldTrainOnASingleCorrectionBesideAListWithSplits() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    video("t", "cat", true);
    video("v", "cat", true);
    FeedbackData data =
        beside("source/t.avi,cat,train\nsource/v.avi,cat,validation\n", Progress.silent());

    fetch(data, List.of(video("p", "cat", true)));

    assertThat(ClipList.read(data.list()).entries())
        .extracting(ClipList.Entry::split)
        .containsExactly("train", "validation", "train");
  }

  private void fetch(FeedbackData data, List<FeedbackItem> wanted) throws Exception {
    try (FileFetcher fetcher = fetcher()) {
      data.fetch(new FeedbackSnapshot(Map.of(), wanted, List.of()), fetcher);
    }
  }

  @Test
  void shouldSayInOneLineThatASnapshotIsNone() throws Exception {
    Path file = folder.resolve("snapshot.json");
    for (String text : List.of("", "{", "{}", "null", "[]", "{\"offsets\":{},\"items\":[null]}")) {
      Files.writeString(file, text);

      assertThatThrownBy(() -> FeedbackSnapshot.read(file))
          .isInstanceOf(UserError.class)
          .hasMessageStartingWith(file + " is no snapshot")
          .hasMessageNotContaining("Cannot invoke");
    }
  }

  @Test
  void shouldHoldFilesToTheSnapshotAndStopWhenMuchIsGone() throws Exception {
    Files.createDirectories(folder.resolve("source"));
    List<FeedbackItem> items = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      FeedbackItem item = video("p" + i, "cat", true);
      items.add(item.with(Sha256.of(folder.resolve("source/p" + i + ".avi"))));
    }
    Files.writeString(folder.resolve("source/p0.avi"), "another");
    FeedbackData data = new FeedbackData(settings(), folder.resolve("feedback"), Progress.silent());

    try (FileFetcher fetcher = fetcher()) {
      assertThatThrownBy(
              () -> data.fetch(new FeedbackSnapshot(Map.of(), items, List.of()), fetcher))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("1 of 4 videos cannot be fetched, more than the share")
          .hasMessageContaining("DIGEST_MISMATCH");
    }
  }

  @Test
  void shouldNotShowThePasswordsOfAddresses() throws Exception {
    FeedbackItem item =
        new FeedbackItem(
            "v", "http://me:hunter2@h.invalid/v.mp4?sig=secret", null, "cat", true, null, null);
    StringWriter shown = new StringWriter();
    FeedbackData data =
        new FeedbackData(
            settings(), folder.resolve("feedback"), new Progress(new PrintWriter(shown)));

    try (FileFetcher fetcher = fetcher()) {
      assertThatThrownBy(
              () -> data.fetch(new FeedbackSnapshot(Map.of(), List.of(item), List.of()), fetcher))
          .hasMessageContaining("http://***@h.invalid/v.mp4?***")
          .hasMessageNotContainingAny("hunter2", "secret");
    }
    assertThat(shown.toString())
        .contains("left out http://***@h.invalid")
        .doesNotContain("hunter2");
  }

  private FeedbackItem video(String id, String label, boolean person) throws Exception {
    Files.writeString(folder.resolve("source/" + id + ".avi"), "content of " + id);
    return new FeedbackItem(id, uri(id), null, label, person, null, null);
  }

  private FileFetcher fetcher() {
    return new FileFetcher(
        FetchPolicy.defaults().withFileRoots(List.of(folder.resolve("source").toAbsolutePath())),
        folder.resolve("work"));
  }
}
