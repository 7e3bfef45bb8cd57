package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFileTest {
  @TempDir Path folder;

  @Test
  void shouldGiveLinesWithoutAByteOrderMark() throws Exception {
    Path file = Files.writeString(folder.resolve("a.txt"), "\ufeffone\r\ntwo\n\nfour");

    assertThat(TextFile.lines(file, "a label a line")).containsExactly("one", "two", "", "four");
  }

  @Test
  void shouldSayInOneLineWhatIsNoText() throws Exception {
    Path binary = Files.write(folder.resolve("b.txt"), new byte[] {'a', (byte) 0xff, 'b'});

    assertThatThrownBy(() -> TextFile.lines(binary, "a label a line"))
        .isInstanceOf(UserError.class)
        .hasMessage(binary + ": not UTF-8 text, expected a label a line");
    assertThatThrownBy(() -> TextFile.lines(folder, "a label a line"))
        .isInstanceOf(UserError.class)
        .hasMessage(folder + ": not a file, expected a label a line");
  }

  /** Such as a video or a checkpoint that is given in its place. */
  @Test
  void shouldNotReadAFileThatIsTooLargeForAList() throws Exception {
    Path large = folder.resolve("large");
    try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(5L << 30);
    }

    assertThatThrownBy(() -> TextFile.lines(large, "a label a line"))
        .isInstanceOf(UserError.class)
        .hasMessage(large + ": 5368709120 bytes, expected at most 268435456, a label a line");
  }
}
