package io.clipstream.streams.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadMarksTest {
  private static final String DIGEST = "ab".repeat(32);
  private static final String OTHER = "cd".repeat(32);

  @TempDir Path directory;
  private Path folder;

  @BeforeEach
  void resolve() throws IOException {
    folder = directory.toRealPath();
  }

  @Test
  void shouldRefuseWhatProcessesDiedOf() throws Exception {
    died(DIGEST, "one");
    try (LoadMarks marks = new LoadMarks(folder, 2)) {
      marks.begin(DIGEST).close();
      died(DIGEST, "two");

      assertThatThrownBy(() -> marks.begin(DIGEST))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("the process died 2 times while it loaded this artifact")
          .hasMessageContaining("abababababab*.loading");
      marks.begin(OTHER).close();
    }
    assertThat(files()).hasSize(2);
  }

  @Test
  void shouldForgetDeathsOnceItIsLoaded() throws Exception {
    died(DIGEST, "one");
    died(OTHER, "two");
    try (LoadMarks marks = new LoadMarks(folder, 2);
        LoadMarks.Mark mark = marks.begin(DIGEST)) {
      mark.loaded();
    }
    assertThat(files()).containsExactly(OTHER + ".two.loading");
  }

  @Test
  void shouldNotCountLoadsUnderWay() throws Exception {
    try (LoadMarks marks = new LoadMarks(folder, 1);
        LoadMarks others = new LoadMarks(folder, 1);
        LoadMarks.Mark first = marks.begin(DIGEST);
        LoadMarks.Mark second = others.begin(DIGEST)) {
      first.loaded();
      second.loaded();
      assertThat(files()).hasSize(2);
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void shouldNotCountDeathsOfLongAgo() throws Exception {
    Path old = died(DIGEST, "one");
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(8))));
    try (LoadMarks marks = new LoadMarks(folder, 1)) {
      marks.begin(DIGEST).close();
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void shouldLeaveNothingOfALoadThatAnEndInGoodOrderCutOff() throws Exception {
    LoadMarks marks = new LoadMarks(folder, 1);
    LoadMarks.Mark mark = marks.begin(DIGEST);
    assertThat(files()).hasSize(1);

    marks.close();

    assertThat(files()).isEmpty();
    mark.close();
    assertThatThrownBy(() -> marks.begin(DIGEST)).hasMessage("the instance ends");
    assertThat(files()).isEmpty();
  }

  /** As a process leaves it that was killed. */
  private Path died(String digest, String name) throws IOException {
    return Files.createFile(folder.resolve(digest + "." + name + ".loading"));
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
