package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
  @Test
  void shouldAllowOnlyFoldersThatExist(@TempDir Path directory) throws Exception {
    Path comma = Files.createDirectory(directory.resolve("a,b"));

    assertThat(DemoCommand.existing(comma.toString(), "?", "/nonexistent")).containsExactly(comma);
  }
}
