package io.clipstream.streams.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A Java process of a test, which ends by itself when the test's process does. */
final class ServerProcess {
  /** For the options: a process that is up sooner, and not as fast in the long run. */
  static final String QUICK_START = "-XX:TieredStopAtLevel=1";

  private static final long LIMIT = TimeUnit.MINUTES.toNanos(3);

  private static final int LINES = 60;

  private final Process process;
  private final Path log;

  /**
   * @param jvm options
   * @param log gets what it prints
   */
  ServerProcess(Class<?> main, List<String> jvm, List<String> args, Path log) throws IOException {
    this.log = log;
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvm);
    command.add("-XX:+UseSerialGC");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(args);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("OMP_NUM_THREADS", "1");
    builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    // Else the C library keeps freed blocks in an arena of each of many threads.
    builder.environment().put("MALLOC_ARENA_MAX", "2");
    process = builder.start();
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Asks for something: what the process does with a byte is its own. */
  void ask(int request) throws IOException {
    process.getOutputStream().write(request);
    process.getOutputStream().flush();
  }

  /** Waits until it has written a file with {@link #answer}. */
  String await(Path file) throws IOException {
    long end = System.nanoTime() + LIMIT;
    while (!Files.exists(file)) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException(
            file
                + " was not written by a process that "
                + (isAlive() ? "lives" : "ended with status " + process.exitValue())
                + ", which printed at last:\n"
                + lastLines());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    return Files.readString(file);
  }

  private String lastLines() throws IOException {
    List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - LINES), lines.size()));
  }

  /** By SIGSTOP: it does nothing from now on, as if its machine had stopped. */
  void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  void thaw() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start();
    if (kill.waitFor() != 0 && process.isAlive()) {
      throw new IOException("SIG" + name + " could not be sent to " + pid());
    }
  }

  /** By SIGKILL. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** By SIGTERM. */
  void stop() {
    process.destroy();
    process.onExit().join();
  }

  /** Of the process itself: a file that is there is whole. */
  static void answer(Path file, Object text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(next, text.toString(), StandardCharsets.UTF_8);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
