package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoFolderTest {
  @TempDir Path temporary;

  @Test
  void shouldRemoveWhatAKilledDemoLeftAndNothingElse() throws IOException {
    Path killed = Files.createDirectories(temporary.resolve("clipstream-demo-1/kafka")).getParent();
    Files.createFile(killed.resolve("lock"));
    Path beingMade = Files.createDirectory(temporary.resolve("clipstream-demo-2"));
    Path other = Files.createDirectory(temporary.resolve("other"));
    Files.createFile(other.resolve("lock"));

    try (DemoFolder first = DemoFolder.create(temporary);
        DemoFolder second = DemoFolder.create(temporary)) {
      assertThat(killed).doesNotExist();
      assertThat(first.path()).isDirectory();
      assertThat(second.path()).isDirectory();
    }

    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left).containsExactlyInAnyOrder(beingMade, other);
    }
  }
}
