package io.clipstream.trainer.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.TimeRange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClipListTest {
  @TempDir Path folder;

  @BeforeEach
  void makeVideos() throws IOException {
    for (String name : List.of("a.mp4", "b.mp4", "c, d.mp4")) {
      Files.writeString(folder.resolve(name), name);
    }
  }

  @Test
  void shouldReadPathsLabelsSplitsAndSources() throws Exception {
    ClipList list =
        read(
            """
            path,label,split,source
            # a comment

            a.mp4,static,train,p.jpg
            "c, d.mp4",pan_left
            """);

    assertThat(list.entries())
        .containsExactly(
            new ClipList.Entry(folder.resolve("a.mp4"), "static", "train", "p.jpg", 4),
            new ClipList.Entry(folder.resolve("c, d.mp4"), "pan_left", "", "", 5));
  }

  @Test
  void shouldReadWhatItWrote() throws Exception {
    ClipList list =
        read("a.mp4,static,train,\"a \"\"picture\"\", new\"\n\"c, d.mp4\",shake,test,x\n");
    ClipList copy = new ClipList(folder.resolve("copy.csv"), list.entries());

    copy.write();

    assertThat(ClipList.read(copy.file()).entries())
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("line")
        .isEqualTo(list.entries());
    assertThat(copy.entries().get(0).source()).isEqualTo("a \"picture\", new");
  }

  @Test
  void shouldReadTheColumnsBelowAComment() throws Exception {
    assertThat(read("# mine\n\npath,label\na.mp4,static\n").entries()).hasSize(1);
  }

  /** As RFC 4180 has it: what stands in quotes is the name, and nothing stands beside them. */
  @Test
  void shouldKeepWhiteSpaceWithinQuotes() throws Exception {
    for (String name : List.of(" a.mp4", "#b.mp4", "c .mp4 ")) {
      Files.writeString(folder.resolve(name), name);
    }
    ClipList list = read("\" a.mp4\", static\n  \"#b.mp4\" ,static\n\"c .mp4 \",\"static\"\n");
    ClipList copy = new ClipList(folder.resolve("copy.csv"), list.entries());

    copy.write();

    assertThat(list.entries())
        .extracting(entry -> entry.path().getFileName() + "|" + entry.label())
        .containsExactly(" a.mp4|static", "#b.mp4|static", "c .mp4 |static");
    assertThat(ClipList.read(copy.file()).entries())
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("line")
        .isEqualTo(list.entries());
  }

  @Test
  void shouldReadAndWriteRanges() throws Exception {
    ClipList list = read("a.mp4,x,train,p,1.5,3\nb.mp4,x,train,,,\n");
    ClipList copy = new ClipList(folder.resolve("copy.csv"), list.entries());
    copy.write();

    assertThat(list.entries().get(0).range()).contains(new TimeRange(1.5, 3));
    assertThat(list.entries().get(1).range()).isEmpty();
    assertThat(list.name(list.entries().get(0))).isEqualTo("a.mp4#1.5-3.0");
    assertThat(ClipList.read(copy.file()).entries())
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("line")
        .isEqualTo(list.entries());
  }

  @Test
  void shouldReadAndWriteFrames() throws Exception {
    FramePictures.frames(folder.resolve("frames"), 3);
    ClipList list =
        read(
            """
            path,label,split,source,start,end,start_frame,end_frame
            a.mp4,x,train,p,,,12,175
            frames,x,train,,,,,4
            frames,x,train,,,,0,2
            frames,x,train,,0.5,2
            frames,x,train
            """);
    ClipList copy = new ClipList(folder.resolve("copy.csv"), list.entries());
    copy.write();

    assertThat(list.entries())
        .extracting(ClipList.Entry::part)
        .containsExactly("#12+163", "#+4", "#0+2", "#0.5-2.0", "");
    assertThat(list.entries().get(0).series()).isEmpty();
    assertThat(list.entries().get(4).series()).contains(FrameSeries.USUAL);
    assertThat(list.name(list.entries().get(0))).isEqualTo("a.mp4#12+163");
    assertThat(list.incomplete())
        .containsExactly(
            folder.resolve("frames") + "#+4: it lacks 1 of its 4 frames, number 4 is the first");
    assertThat(ClipList.read(copy.file()).entries())
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("line")
        .isEqualTo(list.entries());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a.mp4 | list.csv:1: 1 fields, expected path,label[,split][,source][,start,end][,start_frame,end_frame]: a.mp4",
        "a.mp4,x,train,p,more | list.csv:1: 5 fields",
        "a.mp4,x,train,p,3,1 | list.csv:1: the range is 3 to 1, expected seconds with 0 <= start < end",
        "a.mp4,x,train,p,1, | list.csv:1: the range is 1 to ",
        "a.mp4,x,train,p,,,3 | list.csv:1: 7 fields",
        "a.mp4,x,train,p,,,3,3 | list.csv:1: the frames are 3 to 3, expected numbers from 0 with start < end",
        "a.mp4,x,train,p,,,-1,3 | list.csv:1: the frames are -1 to 3, expected numbers from 0",
        "a.mp4,x,train,p,,,0,x | list.csv:1: the frames are 0 to x, expected numbers from 0",
        "a.mp4,x,train,p,1,2,0,9 | list.csv:1: a range in seconds and one in frames, expected one of them",
        "a.mp4, | list.csv:1: the label is empty",
        ",static | list.csv:1: the path is empty",
        "\"a.mp4,static | list.csv:1: a quote is not closed",
        "\"a.mp4\"x,static | list.csv:1: a quote is not closed, or not at the end of its field",
        "a\u0000.mp4,static | list.csv:1: 'a\u0000.mp4' cannot name a file: Nul character",
        "a.mp4,a\u0007b | in line 1: the label is 'a\\u0007b', expected text",
        "gone.mp4,static | list.csv:1: no video at",
        "a.mp4/b.mp4,static | a part of its path is a file",
        "label,path | list.csv:1: the columns are label,path, expected path,label[,split]",
        "Path,Label | list.csv:1: the columns are Path,Label, expected path,label[,split]",
        "path,split | list.csv:1: the columns are path,split, expected path,label[,split]",
        "path,label,start,end | list.csv:1: the columns are path,label,start,end, expected",
        "split,path,label | list.csv:1: the columns are split,path,label, expected",
        "# nothing | names no video",
      })
  void shouldNameTheBadLine(String line, String message) {
    assertThatThrownBy(() -> read(line))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message)
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("\n");
  }

  @Test
  void shouldPassOverAByteOrderMark() throws Exception {
    assertThat(read("\ufeffpath,label\na.mp4,static\n").labels()).containsExactly("static");
    assertThat(read("\ufeffa.mp4,static\n").labels()).containsExactly("static");
  }

  @Test
  void shouldRejectWhatIsNoText() throws Exception {
    Path file = folder.resolve("list.csv");
    Files.write(file, "a.mp4,\u00e9".getBytes(StandardCharsets.ISO_8859_1));

    assertThatThrownBy(() -> ClipList.read(file)).hasMessageContaining("not UTF-8 text");
    assertThatThrownBy(() -> ClipList.read(folder.resolve("lst.csv")))
        .hasMessageContaining("lst.csv: no such file, expected a CSV file of path,label")
        .hasMessageEndingWith(", did you mean " + file + "?");
  }

  @Test
  void shouldNameKnownSplitsAndLabels() throws Exception {
    ClipList list = read("a.mp4,static,train,p\nb.mp4,wobble,test,q\n");

    assertThat(list.split("test")).hasSize(1);
    assertThatThrownBy(() -> list.split("tset"))
        .hasMessageContaining("no videos in split tset; it has test, train");
    assertThatThrownBy(() -> list.classes(list.split("test"), List.of("static", "shake")))
        .hasMessageContaining(":2: label wobble is not one of static, shake");
  }

  @Test
  void shouldRejectSplitsThatShareASource() throws Exception {
    ClipList apart = read("a.mp4,static,train,p\nb.mp4,static,test,q\n");
    ClipList shared = read("a.mp4,static,train,p\nb.mp4,static,test,p\n");

    apart.requireDisjoint("train", "test");

    assertThatThrownBy(() -> shared.requireDisjoint("train", "test"))
        .hasMessageContaining(":2: source p is in split test and on line 1 in split train");
  }

  private ClipList read(String text) throws IOException {
    Path file = folder.resolve("list.csv");
    Files.writeString(file, text);
    return ClipList.read(file);
  }
}
