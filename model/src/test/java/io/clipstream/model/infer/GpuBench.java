package io.clipstream.model.infer;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.kernels.KernelMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * {@code clipstream bench classify} for machines that have no place for the command line.
 * Arguments: model, kernel mode, seconds, batch sizes; or model, kernel mode, {@code endure},
 * batches.
 */
public final class GpuBench {
  private GpuBench() {}

  public static void main(String[] args) throws Exception {
    ModelArtifact artifact = ModelArtifact.open(Path.of(args[0]));
    KernelMode kernels = KernelMode.valueOf(args[1].toUpperCase(Locale.ROOT));
    if (args[2].equals("endure")) {
      ClassifyEndurance.measure(
          artifact,
          Device.gpu(),
          List.of(1, 4),
          kernels,
          Long.parseLong(args[3]),
          memory ->
              System.out.printf(
                  Locale.ROOT,
                  "%d batches: GPU %.1f MiB, process %.1f MiB%n",
                  memory.batches(),
                  memory.deviceBytes().orElseThrow() / 1048576.0,
                  memory.processBytes() / 1048576.0));
      return;
    }
    Duration time = Duration.ofSeconds(Long.parseLong(args[2]));
    for (String batch : Arrays.copyOfRange(args, 3, args.length)) { // each loaded alone
      ClassifyBenchmark.Report report =
          ClassifyBenchmark.measure(
              artifact, Device.gpu(), List.of(Integer.valueOf(batch)), kernels, time);
      System.out.println(report.form() + " " + report.results());
    }
  }
}
