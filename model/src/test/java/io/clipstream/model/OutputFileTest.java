package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {
  @TempDir private Path folder;

  @Test
  void shouldTakeWhatIsNotThereAndWhatIsAFile() throws Exception {
    Path file = Files.createFile(folder.resolve("a.pt")).toRealPath();
    Path link = Files.createSymbolicLink(folder.resolve("b.pt"), file);

    assertThat(OutputFile.of(folder.resolve("none/c.pt"))).isEqualTo(folder.resolve("none/c.pt"));
    assertThat(OutputFile.of(file)).isEqualTo(file);
    assertThat(OutputFile.of(link)).isEqualTo(file);
    assertThat(OutputFile.of(Path.of("c.pt"))).isAbsolute();
  }

  @Test
  void shouldRefuseWhatAMoveWouldReplace() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("b.pt"), Path.of("/dev/null"));

    for (Path device : new Path[] {Path.of("/dev/null"), link}) {
      assertThatThrownBy(() -> OutputFile.of(device))
          .isInstanceOf(UserError.class)
          .hasMessage(device + ": a device or pipe is there, expected the name of a file to write");
    }
    assertThatThrownBy(() -> OutputFile.of(folder))
        .isInstanceOf(UserError.class)
        .hasMessage(folder + ": a folder is there, expected the name of a file to write");
  }

  @Test
  void shouldTellOfTheNameThatTheUserKnows() {
    Path named = Path.of("a.pt");
    Path part = Path.of("/x/.a.pt.1.part");
    IOException foreign = new IOException("b.pth is damaged");

    assertThat(OutputFile.told(named, part, new AccessDeniedException("/x/.a.pt.1.part")))
        .hasMessageStartingWith("a.pt: this user may not read or write it");
    assertThat(OutputFile.told(named, part, new IOException("No space left on device")))
        .hasMessage("a.pt: its disk is full: make room or name another place");
    assertThat(OutputFile.told(named, part, foreign)).isSameAs(foreign);
  }
}
