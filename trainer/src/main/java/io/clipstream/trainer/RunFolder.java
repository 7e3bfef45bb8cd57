package io.clipstream.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.trainer.loop.Checkpoints;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** The folder of one run, locked while it is used: {@code run.json} says what the run is. */
public final class RunFolder implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final FileChannel lock;

  private RunFolder(Path folder, FileChannel lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /**
   * Locks a folder, made if need be, for this process.
   *
   * @throws UserError if another run uses it
   */
  public static RunFolder open(Path folder) throws IOException {
    Files.createDirectories(folder);
    FileChannel channel =
        FileChannel.open(
            folder.resolve("run.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock held = null;
    try {
      held = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // this process has it
    } finally {
      if (held == null) {
        channel.close();
      }
    }
    if (held == null) {
      throw new UserError(
          folder + " is used by another run; wait for its end, or name another folder with -o");
    }
    return new RunFolder(folder, channel);
  }

  /** A file or folder in it. */
  public Path file(String name) {
    return folder.resolve(name);
  }

  /**
   * Makes the folder this run's.
   *
   * @param fresh whether to begin anew, whatever was trained here before
   * @throws UserError if it is another run's, saying in what way
   */
  void claim(RunIdentity identity, boolean fresh, Progress progress) throws IOException {
    Path file = file("run.json");
    if (Files.exists(file) && !fresh) {
      RunIdentity before;
      try {
        before = JSON.readValue(file.toFile(), RunIdentity.class);
      } catch (IOException e) {
        throw new UserError(file + " is damaged; begin anew with --fresh", e);
      }
      List<String> differences = identity.differences(before);
      if (!differences.isEmpty()) {
        throw new UserError(
            "%s holds another run: %s; begin anew with --fresh, or name another folder with -o"
                .formatted(folder, String.join("; ", differences)));
      }
      return;
    }
    if (fresh && Files.exists(file)) {
      progress.note("beginning anew in " + folder);
    }
    new Checkpoints(folder).delete();
    Path part = file("run.json.part");
    JSON.writeValue(part.toFile(), identity);
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
