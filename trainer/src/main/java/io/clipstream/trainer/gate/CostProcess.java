package io.clipstream.trainer.gate;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.DeviceName;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.infer.Classifier;
import io.clipstream.model.infer.NetworkThread;
import io.clipstream.model.infer.TorchClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The process that {@link ModelCost} is measured in. */
final class CostProcess {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int RUNS = 9;

  private CostProcess() {}

  static ModelCost run(ModelArtifact artifact, Device device)
      throws IOException, InterruptedException {
    Path result = Files.createTempFile("clipstream-cost", ".json");
    Path said = Files.createTempFile("clipstream-cost", ".log");
    try {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx512m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  NetworkThread.OPTION,
                  "-cp",
                  System.getProperty("java.class.path"),
                  CostProcess.class.getName(),
                  artifact.path().toAbsolutePath().toString(),
                  DeviceName.of(device),
                  result.toString())
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
      int code;
      try {
        code = process.waitFor();
      } finally {
        process.destroyForcibly();
      }
      if (code != 0) {
        List<String> lines = Files.readAllLines(said);
        throw new IOException(
            "%s: the process that measures its cost ended with code %d: %s"
                .formatted(
                    artifact.path(), code, lines.isEmpty() ? "" : lines.get(lines.size() - 1)));
      }
      return JSON.readValue(result.toFile(), ModelCost.class);
    } finally {
      Files.deleteIfExists(result);
      Files.deleteIfExists(said);
    }
  }

  /**
   * Measures.
   *
   * @param args the artifact, the device and the file that takes the {@link ModelCost}
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    ModelArtifact artifact = ModelArtifact.open(Path.of(args[0]));
    JSON.writeValue(Path.of(args[2]).toFile(), measure(artifact, Device.fromName(args[1])));
    System.exit(0); // whatever threads the engine left
  }

  private static ModelCost measure(ModelArtifact artifact, Device device)
      throws IOException, InterruptedException {
    int clipBytes = artifact.manifest().clip().clipBytes();
    ClipBuffers buffers = new ClipBuffers(clipBytes, clipBytes);
    double[] millis = new double[RUNS];
    long onDevice = onDevice(device);
    try (Classifier classifier = TorchClassifier.load(artifact, device, List.of(1));
        Clip clip = buffers.take(new TimeRange(0, 1), 0)) {
      for (int run = 0; run < RUNS; run++) {
        long start = System.nanoTime();
        classifier.classify(List.of(clip));
        millis[run] = (System.nanoTime() - start) / 1e6;
      }
      Arrays.sort(millis);
      long bytes = mostResident(Files.size(artifact.path())) + onDevice(device) - onDevice;
      return new ModelCost(millis[RUNS / 2], bytes);
    }
  }

  /** Bytes that this process occupied at most. */
  private static long mostResident(long otherwise) throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return otherwise; // no Linux
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElse(otherwise);
  }

  private static long onDevice(Device device) {
    return device.isGpu() ? CudaUtils.getGpuMemory(device).getCommitted() : 0;
  }
}
