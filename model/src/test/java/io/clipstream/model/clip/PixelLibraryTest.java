package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PixelLibraryTest {
  private static final Path SOURCES = Path.of("src/main/pixels");

  /** What build.py would say, without its tools. */
  @Test
  void shouldBeBuiltFromTheSourcesThatAreHere() throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        sha256.update(Files.readAllBytes(file));
      }
    }

    try (InputStream in = PixelLibrary.class.getResourceAsStream(PixelLibrary.FILE)) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1))
          .as("the library's sources: build it again, %s/build.py", SOURCES)
          .contains(HexFormat.of().formatHex(sha256.digest()));
    }
  }

  /** Where the tools are: those of requirements.txt for the Python that the property names. */
  @Test
  void shouldBeWhatTheBuildGives() throws Exception {
    String python = System.getProperty("clipstream.native.python", "python3");
    Process build;
    try {
      build =
          new ProcessBuilder(python, SOURCES.resolve("build.py").toString(), "--check")
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "the library was not compared, there is no " + python);
      return;
    }
    String output = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = build.waitFor();
    assumeTrue(status != 3, "the library was not compared: " + output);
    assertThat(status).as(output).isZero();
  }

  /** On the processors that it is for it is used, and nothing else would say if it was not. */
  @Test
  void shouldBeLoadedWhereTheProcessorHasItsInstructions() throws Exception {
    Path processors = Path.of("/proc/cpuinfo");
    assumeTrue(Files.isReadable(processors) && System.getProperty("os.arch").equals("amd64"));
    List<String> lines = Files.readAllLines(processors);
    Ffmpeg.load();

    assertThat(PixelLibrary.isLoaded())
        .isEqualTo(lines.stream().anyMatch(line -> line.matches("flags.* avx2 .*")));
  }
}
