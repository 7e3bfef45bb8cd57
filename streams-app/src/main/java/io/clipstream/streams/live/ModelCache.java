package io.clipstream.streams.live;

import io.clipstream.model.FileProblem;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Model artifacts on disk, named by their SHA-256: kept between restarts, shared by the instances
 * of a host, bounded in size. All threads, any number of processes.
 *
 * <pre>
 * DIGEST.pt     whole; its bytes are hashed whenever it is handed out
 * DIGEST.part   on its way; the next download goes on where this one broke off
 * DIGEST.lock   held by the one process that downloads; an empty file, left there
 * DIGEST.UUID.loading   see LoadMarks
 * NAME.last     digest of the version of a model that served last
 * </pre>
 */
public final class ModelCache {
  private static final Logger log = LoggerFactory.getLogger(ModelCache.class);
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,199}");
  private static final Duration PART_LIFE = Duration.ofDays(7);

  /** A process may not take the lock of a file twice, so its threads queue before it. */
  private static final List<ReentrantLock> DOORS =
      Stream.generate(ReentrantLock::new).limit(16).toList();

  private final Path folder;
  private final long maxBytes;
  private volatile Set<String> kept = Set.of();

  /** Brings an artifact. */
  public interface Source {
    /**
     * Writes the artifact's bytes to a file that may hold the first of them already, from an
     * earlier download that broke off.
     *
     * @throws IOException if that fails; what was written stays for the next try
     */
    void download(Path partial) throws IOException, InterruptedException;
  }

  /**
   * @param folder made if missing
   * @param maxBytes of all whole artifacts together
   * @throws UserError if the folder cannot be used
   */
  public ModelCache(Path folder, long maxBytes) {
    this.maxBytes = maxBytes;
    try {
      this.folder = Files.createDirectories(folder).toRealPath();
    } catch (IOException e) {
      throw new UserError(
          "the model cache "
              + folder
              + " cannot be used: "
              + FileProblem.line(e)
              + "; name another folder with model.cache",
          e);
    }
  }

  Path folder() {
    return folder;
  }

  /** Artifacts that are never removed to make room: those that this process serves or may soon. */
  public void keep(Set<String> digests) {
    kept = Set.copyOf(digests);
  }

  /**
   * The artifact, if it is here and whole. One whose bytes have changed is removed.
   *
   * @param digest SHA-256, 64 lower-case hexadecimal digits
   */
  public Optional<Path> find(String digest) throws IOException {
    Path whole = whole(digest);
    String actual;
    try {
      actual = Sha256.of(whole);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    if (!actual.equals(digest)) {
      log.warn("{} has changed on disk and is removed: its SHA-256 is {}", whole, actual);
      Files.deleteIfExists(whole);
      return Optional.empty();
    }
    Files.setLastModifiedTime(whole, FileTime.from(Instant.now()));
    return Optional.of(whole);
  }

  /**
   * The artifact; downloads it if it is not here. While another process downloads the same one,
   * waits for that.
   *
   * @param digest SHA-256, 64 lower-case hexadecimal digits
   * @param bytes size of the artifact
   * @throws IOException if the download fails, if its bytes have another digest (they are removed),
   *     or if there is no room
   */
  public Path get(String digest, long bytes, Source source)
      throws IOException, InterruptedException {
    Optional<Path> found = find(digest);
    if (found.isPresent()) {
      return found.get();
    }
    Path lockFile = folder.resolve(digest + ".lock");
    ReentrantLock door = DOORS.get(Math.floorMod(lockFile.hashCode(), DOORS.size()));
    door.lockInterruptibly();
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      found = find(digest);
      return found.isPresent() ? found.get() : download(digest, bytes, source);
    } finally {
      door.unlock();
    }
  }

  private Path download(String digest, long bytes, Source source)
      throws IOException, InterruptedException {
    Path partial = folder.resolve(digest + ".part");
    if (!Files.exists(partial)) {
      Files.createFile(partial);
    }
    if (Files.size(partial) > bytes) {
      Files.write(partial, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
    }
    makeRoom(digest, bytes, bytes - Files.size(partial));
    source.download(partial);
    String actual = Sha256.of(partial);
    if (!actual.equals(digest)) {
      Files.delete(partial);
      throw new IOException("the artifact's SHA-256 is " + actual + ", expected " + digest);
    }
    try (FileChannel file = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      file.force(true);
    }
    return Files.move(partial, whole(digest), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Removes what was used longest ago until {@code bytes} fit, and downloads given up long ago. */
  private void makeRoom(String digest, long bytes, long missing) throws IOException {
    if (bytes > maxBytes) {
      throw new IOException(
          "the artifact has " + bytes + " bytes, the model cache takes " + maxBytes);
    }
    record Entry(Path path, long size, FileTime used) {}
    List<Entry> whole = new ArrayList<>();
    FileTime old = FileTime.from(Instant.now().minus(PART_LIFE));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.{pt,part}")) {
      for (Path file : files) {
        FileTime used = Files.getLastModifiedTime(file);
        if (file.toString().endsWith(".pt")) {
          whole.add(new Entry(file, Files.size(file), used));
        } else if (used.compareTo(old) < 0 && !file.equals(folder.resolve(digest + ".part"))) {
          Files.deleteIfExists(file);
        }
      }
    }
    long total = whole.stream().mapToLong(Entry::size).sum();
    whole.sort(Comparator.comparing(Entry::used));
    Set<String> needed = kept;
    for (Entry entry : whole) {
      String name = entry.path().getFileName().toString();
      if (total + bytes <= maxBytes) {
        break;
      }
      if (!needed.contains(name.substring(0, name.length() - ".pt".length()))) {
        Files.deleteIfExists(entry.path());
        total -= entry.size();
      }
    }
    if (total + bytes > maxBytes) {
      throw new IOException(
          "the model cache takes "
              + maxBytes
              + " bytes, of which "
              + total
              + " are in use; the artifact has "
              + bytes);
    }
    long free = Files.getFileStore(folder).getUsableSpace();
    if (missing > free) {
      throw new IOException(
          "the disk of the model cache has " + free + " bytes left, the artifact needs " + missing);
    }
  }

  /** Notes that this version of a model serves. */
  public void remember(String model, String digest) throws IOException {
    Path next = Files.createTempFile(folder, "last", ".new");
    Files.writeString(next, digest);
    Files.move(next, last(model), StandardCopyOption.ATOMIC_MOVE);
  }

  /** The version of a model that served last, if it is still here and whole. */
  public Optional<Path> lastGood(String model) throws IOException {
    String digest;
    try {
      digest = Files.readString(last(model)).strip();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    return DIGEST.matcher(digest).matches() ? find(digest) : Optional.empty();
  }

  private Path whole(String digest) {
    if (!DIGEST.matcher(digest).matches()) {
      throw new IllegalArgumentException("digest is '" + digest + "', expected a SHA-256 in hex");
    }
    return folder.resolve(digest + ".pt");
  }

  private Path last(String model) {
    if (!NAME.matcher(model).matches()) {
      throw new IllegalArgumentException("model is '" + model + "', expected a model's name");
    }
    return folder.resolve(model + ".last");
  }
}
