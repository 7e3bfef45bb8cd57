package io.clipstream.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;

/** Files of the jar that must lie on disk to be used, where nobody else can change them. */
public final class PrivateFolder {
  private final Path folder;

  private PrivateFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * A folder of this user's alone, which is made if it is not there.
   *
   * @throws IOException if it cannot be made, is another user's or others may write to it
   */
  public static PrivateFolder of(Path folder) throws IOException {
    Files.createDirectories(folder.toAbsolutePath().getParent());
    if (!Files.isDirectory(folder)) {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    PosixFileAttributes found =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    Path mine = Files.createTempFile(folder, ".owner", null);
    try {
      if (!found.isDirectory() || !found.owner().equals(Files.getOwner(mine))) {
        throw new IOException(folder + " belongs to " + found.owner() + ", expected this user");
      }
      if (found.permissions().contains(PosixFilePermission.GROUP_WRITE)
          || found.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
        throw new IOException(folder + " may be written to by others, expected this user alone");
      }
    } finally {
      Files.delete(mine);
    }
    return new PrivateFolder(folder);
  }

  /**
   * {@code clipstream-native} in the user's cache; where that cannot be, for this process alone.
   */
  public static PrivateFolder ofUser() throws IOException {
    try {
      return of(CacheFolder.path().resolve("native"));
    } catch (IOException e) {
      Path temporary = Files.createTempDirectory("clipstream"); // of this user alone
      temporary.toFile().deleteOnExit();
      return new PrivateFolder(temporary);
    }
  }

  /**
   * The folder's copy of a file, which is made or made anew unless it is already the same.
   *
   * @return named for the content, so that two versions do not take turns
   */
  public Path put(String name, byte[] content) throws IOException {
    String digest = Sha256.of(content);
    Path file = folder.resolve(digest.substring(0, 16) + "-" + name);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || !Sha256.of(file).equals(digest)) {
      Path part = folder.resolve("." + name + "." + UUID.randomUUID() + ".part");
      try {
        Files.write(part, content, StandardOpenOption.CREATE_NEW);
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
    }
    return file;
  }
}
