package io.clipstream.streams.app;

import io.clipstream.model.FileProblem;
import io.clipstream.model.UserError;
import io.clipstream.streams.config.Folders;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where models lie on their way from the console's page to Kafka. They may be gigabytes, so that
 * those of processes that died are removed by the next one: a folder is named by its process.
 */
final class PublicationFolder {
  private static final Logger log = LoggerFactory.getLogger(PublicationFolder.class);
  private static final String PREFIX = "clipstream-publish-";

  private PublicationFolder() {}

  /**
   * Makes the folder of this process, empty, for its user alone.
   *
   * @param directory made if need be
   * @throws UserError if that is not possible
   */
  static Path make(Path directory) {
    try {
      Path real = Files.createDirectories(directory).toRealPath();
      try (DirectoryStream<Path> old = Files.newDirectoryStream(real, PREFIX + "*")) {
        for (Path folder : old) {
          if (isLeft(folder.getFileName().toString().substring(PREFIX.length()))) {
            log.info("Removing {}, left behind by a process that ended without closing", folder);
            Folders.delete(folder);
          }
        }
      }
      return Files.createDirectory(
          real.resolve(PREFIX + ProcessHandle.current().pid()),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new UserError(
          "models of the console have no folder in " + directory + ": " + FileProblem.line(e), e);
    }
  }

  /** Whether no other process that lives has this id; in a container each start has the same. */
  private static boolean isLeft(String process) {
    if (!process.matches("\\d{1,18}")) {
      return false;
    }
    long pid = Long.parseLong(process);
    return pid == ProcessHandle.current().pid() || ProcessHandle.of(pid).isEmpty();
  }
}
