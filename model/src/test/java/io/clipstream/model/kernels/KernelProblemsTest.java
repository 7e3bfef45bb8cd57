package io.clipstream.model.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clipstream.model.ChildJvm;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the library says of GPUs that it cannot use. CUDA's and PyTorch's libraries for GPUs are
 * stood in for by ones whose functions do nothing, each set of them in a JVM of its own.
 */
@Timeout(300)
class KernelProblemsTest {
  private static final Path SOURCES = Path.of("src/main/native");

  /** Three devices: Turing's compute capability, the oldest that will do, and one short of room. */
  private static final String DEVICES =
      """
      int cuDeviceGet(int* device, int number) { *device = number; return 0; }
      int cuDeviceGetAttribute(int* value, int attribute, int device) {
        static const int major[] = {7, 8, 8}, minor[] = {5, 0, 0}, shared[] = {65536, 166912, 1024};
        *value = attribute == 75 ? major[device] : attribute == 76 ? minor[device]
            : attribute == 97 ? shared[device] : 1;
        return 0;
      }
      """;

  @TempDir Path folder;

  @Test
  void shouldRefuseGpusBelowComputeCapability8() throws Exception {
    String problem = "the GPU has compute capability 7.5, expected 8.0 or newer";
    assertThat(
            answers(
                driver(""),
                torch(""),
                cublas("12", ""),
                "serving 0",
                "learning 0",
                "serving 1",
                "learning 1"))
        .containsExactly(problem, problem, "none", "none");
  }

  @Test
  void shouldRefuseWindowsThatDoNotFitIntoTheGpu() throws Exception {
    assertThat(answers(driver(""), torch(""), cublas("12", ""), "serving 2", "learning 2"))
        .hasSize(2)
        .allMatch(
            problem ->
                problem.matches(
                    "a window of 32 tokens takes \\d+ bytes of shared memory, the GPU has 1024"));
  }

  @Test
  void shouldNameTheLibraryAndTheFunctionThatAreMissing() throws Exception {
    assertThat(
            answers(
                driver("cuLaunchKernel"),
                "serving 1",
                "learning 1",
                torch(""),
                "serving 1",
                "learning 1"))
        .containsExactly(
            "this PyTorch is without CUDA: libtorch_cuda.so is not loaded",
            "this PyTorch is without CUDA: libtorch_cuda.so is not loaded",
            "libcuda.so.1 has no cuLaunchKernel",
            "libcuda.so.1 has no cuLaunchKernel");
    String stream = "aoti_torch_get_current_cuda_stream";
    assertThat(answers(driver(""), torch(stream), "serving 1", "learning 1"))
        .containsExactly("libtorch_cuda.so has no " + stream, "libtorch_cuda.so has no " + stream);
    assertThat(
            answers(
                driver(""), torch(""), "serving 1", cublas("13", "cublasLtMatmul"), "serving 1"))
        .containsExactly(
            "this PyTorch has loaded no libcublasLt of CUDA 12 or 13",
            "libcublasLt has no cublasLtMatmul");
  }

  /** Neither into the user's cache, whose folder is a file, nor into the folder for temporaries. */
  @Test
  void shouldSayThatTheLibraryCannotBeUnpacked() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    ProcessBuilder builder =
        ChildJvm.of(
            List.of("-Xmx256m", "-Djava.io.tmpdir=" + folder.resolve("none")),
            Questions.class,
            List.of("serving 0", "learning 0"));
    builder.environment().put("XDG_CACHE_HOME", file.toString());

    assertThat(answers(builder))
        .hasSize(2)
        .allMatch(problem -> problem.startsWith("the library cannot be unpacked: java.nio.file."));
  }

  private static List<String> answers(String... steps) throws Exception {
    return answers(ChildJvm.of(List.of("-Xmx256m"), Questions.class, List.of(steps)));
  }

  private static List<String> answers(ProcessBuilder builder) throws Exception {
    Process process = builder.redirectError(Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output
        .lines()
        .filter(line -> line.startsWith(Questions.ANSWER))
        .map(line -> line.substring(Questions.ANSWER.length()))
        .toList();
  }

  private String driver(String without) throws Exception {
    return build("libcuda.so.1", DEVICES + functions("driver.c", "driver, \"(cu\\w+)", without));
  }

  private String torch(String without) throws Exception {
    return build("libtorch_cuda.so", functions("driver.c", "torch, \"(aoti\\w+)", without));
  }

  private String cublas(String version, String without) throws Exception {
    return build(
        "libcublasLt.so." + version, functions("matrix.c", "\\{\"(cublasLt\\w+)", without));
  }

  /** All that a source of the library looks for, but those of the devices and the one named. */
  private static String functions(String source, String pattern, String without)
      throws IOException {
    return Pattern.compile(pattern)
        .matcher(Files.readString(SOURCES.resolve(source)))
        .results()
        .map(match -> match.group(1))
        .filter(name -> !name.startsWith("cuDeviceGet") && !name.equals(without))
        .map("int %s(void) { return 0; }\n"::formatted)
        .collect(Collectors.joining());
  }

  private String build(String name, String source) throws Exception {
    Path file = Files.writeString(Files.createTempFile(folder, "library", ".c"), source);
    String library = file.toString().replace(".c", ".so");
    Process compiler;
    try {
      compiler =
          new ProcessBuilder(
                  "cc", "-shared", "-fPIC", "-Wl,-soname," + name, "-o", library, file.toString())
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "nothing stands in for CUDA, there is no C compiler: " + e.getMessage());
      throw e;
    }
    String output = new String(compiler.getInputStream().readAllBytes(), UTF_8);
    assertThat(compiler.waitFor()).as(output).isZero();
    return library;
  }

  /** In a JVM of its own: loads the libraries and answers the questions among its arguments. */
  static final class Questions {
    static final String ANSWER = "ANSWER ";

    private Questions() {}

    /**
     * Takes libraries' files, and {@code serving} or {@code learning} with the number of a device,
     * of which it prints what is missing there.
     */
    public static void main(String[] steps) {
      for (String step : steps) {
        if (step.startsWith("/")) {
          System.load(step);
        } else {
          int device = Integer.parseInt(step.split(" ")[1]);
          System.out.println(ANSWER + problem(step.startsWith("serving"), device));
        }
      }
    }

    /** With windows of (2, 4, 4). */
    private static String problem(boolean serving, int device) {
      try {
        KernelLibrary library = KernelLibrary.load();
        if (serving) {
          library.prepare(device, 32);
        } else {
          library.prepareLearning(device, 32, 3 * 7 * 7);
        }
        return "none";
      } catch (KernelsUnavailableException e) {
        return e.getMessage();
      }
    }
  }
}
