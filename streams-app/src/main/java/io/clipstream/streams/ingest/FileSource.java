package io.clipstream.streams.ingest;

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
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Files of this machine, where they lie; nothing is copied. All threads.
 *
 * <p>The result names the file by its real path, so nothing on the way to it is a symbolic link any
 * more, and the checks hold for the very file that was opened. Whoever may write inside a root can
 * still swap a folder afterwards: {@link LocalVideo#unchanged} tells.
 */
final class FileSource {
  private final List<Path> roots;
  private final long maxBytes;

  FileSource(List<Path> roots, long maxBytes) {
    this.roots = roots.stream().map(Path::normalize).toList();
    this.maxBytes = maxBytes;
    for (Path root : realRoots()) {
      if (!Files.isDirectory(root)) {
        throw new FetchSystemException("file root " + root + " is not a folder");
      }
    }
  }

  LocalVideo open(Path requested, Optional<String> sha256, Deadline deadline, int attempt)
      throws FetchFailure, InterruptedException {
    Path path = requested.normalize();
    List<Path> realRoots = realRoots();
    // By name first: whether a file outside exists is nobody's business.
    if (!isUnder(roots, path) && !isUnder(realRoots, path)) {
      throw forbidden(
          path,
          roots.isEmpty()
              ? "may not be read: no folder is configured for files"
              : "is not in a folder configured for files");
    }
    try {
      Path real = path.toRealPath();
      if (!isUnder(realRoots, real)) {
        throw forbidden(path, "leads out of the configured folders through a symbolic link");
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
      LocalVideo.Identity identity = LocalVideo.Identity.of(before);
      try (FileChannel file =
          FileChannel.open(real, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
        if (sha256.isPresent()) {
          Digests.compare(sha256.get(), digest(file, deadline));
        }
      }
      LocalVideo video = new LocalVideo(real, attempt, identity, () -> {});
      if (!video.unchanged()) {
        throw FetchFailure.passing(
            FetchReason.FETCH_FAILED, path + " was changed while it was being checked");
      }
      return video;
    } catch (NoSuchFileException missing) {
      throw FetchFailure.lasting(FetchReason.NOT_FOUND, path + " does not exist");
    } catch (AccessDeniedException denied) {
      throw FetchFailure.lasting(FetchReason.ACCESS_DENIED, path + " may not be read");
    } catch (ClosedByInterruptException interrupted) {
      Thread.interrupted();
      throw new InterruptedException();
    } catch (FileSystemException broken) {
      throw FetchFailure.passing(
          FetchReason.FETCH_FAILED, path + " cannot be read: " + broken.getReason());
    } catch (IOException broken) {
      throw FetchFailure.passing(
          FetchReason.FETCH_FAILED, path + " cannot be read: " + broken.getMessage());
    }
  }

  private String digest(FileChannel file, Deadline deadline) throws IOException, FetchFailure {
    MessageDigest digest = Digests.sha256();
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
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Asked for every time, since what a root is linked to or mounted on may change. */
  private List<Path> realRoots() {
    List<Path> real = new ArrayList<>();
    for (Path root : roots) {
      try {
        real.add(root.toRealPath());
      } catch (IOException gone) {
        throw new FetchSystemException("file root " + root + " cannot be reached: " + gone, gone);
      }
    }
    return real;
  }

  private static BasicFileAttributes attributes(Path real) throws IOException {
    return Files.readAttributes(real, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isUnder(List<Path> folders, Path path) {
    return folders.stream().anyMatch(path::startsWith);
  }

  private static FetchFailure forbidden(Path path, String why) {
    return FetchFailure.lasting(FetchReason.FORBIDDEN_PATH, path + " " + why);
  }
}
