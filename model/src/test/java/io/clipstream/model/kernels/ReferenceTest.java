package io.clipstream.model.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The references that kernels are held to, and their checks, without a GPU. */
class ReferenceTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 98 2 3 2 4 1 | 4e-3", // attention: the reference leaves out what is masked, as it may
        "0 17 1 2 1 3 30 | 4e-3",
        "1 87 | 4e-3",
        "2 96 3 2 5 | 1e-9",
        "3 96 3 2 5 2 3 | 1e-9",
        "5 12 96 40 | 1e-9",
        "4 2 13 50 43 4 3 3 | 1e-9",
      })
  void shouldBeWhatTheChecksExpect(String numbers, float most) throws Exception {
    Path file = folder.resolve("checks.pt");
    String checks = Scripts.resource("operator_checks.py.txt");
    Scripts.write(
        file,
        Scripts.references() + checks.replace("ops.clipstream.", "__torch__."),
        Scripts.resource("operator_checks_forward.py.txt"));
    long[] call = Arrays.stream(numbers.split(" ")).mapToLong(Long::parseLong).toArray();

    for (float distance : Scripts.run(file, Device.cpu(), call)) {
      assertThat(distance).isLessThan(most);
    }
  }
}
