package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the launcher gives to Java, told by a stand-in for Java. */
@Timeout(300)
class LauncherTest {
  /** Tells its locale and arguments, and makes the archive that it is asked for. */
  private static final String JAVA =
      """
      #!/usr/bin/env bash
      for argument in "$@"; do
        case $argument in
          -XX:ArchiveClassesAtExit=*)
            echo "$*" > "${argument#*=}"
            exit
            ;;
        esac
      done
      echo "LC_ALL=${LC_ALL:-}"
      printf '%s\\n' "$@"
      """;

  @TempDir Path folder;
  private Path home;
  private Path app;
  private Path jdk;

  @BeforeEach
  void install() throws IOException {
    home = Files.createDirectory(folder.resolve("clipstream home"));
    Files.copy(Path.of("../clipstream"), home.resolve("clipstream"));
    executable(home.resolve("clipstream"));
    app = Files.createDirectories(home.resolve("streams-app/target/app"));
    Files.createFile(app.resolve("clipstream-streams-app.jar"));
    jdk = folder.resolve("jdk");
    executable(Files.writeString(bin("java"), JAVA));
    version("21.0.4");
  }

  /** What makes an archive behind a command would else write into a folder that is removed. */
  @AfterEach
  void awaitEnd() throws InterruptedException {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                Stream.of(17, 21, 24)
                    .noneMatch(
                        java ->
                            Files.exists(app.resolve("clipstream-%d.jsa.lock".formatted(java)))));
  }

  private Path bin(String name) throws IOException {
    return Files.createDirectories(jdk.resolve("bin")).resolve(name);
  }

  private void version(String version) throws IOException {
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
  }

  private static void executable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private record Ended(int code, List<String> out, String err) {}

  private Ended launch(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(home.resolve("clipstream").toString()));
    command.addAll(List.of(arguments));
    return start(environment, command);
  }

  private Ended start(Map<String, String> environment, List<String> command) throws Exception {
    File out = folder.resolve("out").toFile();
    File err = folder.resolve("err").toFile();
    ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out).redirectError(err);
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().remove("LANG");
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ended(
        process.exitValue(), Files.readAllLines(out.toPath()), Files.readString(err.toPath()));
  }

  private static void await(Path file) throws InterruptedException {
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> Files.exists(file));
  }

  @Test
  void shouldPassTheCommandOnAsItIs() throws Exception {
    Ended ended =
        launch(Map.of("CLIPSTREAM_JAVA_OPTS", "-Xmx3g -Da=b"), "predict", "a b.mp4", "*.mp4");

    assertThat(ended.code()).as(ended.err()).isZero();
    assertThat(ended.out())
        .contains("-Xmx3g", "-Da=b")
        .endsWith("io.clipstream.streams.cli.Clipstream", "predict", "a b.mp4", "*.mp4");
    assertThat(ended.err()).isEmpty();
  }

  /** A release has the schemas and the defaults to read, and nothing to build. */
  @Test
  void shouldNotLookForSourcesInARelease() throws Exception {
    app = Files.move(app, home.resolve("app"));
    Path schema = home.resolve("schemas/src/main/avro/VideoLabels.avsc");
    Files.writeString(Files.createDirectories(schema.getParent()).resolve("VideoLabels.avsc"), "");
    Files.setLastModifiedTime(schema, FileTime.from(Instant.now().plusSeconds(3600)));

    Ended ended = launch(Map.of(), "check");

    assertThat(ended.err()).isEmpty();
    assertThat(ended.code()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"<&-, 0", ">&-, 1"})
  void shouldLeaveNoPlaceOfAClosedStreamToTheFirstFileThatJavaOpens(String closed, int place)
      throws Exception {
    executable(
        Files.writeString(
            bin("java"),
            "#!/bin/sh\nfile=$(readlink /proc/$$/fd/" + place + ")\necho $file >&2\n"));

    Ended ended =
        start(
            Map.of(), List.of("bash", "-c", "exec '" + home.resolve("clipstream") + "' " + closed));

    assertThat(ended.err()).isEqualTo("/dev/null\n");
  }

  @Test
  void shouldReadNamesOfFilesAsUtf8InTheLocaleC() throws Exception {
    assertThat(launch(Map.of("LC_ALL", "C")).out()).contains("LC_ALL=C.UTF-8");
    assertThat(launch(Map.of("LC_ALL", "POSIX")).out()).contains("LC_ALL=C.UTF-8");
    assertThat(launch(Map.of("LC_ALL", "C.utf8")).out()).contains("LC_ALL=C.utf8");
  }

  @Test
  void shouldMakeAnArchiveOfClassesBehindTheFirstCommandAndUseItFromThenOn() throws Exception {
    Path archive = app.resolve("clipstream-21.jsa");

    assertThat(launch(Map.of(), "check").out()).noneMatch(option -> option.contains(".jsa"));
    await(archive);
    assertThat(Files.readString(archive).strip()).endsWith("Clipstream demo --exit --any-port");
    assertThat(launch(Map.of(), "check").out()).contains("-XX:SharedArchiveFile=" + archive);
  }

  @Test
  void shouldMakeTheArchiveAnewForOtherJars() throws Exception {
    Path archive = Files.writeString(app.resolve("clipstream-21.jsa"), "old");
    Files.setLastModifiedTime(archive, FileTime.from(Instant.now().minusSeconds(3600)));

    assertThat(launch(Map.of(), "check").out()).noneMatch(option -> option.contains(".jsa"));
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> !Files.readString(archive).equals("old"));
  }

  @Test
  void shouldMakeTheArchiveOnlyOnceAtATime() throws Exception {
    Path lock = Files.createDirectory(app.resolve("clipstream-21.jsa.lock"));

    Ended ended = launch(Map.of(), "check");

    Files.delete(lock); // it was there still
    assertThat(ended.code()).isZero();
    assertThat(app.resolve("clipstream-21.jsa.part")).doesNotExist();
  }

  @Test
  void shouldSayWhichJavaItNeeds() throws Exception {
    version("11.0.2");
    Ended old = launch(Map.of(), "check");
    assertThat(old.code()).isEqualTo(1);
    assertThat(old.err())
        .isEqualTo("clipstream: Java 11 found, expected 17 or newer: set JAVA_HOME\n");
    version("17.0.1");
    assertThat(launch(Map.of(), "check").out()).noneMatch(o -> o.contains("native-access"));
    version("24-ea");
    assertThat(launch(Map.of(), "check").out()).contains("--enable-native-access=ALL-UNNAMED");

    String nowhere = folder.resolve("nowhere").toString();
    assertThat(launch(Map.of("JAVA_HOME", nowhere), "check").err())
        .isEqualTo("clipstream: JAVA_HOME is " + nowhere + ", but there is no bin/java in it\n");
  }
}
