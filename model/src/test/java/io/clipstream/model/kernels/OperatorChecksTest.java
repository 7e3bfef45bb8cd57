package io.clipstream.model.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What operators refuse, on a CPU: that tensors are not on a GPU is what they look at last. */
class OperatorChecksTest {
  @TempDir Path folder;

  @BeforeAll
  static void loadLibrary() throws Exception {
    KernelLibrary.load();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "patches(clips(2, 8, 28, 28, 3), 4, 7, 7) | clips is not on a GPU",
        "patches(torch.to(clips(2, 8, 28, 28, 3), 6), 4, 7, 7)"
            + " | clips is float32, expected uint8",
        "patches(torch.to(clips(2, 8, 28, 28, 3), 4), 4, 7, 7) | clips is int64, expected uint8",
        "patches(torch.select(clips(2, 8, 28, 28, 3), 0, 0), 4, 7, 7)"
            + " | clips has 4 axes, expected 5",
        "patches(torch.transpose(clips(2, 8, 28, 28, 3), 2, 3), 4, 7, 7) | clips is not contiguous",
        "patches(clips(2, 8, 28, 28, 4), 4, 7, 7) | clips has size 4 along axis 4, expected 3",
        "patches(clips(0, 8, 28, 28, 3), 4, 7, 7) | clips has no elements",
        "patches(clips(2, 8, 28, 28, 3), 0, 7, 7) | a window's size is 0, expected 1 to 64",
        "norm(rows(12, 96), none(), none(), none(), 3, 2) | x is not on a GPU",
        "norm(torch.to(rows(12, 96), 3), none(), none(), none(), 3, 2)"
            + " | x is int32, expected bfloat16",
        "norm(rows(12, 100), none(), none(), none(), 3, 2)"
            + " | x has 100 channels, expected a multiple of 8, at most 1536",
        "norm(rows(12, 1544), none(), none(), none(), 3, 2)"
            + " | x has 1544 channels, expected a multiple of 8, at most 1536",
        "norm(rows(13, 96), none(), none(), none(), 3, 2)"
            + " | x has 13 rows, expected a multiple of n * length, 6, at most 134217728",
        "norm(rows(12, 96), none(), none(), none(), -3, 2) | n is -3, expected 1 to 134217728",
        "norm(torch.slice(torch.view(rows(13, 96), [-1]), 0, 8), none(), none(), none(), 3, 2)"
            + " | x has 1 axes, expected 2",
        "norm(torch.view(torch.slice(torch.view(rows(13, 96), [-1]), 0, 4, 100), [1, 96]), none(),"
            + " none(), none(), 1, 1) | x does not begin at a multiple of 16 bytes",
        "norm(rows(12, 96), vector(96), none(), none(), 3, 2)"
            + " | weight and bias are not both there",
        "norm(rows(12, 96), vector(88), vector(88), none(), 3, 2)"
            + " | weight has 88 elements, expected 96",
        "norm(rows(12, 96), none(), none(), torch.view(vector(6), [3, 1, 2, 1]), 3, 2)"
            + " | valid has 6 elements, expected 4",
        "add(rows(12, 96), rows(6, 96), none(), 3, 2) | y has size 6 along axis 0, expected 12",
        "add(rows(12, 96), rows(12, 88), none(), 3, 2) | y has size 88 along axis 1, expected 96",
        "add(rows(12, 96), none(), none(), 3, 2) | y has no elements",
        "add(rows(12, 96), rows(12, 96), indices(3, 2), 3, 2)"
            + " | rows has 6 elements, expected 4",
        "add(rows(12, 96), rows(12, 96), indices(4, 1), 3, 2)"
            + " | rows has size 1 along axis 1, expected 2",
        "add(rows(12, 96), rows(12, 96), torch.to(indices(2, 2), 3), 3, 2)"
            + " | rows is int32, expected int64",
        "add(rows(12, 96), rows(12, 96), indices(2, 2), 3, 2) | x is not on a GPU",
        "merge_norm(rows(12, 96), rows(12, 96), indices(2, 8), none(), 3, 2) | x is not on a GPU",
        "merge_norm(rows(12, 96), rows(12, 96), indices(2, 6), none(), 3, 2)"
            + " | rows has 6 columns, expected a multiple of 4",
        "merge_norm(rows(12, 776), rows(12, 776), indices(2, 8), none(), 3, 2)"
            + " | x has 776 channels, expected a multiple of 8, at most 768",
        "merge_norm(rows(12, 96), rows(12, 96), indices(2, 8), torch.view(vector(4), [2, 1, 2, 1]),"
            + " 3, 2) | valid has 4 elements, expected 16",
        "linear(rows(12, 96), rows(40, 96), vector(40), False) | x is not on a GPU",
        "linear(rows(12, 96), rows(40, 88), vector(40), False)"
            + " | weight has size 88 along axis 1, expected 96",
        "linear(rows(12, 96), rows(40, 96), vector(48), True)"
            + " | bias has size 48 along axis 0, expected 40",
        "linear(rows(12, 96), rows(40, 96), none(), True) | bias has no elements",
        "linear(rows(12, 96), rows(41, 96), vector(41), True)"
            + " | [12, 96] to 41 channels, expected multiples of 8 channels and at most 134217728"
            + " rows",
        "attention(rows(102, 96), 1, 2, 3, 17) | qkv is not on a GPU",
        "attention(rows(102, 64), 1, 2, 3, 17) | qkv has 64 channels, expected a multiple of 96",
        "attention(rows(101, 96), 1, 2, 3, 17)"
            + " | qkv has 101 rows, expected a multiple of n * length, 51, at most 134217728",
        "attention(rows(102, 192), 1, 2, 3, 17) | bias has size 1 along axis 1, expected 2",
        "attention(rows(102, 96), 1, 3, 3, 17) | kinds has size 3 along axis 0, expected 2",
        "attention(rows(102, 96), 1, 2, 3, 34) | bias has size 2 along axis 2, expected 3",
      })
  void shouldRefuse(String call, String message) throws Exception {
    Path file = folder.resolve("call.pt");
    Scripts.write(
        file,
        Scripts.resource("operator_arguments.py.txt"),
        "return torch.to(__torch__.%s, 6)"
            .formatted(call.replaceAll("(clips|rows|vector|none|indices)\\(", "__torch__.$1("))
            .replaceFirst("__torch__.(patches|norm|merge_norm|linear)\\(", "ops.clipstream.$1("));

    assertThatThrownBy(() -> Scripts.run(file, Device.cpu(), 0))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(
            "clipstream::%s: %s\n"
                .formatted(
                    call.substring(0, call.indexOf('('))
                        .replaceFirst("^add$", "add_norm")
                        .replaceFirst("^attention$", "window_attention"),
                    message));
  }

  /** Of many failing calls each must have freed what it was given. */
  @Test
  void shouldLeakNothingWhenItRefuses() throws Exception {
    Path file = folder.resolve("call.pt");
    Scripts.write(
        file,
        Scripts.resource("operator_arguments.py.txt"),
        "return torch.to(ops.clipstream.norm(torch.zeros([1 << 22, 8], dtype=15),"
            + " __torch__.none(), __torch__.none(), __torch__.none(), 3, 2), 6)");
    long before = 0;
    for (int i = 0; i < 60; i++) { // 64 MiB each
      assertThatThrownBy(() -> Scripts.run(file, Device.cpu(), 0))
          .isInstanceOf(EngineException.class);
      before = i == 9 ? residentMebibytes() : before;
    }
    assertThat(residentMebibytes() - before).isLessThan(1000);
  }

  private static long residentMebibytes() throws Exception {
    try (var lines = java.nio.file.Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("RssAnon:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
          .findFirst()
          .orElseThrow();
    }
  }
}
