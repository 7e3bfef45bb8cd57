package io.clipstream.model.infer;

import ai.djl.Device;
import io.clipstream.model.CacheFolder;
import io.clipstream.model.ChildJvm;
import io.clipstream.model.Count;
import io.clipstream.model.DeviceName;
import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ScriptOperators;
import io.clipstream.model.swin.Swin3d;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Runs a network that is not our own for the first time in a process of its own: what hangs or
 * takes all memory there is ended, and takes nothing with it. All threads.
 */
public final class TrialProcess {
  private static final long POLL_MILLIS = 20;
  private static final Path PROC = Path.of("/proc");
  private static final long PAGE = 4096;
  private static final List<String> OPTIONS =
      List.of(
          "-Xmx1g", NetworkThread.OPTION, "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError");

  private final TrialLimits limits;

  public TrialProcess(TrialLimits limits) {
    this.limits = limits;
  }

  /**
   * Tries a model before this process loads it: once on a machine for each device. Networks whose
   * source is clipstream's own are not tried.
   *
   * @throws IOException if it cannot be loaded, fails, or reaches a limit; one line that begins
   *     with the file
   */
  public void require(ModelArtifact artifact, Device device)
      throws IOException, InterruptedException {
    if (Swin3d.isOwn(artifact)) {
      return;
    }
    ScriptOperators.require(artifact);
    Path known =
        CacheFolder.path()
            .resolve("tried")
            .resolve(artifact.digest() + "-" + DeviceName.of(device));
    if (Files.exists(known)) {
      return;
    }
    Trial.Result result = run(artifact, device, 1, 1);
    if (result.error() != null) {
      throw new IOException(artifact.path() + ": the network fails: " + result.error());
    }
    try {
      Files.createDirectories(known.getParent());
      Files.createFile(known);
    } catch (IOException e) {
      return; // without a cache it is tried each time
    }
  }

  /**
   * Loads a network, clipstream's own too, runs it on its golden clip and compares what it gives:
   * nothing of the model runs in this process, which may have no room for it.
   *
   * @return empty if the artifact has no golden outputs
   * @throws IOException as {@link #require}, or if it does not give a finite logit for each label
   */
  public Optional<GoldenCheck> check(ModelArtifact artifact, Device device)
      throws IOException, InterruptedException {
    ScriptOperators.require(artifact);
    long seed = artifact.golden().map(Golden::seed).orElse(GoldenCheck.SEED);
    Trial.Result result = run(artifact, device, 1, seed);
    if (result.error() != null) {
      throw new IOException(artifact.path() + ": the network fails: " + result.error());
    }
    long labels = artifact.manifest().labels().size();
    if (!result.shape().equals(List.of(1L, labels))
        || result.values().size() != labels
        || !result.values().stream().allMatch(Float::isFinite)) {
      throw new IOException(
          artifact.path()
              + ": the network gives "
              + result.type()
              + " "
              + result.shape()
              + ", expected a finite float32 logit for each of "
              + Count.of(labels, "label"));
    }
    return artifact
        .golden()
        .map(golden -> GoldenCheck.of(result.values(), golden, artifact.manifest(), device));
  }

  /**
   * Loads a network and runs it on a batch.
   *
   * @param seed of the first clip, as {@link io.clipstream.model.artifact.Golden} has it; the
   *     others have the next ones
   * @throws IOException if a limit was reached or the process died; one line that begins with the
   *     file
   */
  Trial.Result run(ModelArtifact artifact, Device device, int clips, long seed)
      throws IOException, InterruptedException {
    Path result = Files.createTempFile("clipstream-trial", ".json");
    try {
      Process process =
          ChildJvm.of(
                  OPTIONS,
                  Trial.class,
                  List.of(
                      artifact.path().toAbsolutePath().toString(),
                      DeviceName.of(device),
                      Integer.toString(clips),
                      Long.toString(seed),
                      result.toString()))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        watch(process, artifact.path());
      } finally {
        process.destroyForcibly();
      }
      if (process.exitValue() != 0 || Files.size(result) == 0) {
        throw new IOException(
            artifact.path()
                + ": the process that ran the network for the first time ended with code "
                + process.exitValue());
      }
      return Trial.read(result);
    } finally {
      Files.deleteIfExists(result);
    }
  }

  private void watch(Process process, Path model) throws IOException, InterruptedException {
    ChildJvm.sacrifice(process);
    long end = System.nanoTime() + limits.time().toNanos();
    while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
      if (System.nanoTime() > end) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "%s: the network did not end its first run within %d s (%s sets the limit)",
                model,
                limits.time().toSeconds(),
                TrialLimits.TIME));
      }
      OptionalLong resident = resident(process);
      if (resident.isPresent() && resident.getAsLong() > limits.memory()) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "%s: the network took more than %.1f GiB of memory in its first run (%s sets the"
                    + " limit)",
                model,
                limits.memory() / (double) (1 << 30),
                TrialLimits.MEMORY));
      }
    }
  }

  /** Bytes of memory that it occupies; empty where the system does not tell. */
  private static OptionalLong resident(Process process) {
    try {
      String[] pages = Files.readString(PROC.resolve(process.pid() + "/statm")).split(" ", -1);
      return OptionalLong.of(Long.parseLong(pages[1]) * PAGE);
    } catch (IOException | RuntimeException e) {
      return OptionalLong.empty();
    }
  }
}
