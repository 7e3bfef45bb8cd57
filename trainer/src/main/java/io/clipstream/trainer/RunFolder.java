package io.clipstream.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.trainer.data.WholeFile;
import io.clipstream.trainer.loop.Checkpoints;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The folder of one run, locked while it is used: {@code run.json} says what the run is. */
public final class RunFolder implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Pattern DRAFT =
      Pattern.compile(
          "\\..*\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.(pt|part)|candidate\\.pt");

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
    RunFolder run = new RunFolder(folder, channel);
    try {
      run.tidy();
    } catch (Throwable e) {
      run.close();
      throw e;
    }
    return run;
  }

  /** Drafts of models stay where a process was killed while it wrote them. */
  private void tidy() throws IOException {
    try (DirectoryStream<Path> drafts =
        Files.newDirectoryStream(
            folder, file -> DRAFT.matcher(file.getFileName().toString()).matches())) {
      for (Path draft : drafts) {
        Files.deleteIfExists(draft);
      }
    }
  }

  /** A file or folder in it. */
  public Path file(String name) {
    return folder.resolve(name);
  }

  /**
   * Makes the folder this run's. A run that was begun here is gone on with as what it was begun as,
   * with more epochs if it is to have more.
   *
   * @param fresh whether to begin anew, whatever was trained here before
   * @return what the run is
   * @throws UserError if it is another run's, saying in what way
   */
  RunIdentity claim(RunIdentity identity, boolean fresh, Progress progress) throws IOException {
    Path file = file("run.json");
    Checkpoints checkpoints = new Checkpoints(folder);
    if (fresh) {
      if (Files.exists(file)) {
        progress.note("beginning anew in " + folder);
      }
      checkpoints.delete();
    } else {
      Optional<RunIdentity> before = read(file);
      if (before.isPresent()) {
        List<String> differences = identity.differences(before.get());
        if (!differences.isEmpty()) {
          throw new UserError(
              "%s holds another run: %s; begin anew with --fresh, or name another folder with -o"
                  .formatted(folder, String.join("; ", differences)));
        }
        RunIdentity now = identity.goingOnFrom(before.get());
        if (!now.equals(before.get())) {
          progress.note(
              "train.epochs was %d and is %d: the run goes on with the rates of the longer one"
                  .formatted(before.get().epochs(), now.epochs()));
          checkpoints.rename(before.get().digest(), now.digest(), progress);
          write(now);
        }
        return now;
      }
      if (checkpoints.exist()) { // which know whose they are
        String how = Files.exists(file) ? "damaged" : "gone";
        if (!checkpoints.run().equals(Optional.of(identity.digest()))) {
          throw new UserError(
              "%s is %s, and the checkpoint beside it is of another run, or damaged too; begin anew with --fresh"
                  .formatted(file, how));
        }
        progress.note("%s was %s; the checkpoint is of this run".formatted(file, how));
      }
    }
    write(identity);
    return identity;
  }

  private void write(RunIdentity identity) throws IOException {
    write("run.json", identity, JSON.writer());
  }

  /** Writes a file for people and programs, which whoever reads it finds whole. */
  public void write(String name, Object value) throws IOException {
    write(name, value, JSON.writerWithDefaultPrettyPrinter());
  }

  private void write(String name, Object value, ObjectWriter writer) throws IOException {
    WholeFile.write(file(name), writer.writeValueAsString(value));
  }

  /** Empty if it is not there, or damaged. */
  private static Optional<RunIdentity> read(Path file) {
    try {
      return Optional.ofNullable(JSON.readValue(file.toFile(), RunIdentity.class));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
