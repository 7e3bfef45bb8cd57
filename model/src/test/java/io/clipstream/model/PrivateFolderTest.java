package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFolderTest {
  @TempDir Path parent;

  @Test
  void shouldMakeAFolderForThisUserAlone() throws Exception {
    Path folder = parent.resolve("a/cache");

    PrivateFolder.of(folder);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void shouldWriteAFileOnceAndAgainWhenItWasChanged() throws Exception {
    PrivateFolder folder = PrivateFolder.of(parent.resolve("cache"));
    byte[] content = {1, 2, 3};

    Path file = folder.put("lib.so", content);
    var written = Files.getLastModifiedTime(file);

    assertThat(file).hasBinaryContent(content);
    assertThat(folder.put("lib.so", content)).isEqualTo(file);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(written);
    Files.write(file, new byte[] {4});
    assertThat(folder.put("lib.so", content)).isEqualTo(file).hasBinaryContent(content);
    assertThat(folder.put("lib.so", new byte[] {5})).isNotEqualTo(file);
    try (Stream<Path> files = Files.list(parent.resolve("cache"))) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void shouldNotFollowALinkPlantedInAFilesPlace() throws Exception {
    PrivateFolder folder = PrivateFolder.of(parent.resolve("cache"));
    byte[] content = {1, 2, 3};
    Path file = folder.put("lib.so", content);
    Path other = Files.write(parent.resolve("other.so"), content);
    Files.delete(file);
    Files.createSymbolicLink(file, other);

    assertThat(folder.put("lib.so", content)).isRegularFile();
    assertThat(Files.isSymbolicLink(file)).isFalse();
  }

  @Test
  void shouldRefuseAFolderThatOthersMayWriteTo() throws Exception {
    Path folder = Files.createDirectory(parent.resolve("cache"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThatThrownBy(() -> PrivateFolder.of(folder))
        .isInstanceOf(IOException.class)
        .hasMessage(folder + " may be written to by others, expected this user alone");
  }

  @Test
  void shouldRefuseALinkToAFolder() throws Exception {
    Path real = Files.createDirectory(parent.resolve("real"));
    Path link = Files.createSymbolicLink(parent.resolve("cache"), real);

    assertThatThrownBy(() -> PrivateFolder.of(link)).isInstanceOf(IOException.class);
  }
}
