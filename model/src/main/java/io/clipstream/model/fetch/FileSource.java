package io.clipstream.model.fetch;

import io.clipstream.model.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * Files of this machine, where they lie; nothing is copied. All threads.
 *
 * <p>The result names the file by its real path, so nothing on the way to it is a symbolic link any
 * more, and the checks hold for the very file that was opened. Whoever may write inside a root can
 * still swap a folder afterwards: {@link LocalFile#unchanged} tells.
 */
final class FileSource {
  private static final String WAY_OUT = "add its folder to fetch.file-roots (demo: --root)";

  private final List<FileRoot> roots;
  private final long maxBytes;

  FileSource(List<Path> roots, Optional<String> marker, long maxBytes) {
    this.roots = roots.stream().map(root -> new FileRoot(root, marker)).toList();
    this.maxBytes = maxBytes;
  }

  /** The root that a path lies in by its name. */
  Optional<FileRoot> root(Path requested) {
    Path path = requested.normalize();
    return roots.stream().filter(root -> root.names(path)).findFirst();
  }

  LocalFile open(Path requested, Optional<ExpectedDigest> sha256, Deadline deadline, int attempt)
      throws FetchFailure, InterruptedException {
    Path path = requested.normalize();
    // By name first: the answer must not reveal whether a file outside exists.
    FileRoot root =
        root(path)
            .orElseThrow(
                () ->
                    forbidden(
                        path,
                        roots.isEmpty()
                            ? "may not be read: no folder is configured for files; " + WAY_OUT
                            : "is not in a folder configured for files; " + WAY_OUT));
    try {
      Object key = root.key();
      LocalFile local = read(path, sha256, deadline, attempt);
      root.prove(key);
      return local;
    } catch (NoSuchFileException missing) {
      checkRoot(root, path);
      throw FetchFailure.lasting(FetchReason.NOT_FOUND, path + " does not exist");
    } catch (AccessDeniedException denied) {
      checkRoot(root, path);
      throw FetchFailure.lasting(FetchReason.ACCESS_DENIED, path + " may not be read");
    } catch (ClosedByInterruptException interrupted) {
      Thread.interrupted();
      throw new InterruptedException();
    } catch (IOException broken) {
      if (OutOfFiles.isCauseOf(broken)) {
        throw FetchFailure.ofInstance(path + ": no file descriptor is left (ulimit -n)");
      }
      checkRoot(root, path);
      String why =
          broken instanceof FileSystemException named ? named.getReason() : broken.getMessage();
      throw FetchFailure.passing(FetchReason.FETCH_FAILED, path + " cannot be read: " + why);
    }
  }

  private LocalFile read(Path path, Optional<ExpectedDigest> sha256, Deadline deadline, int attempt)
      throws IOException, FetchFailure {
    Path real = path.toRealPath();
    if (!isHeld(real)) {
      throw forbidden(
          path, "leads out of the configured folders through a symbolic link; " + WAY_OUT);
    }
    BasicFileAttributes before = attributes(real);
    if (before.isDirectory()) {
      throw forbidden(path, "is a folder");
    }
    if (!before.isRegularFile()) {
      // Before it is opened: opening a pipe would wait for its writer.
      throw forbidden(path, "is a device, pipe or socket");
    }
    if (before.size() > maxBytes) {
      throw FetchFailure.lasting(
          FetchReason.FILE_TOO_LARGE,
          path + " has " + before.size() + " bytes; at most " + maxBytes + " are read");
    }
    LocalFile.Identity identity = LocalFile.Identity.of(before);
    try (FileChannel file =
        FileChannel.open(real, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      if (sha256.isPresent()) {
        sha256.get().check(digest(file, deadline));
      }
    }
    LocalFile local = new LocalFile(real, attempt, identity, () -> {});
    if (!local.unchanged()) {
      throw FetchFailure.passing(
          FetchReason.FETCH_FAILED, path + " was changed while it was being checked");
    }
    return local;
  }

  /** What is wrong with the whole root is not the file's fault. */
  private static void checkRoot(FileRoot root, Path path) throws FetchFailure {
    Optional<String> trouble = root.trouble();
    if (trouble.isPresent()) {
      throw FetchFailure.ofOrigin(
          FetchReason.FETCH_FAILED, path + ": file root " + root.folder() + " " + trouble.get());
    }
  }

  private boolean isHeld(Path real) throws IOException {
    IOException unreachable = null;
    for (FileRoot root : roots) {
      try {
        if (root.holds(real)) {
          return true;
        }
      } catch (IOException gone) {
        unreachable = gone;
      }
    }
    if (unreachable != null) {
      throw unreachable; // It might have been that one.
    }
    return false;
  }

  private String digest(FileChannel file, Deadline deadline) throws IOException, FetchFailure {
    MessageDigest digest = Sha256.start();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 18);
    long total = 0;
    while (file.read(buffer) >= 0) {
      deadline.check();
      buffer.flip();
      total += buffer.remaining();
      if (total > maxBytes) {
        throw FetchFailure.lasting(
            FetchReason.FILE_TOO_LARGE, "the file grew past " + maxBytes + " bytes while read");
      }
      digest.update(buffer);
      buffer.clear();
    }
    return Sha256.hex(digest);
  }

  private static BasicFileAttributes attributes(Path real) throws IOException {
    return Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  private static FetchFailure forbidden(Path path, String why) {
    return FetchFailure.lasting(FetchReason.FORBIDDEN_PATH, path + " " + why);
  }
}
