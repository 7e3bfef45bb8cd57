package io.clipstream.streams.app;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A file system of its own in memory, where this user may mount one; it can be full for a while.
 */
final class SmallDisk implements AutoCloseable {
  private static final int LIMIT_SECONDS = 60;

  private final Path folder;
  private final boolean mounted;

  SmallDisk(Path folder, long bytes) throws IOException, InterruptedException {
    this.folder = Files.createDirectories(folder);
    this.mounted =
        run("mount", "-t", "tmpfs", "-o", "size=" + bytes, "tmpfs", folder.toString()) == 0;
  }

  /** Whether it can be full. */
  boolean isMounted() {
    return mounted;
  }

  Path folder() {
    return folder;
  }

  /** Takes all that is left of it. */
  void fill() throws IOException {
    byte[] block = new byte[1 << 16];
    try (OutputStream out = Files.newOutputStream(ballast())) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      if (!String.valueOf(full.getMessage()).contains("No space left")) {
        throw full;
      }
    }
  }

  void free() throws IOException {
    Files.deleteIfExists(ballast());
  }

  private Path ballast() {
    return folder.resolve("ballast");
  }

  @Override
  public void close() throws IOException, InterruptedException {
    if (mounted) {
      run("umount", "-l", folder.toString());
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(List.of(command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return -1;
    }
    return process.exitValue();
  }
}
