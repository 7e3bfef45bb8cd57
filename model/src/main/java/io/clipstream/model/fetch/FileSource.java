package io.clipstream.model.fetch;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.Sha256;
import io.clipstream.model.fetch.RootThreads.HangsException;
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
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of this machine, where they lie; nothing is copied. All threads. Whatever touches a root is
 * done by {@link RootThreads}, so that none waits for one that hangs.
 *
 * <p>The result names the file by its real path, so nothing on the way to it is a symbolic link any
 * more, and the checks hold for the very file that was opened. Whoever may write inside a root can
 * still swap a folder afterwards: {@link LocalFile#unchanged} tells.
 */
final class FileSource implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(FileSource.class);
  private static final String WAY_OUT = "add its folder to fetch.file-roots (demo: --root)";

  /** What the system says, in its own language, of paths at which no disk could have a file. */
  private static final Set<String> NO_WAYS =
      Set.of(reason("/dev/null/file"), reason("/" + "a".repeat(256)));

  /** Java's part of what is said of links that lead in a circle. */
  private static final String LOOP = "or unable to access attributes of symbolic link";

  /** Each with its threads. */
  private final Map<FileRoot, RootThreads> roots = new LinkedHashMap<>();

  private final long maxBytes;

  /**
   * @param patience with a root that does not answer
   * @throws FetchSystemException if a root is something else than a folder; one that is not there
   *     may come later
   */
  FileSource(List<Path> roots, Optional<String> marker, long maxBytes, Duration patience) {
    this.maxBytes = maxBytes;
    for (Path folder : roots) {
      FileRoot root = new FileRoot(folder, marker);
      RootThreads threads = new RootThreads(patience);
      this.roots.put(root, threads);
      find(root, threads);
    }
  }

  private static String reason(String path) {
    try {
      return "it leads to " + Path.of(path).toRealPath();
    } catch (IOException e) {
      return e instanceof FileSystemException named && named.getReason() != null
          ? named.getReason()
          : e.toString();
    }
  }

  private static void find(FileRoot root, RootThreads threads) {
    String problem;
    try {
      threads.run(
          step -> {
            root.find();
            return null;
          });
      return;
    } catch (IOException gone) {
      problem = "cannot be reached: " + FileProblem.of(gone) + Nearest.hint(root.folder());
    } catch (HangsException hangs) {
      problem = hangs.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (FetchFailure never) {
      throw new IllegalStateException(never);
    }
    log.warn("File root {} {}; its videos wait until it is there", root.folder(), problem);
  }

  /** The root that a path lies in by its name, the innermost one. */
  Optional<FileRoot> root(Path requested) {
    Path path = requested.normalize();
    return roots.keySet().stream()
        .filter(root -> root.names(path))
        .max(Comparator.comparingInt(root -> root.folder().getNameCount()));
  }

  /** Whether the root of a file is in order, and opening the file does not hang. */
  boolean answers(Path requested) throws InterruptedException {
    Optional<FileRoot> root = root(requested);
    if (root.isEmpty()) {
      return true;
    }
    try {
      return threads(root.get()).run(step -> root.get().trouble().isEmpty() && touch(requested));
    } catch (HangsException hangs) {
      return false;
    } catch (IOException | FetchFailure never) {
      throw new IllegalStateException(never);
    }
  }

  /** What is known of the root may be remembered by the kernel; a file it asks its server for. */
  private static boolean touch(Path file) {
    try {
      if (attributes(file).isRegularFile()) {
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS).close();
      }
      return true;
    } catch (IOException itsOwn) {
      return true;
    }
  }

  private RootThreads threads(FileRoot root) {
    return roots.get(root);
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
      return threads(root).run(step -> open(root, path, sha256, deadline, attempt, step));
    } catch (HangsException hangs) {
      throw blamed(root, path, hangs.getMessage());
    } catch (IOException never) {
      throw new IllegalStateException(never);
    }
  }

  /** On a thread of the root. */
  private LocalFile open(
      FileRoot root,
      Path path,
      Optional<ExpectedDigest> sha256,
      Deadline deadline,
      int attempt,
      Runnable step)
      throws FetchFailure, InterruptedException {
    try {
      Object key = root.key();
      LocalFile local = read(root, path, sha256, deadline, attempt, step);
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
      throw why != null && (NO_WAYS.contains(why) || why.contains(LOOP))
          ? FetchFailure.lasting(FetchReason.NOT_FOUND, path + " does not exist: " + why)
          : FetchFailure.passing(FetchReason.FETCH_FAILED, path + " cannot be read: " + why);
    }
  }

  private LocalFile read(
      FileRoot root,
      Path path,
      Optional<ExpectedDigest> sha256,
      Deadline deadline,
      int attempt,
      Runnable step)
      throws IOException, FetchFailure {
    Path real = path.toRealPath();
    step.run();
    if (!isHeld(root, real)) {
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
        sha256.get().check(digest(file, deadline, step));
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
      throw blamed(root, path, trouble.get());
    }
  }

  private static FetchFailure blamed(FileRoot root, Path path, String trouble) {
    return FetchFailure.ofOrigin(
        FetchReason.FETCH_FAILED, path + ": file root " + root.folder() + " " + trouble);
  }

  /** Others than its own root are not touched: one of them may hang. */
  private boolean isHeld(FileRoot own, Path real) throws IOException {
    return own.holds(real) || roots.keySet().stream().anyMatch(root -> root.led(real));
  }

  private String digest(FileChannel file, Deadline deadline, Runnable step)
      throws IOException, FetchFailure {
    MessageDigest digest = Sha256.start();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 18);
    long total = 0;
    while (file.read(buffer) >= 0) {
      step.run();
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

  @Override
  public void close() {
    roots.values().forEach(RootThreads::close);
  }

  private static FetchFailure forbidden(Path path, String why) {
    return FetchFailure.lasting(FetchReason.FORBIDDEN_PATH, path + " " + why);
  }
}
