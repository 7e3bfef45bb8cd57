package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.TimeRange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForeignListTest {
  @TempDir Path folder;

  private ClipList read(String name, String text) throws Exception {
    Path list = Files.writeString(folder.resolve(name), text);
    Path names = Files.writeString(folder.resolve("names.txt"), "0 abseiling\n1 air_drumming\n");
    return ListOptions.of(
            Optional.empty(),
            Optional.of(folder.resolve("videos")),
            Optional.of(names),
            FrameSeries.USUAL)
        .open(list);
  }

  private void video(String name) throws Exception {
    Path file = folder.resolve("videos").resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, name);
  }

  @Test
  void shouldReadPathsWithIndices() throws Exception {
    video("train/a b.mp4");
    video("train/c.mp4");

    ClipList list = read("train.list", "train/a b.mp4 1\ntrain/c.mp4 0\ntrain/gone.mp4 0\n");

    assertThat(list.entries())
        .extracting(entry -> entry.path().getFileName() + " " + entry.label())
        .containsExactly("a b.mp4 air_drumming", "c.mp4 abseiling");
    assertThat(list.missing()).containsExactly(folder.resolve("videos/train/gone.mp4").toString());
    assertThat(list.unsplit()).isTrue();
  }

  /** As MMAction2's RawframeDataset and PaddleVideo's FrameDataset have them. */
  @Test
  void shouldReadFoldersOfFrames() throws Exception {
    FramePictures.frames(folder.resolve("videos/a"), 5);
    FramePictures.frames(folder.resolve("videos/12"), 3);

    ClipList list = read("train.list", "a 5 1\n12 4 0\ngone 7 0\n");

    assertThat(list.entries())
        .extracting(entry -> entry.path().getFileName() + entry.part() + " " + entry.label())
        .containsExactly("a#+5 air_drumming", "12#+4 abseiling");
    assertThat(list.entries()).allMatch(entry -> entry.series().isPresent());
    assertThat(list.missing()).containsExactly(folder.resolve("videos/gone").toString());
    assertThat(list.incomplete())
        .containsExactly(
            folder.resolve("videos/12") + "#+4: it lacks 1 of its 4 frames, number 4 is the first");
    assertThat(list.framesLine("data.frames-per-second"))
        .contains(
            "folders of frames among the videos: 2, taken as 30 frames a second (data.frames-per-second)");
  }

  /** As MMAction2 has them with_offset. */
  @Test
  void shouldReadFramesWithOffsetsOfFoldersAndVideos() throws Exception {
    FramePictures.frames(folder.resolve("videos/a"), 5);
    video("c.mp4");

    ClipList list = read("train.list", "a 0 2 1\na 2 3 0\nc.mp4 12 163 1\n");

    assertThat(list.entries())
        .extracting(
            entry -> entry.path().getFileName() + entry.part() + " " + entry.series().isPresent())
        .containsExactly("a#0+2 true", "a#2+3 true", "c.mp4#12+163 false");
    assertThat(list.incomplete()).isEmpty();
  }

  @Test
  void shouldTakeOneNumberForTheLabelWhateverTheFileIsCalled() throws Exception {
    video("5");

    ClipList list = read("train.list", "5 1\n");

    assertThat(list.entries().get(0).frames()).isEmpty();
    assertThat(list.entries().get(0).label()).isEqualTo("air_drumming");
  }

  @Test
  void shouldSayThatFoldersOfFramesNeedTheirNumber() throws Exception {
    Path frames = FramePictures.frames(folder.resolve("videos/a"), 5);

    assertThatThrownBy(() -> read("train.list", "a 1\n"))
        .isInstanceOf(UserError.class)
        .hasMessageEndingWith(
            " is there, such as %s: it is a folder, expected PATH FRAMES INDEX if it has frames"
                .formatted(frames));
  }

  @Test
  void shouldReadFramesInJson() throws Exception {
    video("a.mp4");
    FramePictures.frames(folder.resolve("videos/f"), 5);

    ClipList list =
        read(
            "list.json",
            """
            [{"path": "a.mp4", "label": "x", "start_frame": 12, "end_frame": 20},
             {"path": "f", "label": "x", "end_frame": 3, "start_frame": null},
             {"path": "f", "label": "x"}]
            """);

    assertThat(list.entries()).extracting(ClipList.Entry::part).containsExactly("#12+8", "#+3", "");
    assertThat(list.entries().get(2).series()).contains(FrameSeries.USUAL);
  }

  @Test
  void shouldReadTheListsOfKinetics() throws Exception {
    video("train/air drumming/abc_000012_000022.mp4");
    video("validate/x-_y_000000_000010.mp4");

    ClipList list =
        read(
            "k400.csv",
            """
            label,youtube_id,time_start,time_end,split,is_cc
            air drumming,abc,12,22,train,0
            "abseiling, indoors",x-_y,0,10,validate,0
            abseiling,gone,0,10,validate,0
            """);

    assertThat(list.entries())
        .extracting(entry -> entry.label() + "/" + entry.split() + "/" + entry.source())
        .containsExactly("air drumming/train/abc", "abseiling, indoors/validation/x-_y");
    assertThat(list.missing()).hasSize(1);
    assertThat(
            read(
                    "quoted.csv",
                    """
                    "label","youtube_id","time_start","time_end","split"
                    "air drumming","abc","12","22","train"
                    """)
                .labels())
        .containsExactly("air drumming");
  }

  @Test
  void shouldReadJson() throws Exception {
    video("a.mp4");

    ClipList list =
        read(
            "list.json",
            """
            [{"path": "a.mp4", "label": "cat", "split": "train", "start": 1.5, "end": 4},
             {"path": "a.mp4", "label": "dog", "source": "s"}]
            """);

    assertThat(list.entries().get(0).range()).contains(new TimeRange(1.5, 4));
    assertThat(list.entries().get(1).source()).isEqualTo("s");
  }

  @Test
  void shouldReadPathsWithCommasAndSpacesAtTheEndOfLines() throws Exception {
    video("a, b.mp4");

    assertThat(read("l.list", "a, b.mp4 1 \n").labels()).containsExactly("air_drumming");
  }

  /** As many programs write what is not there. */
  @Test
  void shouldTakeNullForWhatIsNotThere() throws Exception {
    video("a.mp4");

    ClipList list =
        read(
            "l.json",
            """
            [{"path": "a.mp4", "label": "x", "split": null, "start": null, "end": null},
             {"path": "a.mp4", "label": "x", "end": 2}]
            """);

    assertThat(list.unsplit()).isTrue();
    assertThat(list.entries().get(0).range()).isEmpty();
    assertThat(list.entries().get(1).range()).contains(new TimeRange(0, 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cat;dog;cat | names.txt:3: the label cat is in line 1 too, expected each once",
        "cat;;dog | names.txt:2: an empty line between names, so that it is open which index dog has",
        "1 cat;2 dog | label cat has index 1, expected 0",
        "# none | names no label, expected the name of a label a line",
      })
  void shouldRefuseNamesThatLeaveTheIndicesOpen(String text, String message) throws Exception {
    Path names = Files.writeString(folder.resolve("names.txt"), text.replace(';', '\n'));

    assertThatThrownBy(() -> ForeignList.names(names))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldPassOverCommentsAndEmptyLinesAroundNames() throws Exception {
    Path names = Files.writeString(folder.resolve("names.txt"), "# mine\n\ncat\n1 point\n\n\n");

    assertThat(ForeignList.names(names)).containsExactly("cat", "point");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "l.list | a.mp4 2 | l.list:1: label 2, expected 0 to 1: so many names of labels there are",
        "l.list | a.mp4 1;folder 120 1 | l.list:2: 2 numbers are behind the path, in the lines before 1; expected PATH INDEX in all, with one label each",
        "l.list | a 12 1;b 12 1 0 | l.list:2: 3 numbers are behind the path, in the lines before 2; expected PATH FRAMES INDEX in all",
        "l.list | a 12 1;b 1 | l.list:2: expected PATH FRAMES INDEX: b 1",
        "l.list | a 3 12 1;b 12 1 | l.list:2: expected PATH OFFSET FRAMES INDEX: b 12 1",
        "l.list | a 12 1 0 1 | l.list:1: 4 numbers are behind the path, expected PATH INDEX, PATH FRAMES INDEX, PATH OFFSET FRAMES INDEX; several labels of a video are not read",
        "l.list | a 1234567890 1 | l.list:1: 1234567890 frames, expected at most 999999999",
        "l.list | a 12 2 | l.list:1: label 2, expected 0 to 1",
        "l.list | gone 12 1 | no video that ",
        "l.list | a.mp4 1;b.mp4 | l.list:2: expected PATH INDEX: b.mp4",
        "l.list | gone.mp4 1 | no video that ",
        "l.json | [] | l.json names no video",
        "l.json | {} | l.json is no JSON array",
        "l.json | [ | l.json is no JSON: ",
        "l.json | [{\"path\": \"a\", \"label\": \"\"}] | expected path and label as texts",
        "l.json | [{\"path\": \"\", \"label\": \"b\"}] | expected path and label as texts",
        "l.json | [{\"path\": \"a\", \"label\": 3}] | expected label as a text",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"split\": {}}] | expected split as a text",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"label\": \"c\"}] | Duplicate field 'label'",
        "l.json | [{\"path\": \"a\", \"label\": \"b\"}] [] | l.json is no JSON: something follows behind its end",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"start\": \"x\", \"end\": 1}] | expected start and end in",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"start_frame\": 1}] | expected start_frame and end_frame as numbers from 0",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"end_frame\": 1.5}] | expected start_frame and end_frame as numbers from 0",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"end_frame\": 18446744073709551626}] | expected start_frame and end_frame as numbers from 0",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"end_frame\": 1e300}] | expected start_frame and end_frame as numbers from 0",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"start_frame\": 4294967296, \"end_frame\": 10}] | expected start_frame and end_frame as numbers from 0",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"start_frame\": 5, \"end_frame\": 5}] | expected start_frame and end_frame as numbers from 0",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"end_frame\": 5, \"end\": 5}] | a range in seconds and one in frames, expected one of them",
        "l.json | [{\"path\": \"a\"}] | expected path and label as texts",
        "l.json | [{\"path\": \"a\", \"label\": \"b\", \"start\": 1}] | expected start and end in seconds",
      })
  void shouldSayWhatIsWrong(String name, String text, String message) {
    assertThatThrownBy(() -> read(name, text.replace(';', '\n')))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message)
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("\n");
  }

  @Test
  void shouldAskForNames() throws Exception {
    Path list = Files.writeString(folder.resolve("l.list"), "a.mp4 0\n");
    Path names = Files.writeString(folder.resolve("n.txt"), "0 a\n2 b\n");

    assertThatThrownBy(() -> ListOptions.NONE.open(list))
        .hasMessageContaining("data.label-names of a recipe, --label-names of eval");
    assertThatThrownBy(
            () ->
                ListOptions.of(
                    Optional.empty(), Optional.empty(), Optional.of(names), FrameSeries.USUAL))
        .hasMessageContaining("label b has index 2, expected 1");
    assertThatThrownBy(() -> ForeignList.names(Files.writeString(names, "99999999999 a\n")))
        .isInstanceOf(UserError.class)
        .hasMessage(names + ": label a has index 99999999999, expected 0");
    assertThat(ForeignList.names(Files.writeString(names, "\ufeffa\nb c\n")))
        .isEqualTo(List.of("a", "b c"));
    assertThatThrownBy(() -> ForeignList.names(Files.write(names, new byte[] {(byte) 0xe9})))
        .isInstanceOf(UserError.class)
        .hasMessage(names + ": not UTF-8 text, expected the name of a label a line");
    assertThatThrownBy(() -> ForeignList.names(folder))
        .isInstanceOf(UserError.class)
        .hasMessage(folder + ": not a file, expected the name of a label a line");
  }
}
