package io.clipstream.model.kernels;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clipstream.model.PrivateFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelLibraryTest {
  private static final Path SOURCES = Path.of("src/main/native");

  @TempDir Path folder;

  /** What build.py would say, without its tools. */
  @Test
  void shouldBeBuiltFromTheSourcesThatAreHere() throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        sha256.update(Files.readAllBytes(file));
      }
    }

    assertThat(KernelLibrary.load().sources())
        .as("the library's sources: build it again, model/src/main/native/build.py")
        .isEqualTo(HexFormat.of().formatHex(sha256.digest()));
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
    String output = new String(build.getInputStream().readAllBytes());
    int status = build.waitFor();
    assumeTrue(status != 3, "the library was not compared: " + output);
    assertThat(status).as(output).isZero();
  }

  @Test
  void shouldSayWhatIsMissingForTheKernels() {
    // PyTorch's build for CPUs, with or without a driver beside it.
    assertThatThrownBy(() -> KernelLibrary.load().prepare(0, 392))
        .isInstanceOf(KernelsUnavailableException.class)
        .hasMessageMatching(
            "CUDA's driver is not there: .*"
                + "|this PyTorch is without CUDA: libtorch_cuda.so is not loaded");
    assertThatThrownBy(() -> KernelLibrary.load().prepare(64, 392))
        .hasMessage("the device is 64, expected 0 to 63");
  }

  @Test
  void shouldNameThePlatformThatItIsNotThereFor() {
    assertThatThrownBy(() -> KernelLibrary.load("Mac OS X", "aarch64"))
        .hasMessage("there are no kernels for mac os x on aarch64");
    assertThatThrownBy(() -> KernelLibrary.load("Linux", "aarch64"))
        .hasMessage("there are no kernels for linux on aarch64");
  }

  @Test
  void shouldSayWhyALibraryDoesNotLoad() throws Exception {
    PrivateFolder cache = PrivateFolder.of(folder.resolve("cache"));

    assertThatThrownBy(() -> KernelLibrary.load(cache, new byte[] {1, 2, 3}))
        .isInstanceOf(KernelsUnavailableException.class)
        .hasMessageStartingWith("the library cannot be loaded: ")
        .hasMessageContaining("file too short");
  }

  /** Of a PyTorch that is older than what the library calls. */
  @Test
  void shouldNameTheFunctionThatPyTorchDoesNotHave() throws Exception {
    String library = new String(library(), ISO_8859_1);
    byte[] other =
        library.replace("\0aoti_torch_check\0", "\0aoti_torch_chick\0").getBytes(ISO_8859_1);
    PrivateFolder cache = PrivateFolder.of(folder.resolve("cache"));

    assertThatThrownBy(() -> KernelLibrary.load(cache, other))
        .isInstanceOf(KernelsUnavailableException.class)
        .hasMessageStartingWith("the library cannot be loaded: ")
        .hasMessageEndingWith("undefined symbol: aoti_torch_chick");
  }

  /** Which are there already when the library is loaded a second time, from another file. */
  @Test
  void shouldNameTheOperatorThatPyTorchRefuses() throws Exception {
    KernelLibrary.load();
    byte[] library = library();
    KernelLibrary again =
        KernelLibrary.load(
            PrivateFolder.of(folder.resolve("cache")), Arrays.copyOf(library, library.length + 1));

    assertThatThrownBy(() -> again.prepare(0, 392))
        .isInstanceOf(KernelsUnavailableException.class)
        .hasMessage("PyTorch refuses the operator patches");
    assertThatThrownBy(() -> again.prepareLearning(0, 392, 2535))
        .hasMessage("PyTorch refuses the operator patches");
  }

  private static byte[] library() throws IOException {
    try (InputStream in =
        KernelLibrary.class.getResourceAsStream("linux-x86_64/libclipstream_kernels.so")) {
      return in.readAllBytes();
    }
  }

  @Test
  void shouldKeepTheSourcesListOfTheBuildWhole() throws Exception {
    String build = Files.readString(SOURCES.resolve("build.py"));
    try (Stream<Path> files = Files.list(SOURCES)) {
      List<String> names = files.map(file -> file.getFileName().toString()).toList();
      assertThat(names).allMatch(name -> build.contains('"' + name + '"'));
    }
  }
}
