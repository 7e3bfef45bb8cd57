package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClipFolderTest {
  @TempDir Path folder;

  private void file(String name) throws Exception {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, name);
  }

  @Test
  void shouldTakeTheFolderAsTheLabel() throws Exception {
    file("dog/b.mp4");
    file("cat/a.mp4");
    file("cat/deep/c.mp4");
    file("cat/.hidden");
    file("notes.txt");

    ClipList list = ClipFolder.read(folder, null);

    assertThat(list.labels()).containsExactly("cat", "dog");
    assertThat(list.unsplit()).isTrue();
    assertThat(list.entries())
        .extracting(list::name)
        .containsExactly("cat/a.mp4", "cat/deep/c.mp4", "dog/b.mp4");
  }

  /** As torchvision and others lay data out; train would be a label. */
  @Test
  void shouldTakeFoldersOfSplitsForSplits() throws Exception {
    file("train/cat/a.mp4");
    file("train/dog/b.mp4");
    file("val/cat/a.mp4");
    file("val/dog/day1/c.mp4");
    file("test/cat/d-clip3.mp4");
    file("README.md");

    ClipList list = ClipFolder.read(folder, null);

    assertThat(list.labels()).containsExactly("cat", "dog");
    assertThat(list.entries())
        .extracting(e -> list.name(e) + " " + e.split() + " " + e.source())
        .containsExactlyInAnyOrder(
            "train/cat/a.mp4 train train/cat/a.mp4",
            "train/dog/b.mp4 train train/dog/b.mp4",
            "val/cat/a.mp4 validation val/cat/a.mp4",
            "val/dog/day1/c.mp4 validation day1",
            "test/cat/d-clip3.mp4 test d");
    list.requireDisjoint("train", "validation");
    Files.createDirectories(folder.resolve("val/cow"));
    assertThatThrownBy(() -> ClipFolder.read(folder, null))
        .hasMessageStartingWith(folder.resolve("val/cow") + " holds no video, but stands for a");
  }

  @Test
  void shouldTakeFoldersForLabelsWhereNotAllAreOfSplits() throws Exception {
    file("train/x/a.mp4");
    file("bus/x/b.mp4");
    assertThat(ClipFolder.read(folder, null).labels()).containsExactly("bus", "train");

    Files.move(folder.resolve("bus"), folder.resolve("test"));
    file("train/c.mp4"); // in no folder of a label
    assertThat(ClipFolder.read(folder, null).labels()).containsExactly("test", "train");
  }

  @ParameterizedTest
  @CsvSource({
    "yt_abc_000010_000020.mp4, yt_abc",
    "goal-clip3.mp4, goal",
    "goal_part02.mp4, goal",
    "v_Dive_g01_c04.avi, v_Dive_g01",
    "session.mp4, cat/session.mp4",
    "IMG-2041.mp4, cat/IMG-2041.mp4",
    "day1/x.mp4, day1",
  })
  void shouldTellTheSourceByTheName(String name, String source) throws Exception {
    file("cat/" + name);

    assertThat(ClipFolder.read(folder, null).entries().get(0).source()).isEqualTo(source);
  }

  /** Pieces of one recording that show different labels: a model would know the scene again. */
  @Test
  void shouldTakeFoldersOfOneNameForOneSourceWhateverTheLabel() throws Exception {
    file("cat/day1/x.mp4");
    file("cat/day2/x.mp4");
    file("dog/day1/y.mp4");
    file("dog/y.mp4");

    assertThat(ClipFolder.read(folder, null).entries())
        .extracting(ClipList.Entry::source)
        .containsExactly("day1", "day2", "day1", "dog/y.mp4");
  }

  @Test
  void shouldTellTheSourceByThePatternOfTheUser() throws Exception {
    file("cat/cam7 day1.mp4");
    file("dog/cam7 day2.mp4");
    file("dog/other.mp4");

    assertThat(ClipFolder.read(folder, Pattern.compile("^(?:(cam\\d)|other)")).entries())
        .extracting(ClipList.Entry::source) // of an alternative without the group
        .containsExactly("cam7", "cam7", "dog/other.mp4");
    assertThat(ClipFolder.read(folder, Pattern.compile("(cam\\d)")).entries())
        .extracting(ClipList.Entry::source)
        .containsExactly("cam7", "cam7", "dog/other.mp4");
  }

  /**
   * Notes, thumbnails and the like lie beside videos, and are none that a split should hold out.
   */
  @Test
  void shouldPassOverWhatIsNoVideoByItsNameAndSayIt() throws Exception {
    file("cat/a.mp4");
    file("cat/a.txt");
    file("cat/Thumbs.db");
    file("cat/day1/b.MP4");
    file("cat/day1/b.json");
    file("dog/whatever");
    file("beside.mp4");

    ClipList list = ClipFolder.read(folder, null);

    assertThat(list.entries())
        .extracting(list::name)
        .containsExactly("cat/a.mp4", "cat/day1/b.MP4", "dog/whatever");
    assertThat(list.passedOver())
        .extracting(path -> folder.relativize(Path.of(path)).toString())
        .containsExactly("beside.mp4", "cat/Thumbs.db", "cat/a.txt", "cat/day1/b.json");
    assertThat(list.passedOverLine().orElseThrow())
        .startsWith("passed over 4 files, ")
        .endsWith("such as " + folder.resolve("beside.mp4"));
  }

  @Test
  void shouldRefuseLinksThatLeadInACircle() throws Exception {
    file("cat/a.mp4");
    Path loop = Files.createSymbolicLink(folder.resolve("cat/loop"), Path.of("."));

    assertThatThrownBy(() -> ClipFolder.read(folder, null))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith(loop + ": its links lead in a circle");
    Files.delete(loop);
    Files.createSymbolicLink(loop, folder);
    assertThatThrownBy(() -> ClipFolder.read(folder, null)).hasMessageContaining("in a circle");
  }

  @Test
  void shouldFollowLinksAndMissWhatTheyDoNotLeadTo() throws Exception {
    file("elsewhere/cat/a.mp4");
    file("set/dog/b.mp4");
    Path set = folder.resolve("set");
    Files.createSymbolicLink(set.resolve("cat"), folder.resolve("elsewhere/cat"));
    Path broken = Files.createSymbolicLink(set.resolve("dog/c.mp4"), Path.of("/nowhere/c.mp4"));

    ClipList list = ClipFolder.read(set, null);

    assertThat(list.labels()).containsExactly("cat", "dog");
    assertThat(list.missing()).containsExactly(broken.toString());
  }

  @Test
  void shouldRefuseAFolderThatHoldsNoVideo() throws Exception {
    file("cat/a.mp4");
    file("dog/readme.txt");
    Files.createDirectories(folder.resolve("eel"));

    assertThatThrownBy(() -> ClipFolder.read(folder, null))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "%s holds no video, but stands for a label, and so do 1 more; add videos, or take the folder away"
                .formatted(folder.resolve("dog")));
  }

  @Test
  void shouldRefuseALabelThatNoModelMayHave() throws Exception {
    file("a\nb/x.mp4");

    assertThatThrownBy(() -> ClipFolder.read(folder, null))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("the label is 'a\\u000ab', expected text");
  }

  @Test
  void shouldSayWhatIsNoDataSet() throws Exception {
    file("a.mp4");

    assertThatThrownBy(() -> ClipFolder.read(folder, null))
        .hasMessageEndingWith(
            "holds no folder with videos, expected one for each label: LABEL/video.mp4; "
                + folder.resolve("a.mp4")
                + " is no video in one");
    assertThatThrownBy(() -> ClipFolder.read(folder.resolve("gone"), null))
        .hasMessageContaining("no folder " + folder.resolve("gone"));
  }
}
