package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameFolderTest {
  @TempDir Path folder;

  private FrameFolder list(String... names) throws Exception {
    for (String name : names) {
      Files.writeString(folder.resolve(name), name);
    }
    return FrameFolder.list(folder, FrameSeries.USUAL);
  }

  private static List<String> names(FrameFolder frames, Optional<FrameSpan> span) {
    FrameFolder.Slice slice = frames.slice(span);
    List<String> names = new ArrayList<>();
    for (int i = slice.from(); i < slice.to(); i++) {
      names.add(frames.picture(i).getFileName().toString());
    }
    return names;
  }

  @Test
  void shouldTakePicturesInTheOrderOfTheirNumbers() throws Exception {
    FrameFolder frames = list("f10.PNG", "f2.PNG", "f1.PNG", "f011.PNG", "readme.txt", ".f3.PNG");

    assertThat(names(frames, Optional.empty()))
        .containsExactly("f1.PNG", "f2.PNG", "f10.PNG", "f011.PNG");
    assertThat(frames.number(3)).isEqualTo(11);
    assertThat(frames.problem()).isEmpty();
  }

  /** As dense optical flow is often kept beside the pictures. */
  @Test
  void shouldTakeThePicturesBesideTheirFlow() throws Exception {
    FrameFolder frames =
        list(
            "img_1.jpg",
            "img_2.jpg",
            "flow_x_1.jpg",
            "flow_x_2.jpg",
            "flow_y_1.jpg",
            "flow_y_2.jpg");

    assertThat(names(frames, Optional.empty())).containsExactly("img_1.jpg", "img_2.jpg");
    FrameSeries flow = new FrameSeries(30, Optional.of(FrameSeries.template("flow_x_{:05}.jpg")));
    assertThat(names(FrameFolder.list(folder, flow), Optional.empty()))
        .containsExactly("flow_x_1.jpg", "flow_x_2.jpg");
  }

  @ParameterizedTest
  @CsvSource({
    "img_{:05}_320x240.jpg, img_00002_320x240.jpg",
    "cam2{:05}.jpg, cam200002.jpg",
    "20260101{:06d}.jpg, 20260101000002.jpg",
  })
  void shouldTakeNamesThatHaveOtherDigits(String template, String second) throws Exception {
    list(second.replace("2_", "1_").replace("2.", "1."), second, "other_1.jpg", "other_2.jpg");
    FrameSeries series = new FrameSeries(30, Optional.of(FrameSeries.template(template)));

    FrameFolder frames = FrameFolder.list(folder, series);

    assertThat(frames.problem()).isEmpty();
    assertThat(frames.number(1)).isEqualTo(2);
    assertThat(frames.picture(1)).isEqualTo(folder.resolve(second));
  }

  @Test
  void shouldPassOverSinglePicturesBesideASeries() throws Exception {
    FrameFolder frames = list("0001.jpg", "0002.jpg", "cover1.jpg", "cover.jpg", "3.txt");

    assertThat(names(frames, Optional.empty())).containsExactly("0001.jpg", "0002.jpg");
  }

  @ParameterizedTest
  @CsvSource({
    "readme.txt;img.jpg;1.gif, none of the files in the folder is a numbered JPEG or PNG",
    "a1.jpg;a2.jpg;b1.jpg;b2.jpg, the folder has several series of pictures (a*.jpg",
    "a1.jpg;a01.jpg, two pictures in the folder have the number 1",
    "a1234567890.jpg, none of the files in the folder is a numbered JPEG or PNG",
  })
  void shouldSayWhyAFolderIsNoVideo(String names, String problem) throws Exception {
    FrameFolder frames = list(names.split(";"));

    assertThat(frames.problem()).startsWith(problem).doesNotContain("\n");
    assertThat(frames.size()).isZero();
    assertThat(frames.missing(Optional.of(FrameSpan.of(5)))).isEmpty();
  }

  @Test
  void shouldCountFromTheFirstNumberThatMmactionHas() throws Exception {
    FrameFolder fromOne = list("1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg");

    assertThat(names(fromOne, Optional.of(FrameSpan.of(2)))).containsExactly("1.jpg", "2.jpg");
    assertThat(names(fromOne, Optional.of(FrameSpan.of(0, 2)))).containsExactly("1.jpg", "2.jpg");
    assertThat(names(fromOne, Optional.of(FrameSpan.of(3, 9)))).containsExactly("4.jpg", "5.jpg");
    assertThat(names(fromOne, Optional.of(FrameSpan.of(5, 9)))).isEmpty();
    assertThat(names(fromOne, Optional.of(FrameSpan.of(0)))).isEmpty();
    assertThat(names(list("0.jpg"), Optional.of(FrameSpan.of(3, 9))))
        .containsExactly("3.jpg", "4.jpg", "5.jpg");
  }

  /** Such as what was cut out of a long video with its numbers. */
  @Test
  void shouldTakeTheFirstThatThereAreWithoutAnOffset() throws Exception {
    FrameFolder late = list("101.jpg", "102.jpg", "103.jpg");

    assertThat(names(late, Optional.of(FrameSpan.of(2)))).containsExactly("101.jpg", "102.jpg");
    assertThat(names(late, Optional.of(FrameSpan.of(101, 2))))
        .containsExactly("102.jpg", "103.jpg");
  }

  @Test
  void shouldSayWhatIsMissing() throws Exception {
    FrameFolder frames = list("1.jpg", "2.jpg", "4.jpg", "7.jpg");

    assertThat(frames.missing(Optional.empty()))
        .contains("it lacks 3 of its 7 frames, number 3 is the first");
    assertThat(frames.missing(Optional.of(FrameSpan.of(2)))).isEmpty();
    assertThat(frames.missing(Optional.of(FrameSpan.of(10))))
        .contains("it lacks 6 of its 10 frames, number 3 is the first");
    assertThat(frames.missing(Optional.of(FrameSpan.of(3, 3))))
        .contains("it lacks 2 of its 3 frames, number 5 is the first");
    assertThat(frames.missing(Optional.of(FrameSpan.of(4, 2)))).isEmpty(); // none: no video
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"img_{:05}.jpg", "img_{:05d}.jpg", "img_{}.jpg", "img_%05d.jpg", "img_%d.jpg"})
  void shouldReadTemplates(String template) {
    assertThat(FrameSeries.template(template)).isEqualTo(new FrameSeries.Names("img_", ".jpg"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "img.jpg", "a/{:05}.jpg", "{:02}_{:05}.jpg"})
  void shouldReadNoOtherTemplates(String template) {
    assertThat(FrameSeries.template(template)).isNull();
  }

  @Test
  void shouldTellContentByPicturesAndNotByNames() throws Exception {
    FrameFolder frames = list("a1.jpg", "a2.jpg");
    Path copied = Files.createDirectory(folder.resolve("copy"));
    Files.copy(folder.resolve("a1.jpg"), copied.resolve("0005.jpg"));
    Files.copy(folder.resolve("a2.jpg"), copied.resolve("0006.jpg"));
    FrameFolder copy = FrameFolder.list(copied, FrameSeries.USUAL);

    assertThat(frames.digest()).isEqualTo(copy.digest()).hasSize(64);
    Files.move(copied.resolve("0006.jpg"), copied.resolve("0007.jpg"));
    assertThat(FrameFolder.list(copied, FrameSeries.USUAL).digest()).isNotEqualTo(copy.digest());
  }

  @Test
  void shouldNoticeAnotherPicture() throws Exception {
    FrameFolder frames = list("a1.jpg", "a2.jpg", "notes.txt");
    String stamp = frames.stamp();
    String digest = frames.digest();

    Files.writeString(folder.resolve("notes.txt"), "more");
    assertThat(frames.stamp()).isEqualTo(stamp);
    Files.writeString(folder.resolve("a2.jpg"), "A2.jpg");
    Files.setLastModifiedTime(folder.resolve("a2.jpg"), FileTime.fromMillis(0));
    assertThat(frames.stamp()).isNotEqualTo(stamp);
    assertThat(frames.digest()).isNotEqualTo(digest);
  }

  /** Which are rejected, each alone. */
  @Test
  void shouldNotTakeTwoFoldersWithoutFramesForOneContent() throws Exception {
    Path one = Files.createDirectory(folder.resolve("one"));
    Path two = Files.createDirectory(folder.resolve("two"));

    assertThat(FrameFolder.list(one, FrameSeries.USUAL).digest())
        .isNotEqualTo(FrameFolder.list(two, FrameSeries.USUAL).digest());
  }

  @Test
  void shouldGoOnWherePicturesAreLinksToNothingOrToThemselves() throws Exception {
    list("a1.jpg");
    Files.createSymbolicLink(folder.resolve("a2.jpg"), folder.resolve("a2.jpg"));
    Files.createSymbolicLink(folder.resolve("a3.jpg"), folder.resolve("gone"));
    Files.createSymbolicLink(folder.resolve("a4.jpg"), folder);
    FrameFolder frames = FrameFolder.list(folder, FrameSeries.USUAL);

    assertThat(frames.size()).isEqualTo(4);
    assertThat(frames.stamp()).hasSize(64);
    assertThat(frames.digest()).hasSize(64);
  }

  @Test
  void shouldBeLimitedInSpansAndRates() {
    assertThatThrownBy(() -> FrameSpan.of(-1, 5)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> FrameSpan.between(5, 5)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new FrameSeries(0, Optional.empty()))
        .hasMessage("framesPerSecond is 0.0, expected 0.01 to 1000.0");
  }
}
