package io.clipstream.model.fetch;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A file system that never answers, mounted over a folder: whoever looks at it hangs in the kernel,
 * as with NFS whose server is away. Whoever hangs gets an error once it is closed, and the folder
 * is back. Needs Linux, Python, and a user who may mount.
 */
public final class HungMount implements AutoCloseable {
  /** Holds the kernel's end of a FUSE file system, and reads none of its requests. */
  private static final String SERVER =
      String.join(
          "\n",
          "import ctypes, os, sys",
          "device = os.open('/dev/fuse', os.O_RDWR)",
          "options = 'fd=%d,rootmode=40000,user_id=0,group_id=0' % device",
          "mount = ctypes.CDLL(None, use_errno=True).mount",
          "folder = os.fsencode(sys.argv[1])",
          "if mount(b'hung', folder, b'fuse', ctypes.c_ulong(0), options.encode()) != 0:",
          "    sys.exit(os.strerror(ctypes.get_errno()))",
          "print('mounted', flush=True)",
          "sys.stdin.read()");

  private final Path folder;
  private final Process server;

  private HungMount(Path folder, Process server) {
    this.folder = folder;
    this.server = server;
  }

  /** Mounts it, if that can be done here. */
  public static Optional<HungMount> over(Path folder) throws InterruptedException {
    Process server;
    try {
      server =
          new ProcessBuilder(List.of("python3", "-c", SERVER, folder.toString()))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException noPython) {
      return Optional.empty();
    }
    BufferedReader said = server.inputReader(StandardCharsets.UTF_8);
    try {
      if ("mounted".equals(said.readLine())) {
        return Optional.of(new HungMount(folder, server));
      }
    } catch (IOException ended) {
      // It may not mount.
    }
    server.destroyForcibly().waitFor();
    return Optional.empty();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    server.destroyForcibly().waitFor();
    Process umount = new ProcessBuilder("umount", "-l", folder.toString()).start();
    if (!umount.waitFor(60, TimeUnit.SECONDS) || umount.exitValue() != 0) {
      throw new IOException(folder + " is still mounted");
    }
  }
}
