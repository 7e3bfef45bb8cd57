package io.clipstream.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** JVMs that are started beside this one, for what may take its process with it. */
public final class ChildJvm {
  private static final Path PROC = Path.of("/proc");

  private ChildJvm() {}

  /** Starts {@code main} with this JVM's program and class path. */
  public static ProcessBuilder of(List<String> options, Class<?> main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command);
  }

  /** Where memory runs out, the system ends this process first. */
  public static void sacrifice(Process process) {
    try {
      Files.writeString(
          PROC.resolve(process.pid() + "/oom_score_adj"), "1000", StandardOpenOption.WRITE);
    } catch (IOException e) {
      return; // no Linux, or it has ended
    }
  }
}
