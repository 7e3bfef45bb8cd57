package io.clipstream.model.fetch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The disk of the work directory, so that a full one is tested without filling one. */
interface Disk {
  Disk SYSTEM =
      new Disk() {
        @Override
        public FileChannel create(Path file) throws IOException {
          return FileChannel.open(
              file,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
        }

        @Override
        public long free(Path folder) throws IOException {
          return Files.getFileStore(folder).getUsableSpace();
        }
      };

  /** A new file, for reading and writing. */
  FileChannel create(Path file) throws IOException;

  /** Bytes that this user may still write there. */
  long free(Path folder) throws IOException;

  /** Whether there was no room: on the disk, for this user, or for another file. */
  static boolean isFull(IOException error) {
    String why =
        error instanceof FileSystemException named ? named.getReason() : error.getMessage();
    return why != null
        && (why.contains("No space left on device") || why.contains("Disk quota exceeded"));
  }
}
