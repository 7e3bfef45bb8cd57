package io.clipstream.model.infer;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.kernels.KernelMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** Memory in use over many batches through {@link TorchClassifier}. */
public final class ClassifyEndurance {
  /**
   * Memory in use.
   *
   * @param batches that were classified before
   * @param processBytes resident memory of this process that is no file's: heap, native, buffers
   * @param deviceBytes in use on the GPU, by whatever process; empty for a CPU
   */
  public record Memory(long batches, long processBytes, OptionalLong deviceBytes) {}

  private ClassifyEndurance() {}

  /**
   * Runs many batches, of the sizes in turn, and tells the memory in use before the first and after
   * every tenth of them.
   *
   * @param batchSizes ascending
   * @param batches at least 10
   * @param kernels whether GPU kernels are used
   * @param each called with every reading, on this thread
   */
  public static void measure(
      ModelArtifact artifact,
      Device device,
      List<Integer> batchSizes,
      KernelMode kernels,
      long batches,
      Consumer<Memory> each)
      throws IOException, InterruptedException {
    List<Clip> clips =
        ClassifyBenchmark.randomClips(
            artifact.manifest().clip(), batchSizes.get(batchSizes.size() - 1));
    List<List<Clip>> turns = batchSizes.stream().map(size -> clips.subList(0, size)).toList();
    try (TorchClassifier classifier = TorchClassifier.load(artifact, device, batchSizes, kernels)) {
      each.accept(memory(device, 0));
      for (long i = 0; i < batches; i++) {
        List<List<Clip>> next =
            List.of(
                turns.get((int) ((i + 1) % turns.size())),
                turns.get((int) ((i + 2) % turns.size())));
        float[][] unused = classifier.classify(turns.get((int) (i % turns.size())), () -> next);
        if ((i + 1) * 10 / batches > i * 10 / batches) {
          each.accept(memory(device, i + 1));
        }
      }
    } finally {
      clips.forEach(Clip::close);
    }
  }

  private static Memory memory(Device device, long batches) throws IOException {
    System.gc(); // so that garbage does not count
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("RssAnon:")) {
        long process = Long.parseLong(line.replaceAll("\\D", "")) << 10; // in KiB there
        return new Memory(
            batches,
            process,
            device.isGpu()
                ? OptionalLong.of(CudaUtils.getGpuMemory(device).getUsed())
                : OptionalLong.empty());
      }
    }
    throw new IOException("no RssAnon in /proc/self/status");
  }
}
