package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.streams.live.LiveVersions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code clipstream train} as a process that is asked to end. */
@Timeout(900)
class TrainStopIT {
  private static final int VIDEOS = 6;
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @TempDir Path folder;

  @Test
  void shouldEndAtOnceWithoutACrashWhenItIsAskedTo() throws Exception {
    for (int i = 0; i < VIDEOS; i++) {
      LiveVersions.video(video("dark", i), 60 + i);
      LiveVersions.video(video("bright", i), 250 + i);
    }
    Path log = folder.resolve("log");
    Path run = folder.resolve("run");
    ProcessBuilder train =
        new ProcessBuilder(
                Path.of("../clipstream").toRealPath().toString(),
                "train",
                "-c",
                recipe().toString(),
                "--data",
                folder.resolve("videos").toString(),
                "-o",
                run.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    train.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = train.start();
    try {
      await()
          .atMost(LIMIT)
          .until(() -> !process.isAlive() || Files.readString(log).contains("epoch 2"));
      assertThat(process.isAlive()).as(Files.readString(log)).isTrue();

      process.destroy(); // SIGTERM

      assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(log)).isEqualTo(EndAtOnce.CODE);
    assertThat(log)
        .content()
        // Not at its end: an epoch may be told at the same time.
        .contains("\nclipstream: stopped; the same command goes on from the last checkpoint\n");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("hs_err"));
    }
  }

  private Path video(String label, int number) throws IOException {
    return Files.createDirectories(folder.resolve("videos/" + label)).resolve(number + ".mp4");
  }

  private Path recipe() throws IOException {
    return Files.writeString(
        folder.resolve("long.properties"),
        TinyRecipe.KEYS
            + """
              model.name=long
              model.version=1
              train.initialisation=torchvision
              train.epochs=10000
              train.learning-rate=1e-3
              """);
  }
}
