package io.clipstream.model;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PropertiesFileTest {
  @TempDir Path folder;

  @Test
  void shouldReadCommentsContinuedLinesAndEscapes() throws IOException {
    Path file =
        write(
            """
            # a comment, a=1
            ! another, a=2
            a=first \\
              second
            with\\=sign : x\\u00e9y
            path = C:\\\\videos \t
            empty=
            bare
            städte=Zürich
            """);

    assertThat(PropertiesFile.read("recipe", file))
        .containsEntry("a", "first second")
        .containsEntry("with=sign", "xéy")
        .containsEntry("path", "C:\\videos")
        .containsEntry("empty", "")
        .containsEntry("bare", "")
        .containsEntry("städte", "Zürich")
        .hasSize(6);
  }

  @Test
  void shouldRefuseAKeyThatIsSetTwice() throws IOException {
    Path one = write("a=1\nb=2\na=3\n");

    assertThatThrownBy(() -> PropertiesFile.read("recipe", one))
        .isInstanceOf(UserError.class)
        .hasMessage(one + ": a is set more than once, expected each key once");

    // Written differently, and even with the same value.
    Path both = write("a.b=1\na\\u002eb : 1\nc=secret\\\nc=2\nd=1\n# d=2\nd 2\n");

    assertThatThrownBy(() -> PropertiesFile.read("recipe", both))
        .isInstanceOf(UserError.class)
        .hasMessage(both + ": a.b, d are set more than once, expected each key once");
  }

  @Test
  void shouldSayWhatIsNoPropertiesFile() throws IOException {
    Path missing = folder.resolve("mine.propertis");
    Path wrongEscape = write("a=\\u12\n");

    assertThatThrownBy(() -> PropertiesFile.read("recipe", missing))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "no recipe at "
                + missing
                + ": no such file, expected a properties file, did you mean "
                + wrongEscape
                + "?");
    assertThatThrownBy(() -> PropertiesFile.read("recipe", wrongEscape))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith(wrongEscape + ": not a properties file in UTF-8 (");
    Path latin = Files.write(folder.resolve("latin"), new byte[] {'a', '=', (byte) 0xe9, '\n'});
    assertThatThrownBy(() -> PropertiesFile.read("recipe", latin))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith(latin + ": not a properties file in UTF-8 (");
  }

  @Test
  void shouldPassOverAByteOrderMark() throws IOException {
    assertThat(PropertiesFile.read("recipe", write("\ufeffa=1\nb=2\n"))).containsOnlyKeys("a", "b");
  }

  @Test
  void shouldSayWhatAnotherKindOfFileIs() throws IOException {
    for (var charset : List.of(UTF_16, UTF_16LE, UTF_16BE)) {
      Path utf16 = Files.write(folder.resolve("utf16"), "a=1\n".getBytes(charset));
      assertThatThrownBy(() -> PropertiesFile.read("recipe", utf16))
          .isInstanceOf(UserError.class)
          .hasMessage(utf16 + " is text in UTF-16, expected UTF-8: save it as UTF-8");
    }
    Path video = Files.write(folder.resolve("a.mp4"), new byte[] {0, 0, 0, 32, 'f', 't', 'y', 'p'});
    Path large = folder.resolve("large");
    try (RandomAccessFile sparse = new RandomAccessFile(large.toFile(), "rw")) {
      sparse.setLength(1L << 40);
    }
    for (Path file : List.of(video, large)) {
      assertThatThrownBy(() -> PropertiesFile.read("configuration", file))
          .isInstanceOf(UserError.class)
          .hasMessage(file + " is no text, expected a configuration, which is a properties file");
    }
    assertThatThrownBy(() -> PropertiesFile.read("configuration", folder))
        .isInstanceOf(UserError.class)
        .hasMessage(folder + " is a folder, expected a configuration, which is a properties file");
  }

  @Test
  void shouldNeverSuggestWhatWasTyped() {
    assertThat(Nearest.to("cfg", List.of("cfg"))).isEmpty();
    assertThat(Nearest.to("cfg", List.of("cfg", "cgf"))).contains("cgf");
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("mine.properties"), text);
  }
}
