package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class WorkDirectoryTest {
  @TempDir Path folder;

  @Test
  void shouldSweepWhatACrashedProcessLeftAndSpareThoseThatLive() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Xmx64m",
                Holder.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Path left;
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8))) {
      String line = said.readLine();
      while (line != null && !line.startsWith("SESSION ")) {
        line = said.readLine();
      }
      left = Path.of(line.substring("SESSION ".length()));
      try (WorkDirectory mine = new WorkDirectory(folder, 1000)) {
        assertThat(left.resolve("video-1")).exists();
        assertThat(mine.session()).isNotEqualTo(left);
      }
    } finally {
      other.destroyForcibly();
    }
    assertThat(other.waitFor(20, TimeUnit.SECONDS)).isTrue();

    try (WorkDirectory mine = new WorkDirectory(folder, 1000)) {
      assertThat(left).doesNotExist();
      assertThat(mine.session()).exists();
    }
  }

  @Test
  void shouldSpareOtherFetchersOfThisProcessAndFilesOfOthers() throws Exception {
    Path foreign = Files.writeString(folder.resolve("notes.txt"), "mine");
    Path lookalike = Files.createDirectory(folder.resolve("clipstream-fetch-notes"));
    Path inside = Files.writeString(lookalike.resolve("thesis.txt"), "mine");
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path target = Files.writeString(elsewhere.resolve("video-1"), "mine");
    String name = "clipstream-fetch-00000000-0000-4000-8000-00000000000";
    Files.createSymbolicLink(folder.resolve(name + "1"), elsewhere);
    Path occupied = Files.createDirectory(folder.resolve(name + "2"));
    Path guest = Files.writeString(occupied.resolve("thesis.txt"), "mine");

    WorkDirectory first = new WorkDirectory(folder, 1000);
    Path video = Files.writeString(first.newFile(), "x");
    try (WorkDirectory second = new WorkDirectory(folder, 1000)) {
      assertThat(second.session()).isNotEqualTo(first.session());
    }

    assertThat(video).exists();
    first.close();
    assertThat(first.session()).doesNotExist();
    assertThat(foreign).hasContent("mine");
    assertThat(inside).hasContent("mine");
    assertThat(guest).hasContent("mine");
    assertThat(target).hasContent("mine");
  }

  @Test
  void shouldKeepDownloadsToTheirOwner() throws Exception {
    try (WorkDirectory work = new WorkDirectory(folder, 1000)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(work.session())))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void shouldBoundTheRoomOfAllDownloads() throws Exception {
    try (WorkDirectory work = new WorkDirectory(folder, 1 << 20)) {
      assertThat(work.tryTake(700_000)).isTrue();
      assertThat(work.tryTake(700_000)).isFalse();
      work.giveBack(700_000, 100_000);
      assertThat(work.tryTake(700_000)).isTrue();
      work.giveBack(700_000, 0);
      work.giveBack(100_000, 0);
      assertThat(work.free()).isEqualTo(1 << 20);
      assertThat(work.tryTake(1 << 20)).isTrue();
    }
  }

  @Test
  void shouldSayWhenTheDirectoryIsAFile() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x");

    assertThatThrownBy(() -> new WorkDirectory(file, 1000))
        .isInstanceOf(FetchSystemException.class)
        .hasMessage("work directory " + file + " is a file; a folder is needed");
  }

  /** Holds a session with one download until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      WorkDirectory work = new WorkDirectory(Path.of(args[0]), 1000);
      Files.writeString(work.newFile(), "half a video");
      System.out.println("SESSION " + work.session());
      System.out.flush();
      // Until the test kills this process or ends itself.
      while (System.in.read() >= 0) {}
    }
  }
}
