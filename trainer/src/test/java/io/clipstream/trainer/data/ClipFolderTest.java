package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    assertThat(ClipFolder.read(folder, Pattern.compile("(cam\\d)")).entries())
        .extracting(ClipList.Entry::source)
        .containsExactly("cam7", "cam7", "dog/other.mp4");
  }

  @Test
  void shouldSayWhatIsNoDataSet() throws Exception {
    file("a.mp4");

    assertThatThrownBy(() -> ClipFolder.read(folder, null))
        .hasMessageEndingWith(
            "holds no folder with videos, expected one for each label: LABEL/video.mp4");
    assertThatThrownBy(() -> ClipFolder.read(folder.resolve("gone"), null))
        .hasMessageContaining("no folder " + folder.resolve("gone"));
  }
}
