package io.clipstream.model.fetch;

import io.clipstream.model.FileProblem;
import io.clipstream.model.SessionFolder;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/**
 * Where downloads lie, and how much room they may take together. Every fetcher has a {@link
 * SessionFolder} of its own inside the directory. All threads.
 */
final class WorkDirectory implements AutoCloseable {
  private static final String SESSION = "clipstream-fetch-";

  /** Room is counted in units of this many bytes, since a semaphore counts in int. */
  private static final int UNIT = 1 << 16;

  private final SessionFolder session;
  private final Semaphore room;
  private final int units;

  WorkDirectory(Path directory, long maxBytes) {
    this.units = (int) Math.min(Integer.MAX_VALUE, units(maxBytes));
    this.room = new Semaphore(units);
    try {
      this.session = new SessionFolder(directory, SESSION);
    } catch (FileAlreadyExistsException notAFolder) {
      throw new FetchSystemException(
          "work directory " + directory + " is a file; a folder is needed", notAFolder);
    } catch (IOException broken) {
      throw new FetchSystemException(
          "work directory "
              + directory
              + " cannot be used: "
              + FileProblem.line(broken)
              + "; name another with pipeline.work-directory",
          broken);
    }
  }

  Path session() {
    return session.path();
  }

  /** The name of a file that does not exist yet. */
  Path newFile() {
    return session.newFile();
  }

  /** Takes this much room if it is there now. */
  boolean tryTake(long bytes) {
    return room.tryAcquire(boundedUnits(bytes));
  }

  /** Gives room back, so that {@code held} bytes become {@code kept}. */
  void giveBack(long held, long kept) {
    room.release(boundedUnits(held) - boundedUnits(kept));
  }

  /** Bytes nobody holds, in whole units. */
  long free() {
    return (long) room.availablePermits() * UNIT;
  }

  /** Removes the session folder and whatever was not closed. */
  @Override
  public void close() {
    session.close();
  }

  private int boundedUnits(long bytes) {
    return (int) Math.min(units, units(bytes));
  }

  private static long units(long bytes) {
    return bytes / UNIT + (bytes % UNIT == 0 ? 0 : 1);
  }
}
