package io.clipstream.model.clip;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.Loader;

/**
 * How many sampled clips a core decodes a second, against the {@code ffmpeg} command that decodes,
 * samples, scales and crops the same spans on one thread and throws the pixels away. Both sides are
 * measured in CPU time, so that threads beside the decoding one and other load do not count.
 */
public final class DecodeBenchmark {
  /**
   * One file.
   *
   * @param file its name
   * @param clips decoded on either side
   * @param secondsPerClip CPU time of {@link VideoDecoder}
   * @param commandSecondsPerClip CPU time of the command
   * @param commandStartSeconds of that, CPU time that the command takes to do nothing
   */
  public record Result(
      String file,
      int clips,
      double secondsPerClip,
      double commandSecondsPerClip,
      double commandStartSeconds) {
    public double clipsPerCoreSecond() {
      return 1 / secondsPerClip;
    }

    /** Clips a core-second over those of the command. */
    public double ratio() {
      return commandSecondsPerClip / secondsPerClip;
    }

    /** The same if the command started in no time. */
    public double ratioWithoutStart() {
      return (commandSecondsPerClip - commandStartSeconds) / secondsPerClip;
    }
  }

  private final ClipSpec spec;
  private final Path command;
  private final VideoDecoder decoder;

  /**
   * @param command the ffmpeg to compare with, see {@link #findCommand()}
   */
  public DecodeBenchmark(ClipSpec spec, Path command) {
    this.spec = spec;
    this.command = command;
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), 4L * spec.clipBytes());
    this.decoder = new VideoDecoder(spec, DecodeLimits.defaults(), buffers);
  }

  /**
   * The command of the FFmpeg build that the decoder uses, or else the one on the path; empty if
   * neither runs. The former needs libpulse, which not every machine has.
   */
  public static Optional<Path> findCommand() throws IOException, InterruptedException {
    Ffmpeg.load();
    for (Path candidate :
        List.of(Path.of(Loader.load(org.bytedeco.ffmpeg.ffmpeg.class)), Path.of("ffmpeg"))) {
      try {
        if (run(List.of(candidate.toString(), "-version")) == 0) {
          return Optional.of(candidate);
        }
      } catch (IOException e) {
        // There is no such command, or it cannot be started: the next one may be.
      }
    }
    return Optional.empty();
  }

  /**
   * Decodes one centre clip of a file again and again.
   *
   * @param passes measured, after a fifth as many to warm up
   * @throws IOException if the file is no usable video, or the command fails
   */
  public Result measure(Path file, int passes) throws IOException, InterruptedException {
    TimeRange range = null;
    for (int i = 0; i < passes / 5 + 1; i++) {
      range = decode(file);
    }
    long before = ownCpuNanos();
    for (int i = 0; i < passes; i++) {
      range = decode(file);
    }
    double own = (ownCpuNanos() - before) / 1e9;

    List<String> arguments = arguments(file, range);
    long childrenBefore = childrenTicks();
    for (int i = 0; i < passes; i++) {
      if (run(arguments) != 0) {
        throw new IOException(String.join(" ", arguments) + " failed");
      }
    }
    double other = (childrenTicks() - childrenBefore) / 100.0;
    childrenBefore = childrenTicks();
    for (int i = 0; i < passes; i++) {
      run(List.of(command.toString(), "-version"));
    }
    double start = (childrenTicks() - childrenBefore) / 100.0;
    return new Result(
        file.getFileName().toString(), passes, own / passes, other / passes, start / passes);
  }

  private TimeRange decode(Path file) throws IOException, InterruptedException {
    TimeRange[] range = new TimeRange[1];
    DecodeResult result =
        decoder.decode(
            file,
            Sampling.views(1, 1),
            Optional.empty(),
            clip -> {
              try (clip) {
                range[0] = clip.range();
              }
            });
    if (result instanceof DecodeResult.Rejected rejected) {
      throw new IOException(file + ": " + rejected.detail());
    }
    return range[0];
  }

  private List<String> arguments(Path file, TimeRange range) {
    int width = spec.crop().width();
    int height = spec.crop().height();
    String factor =
        "max(" + spec.shortSide() + "/min(iw,ih),max(" + width + "/iw," + height + "/ih))";
    // Even sizes, as pictures with halved chroma want them.
    String filters =
        String.format(
            Locale.ROOT,
            "%s,scale=w='2*ceil(iw*%2$s/2-1e-6)':h='2*ceil(ih*%2$s/2-1e-6)':flags=bilinear,crop=%3$d:%4$d",
            spec.stride() > 0 ? "framestep=" + spec.stride() : "fps=" + spec.framesPerSecond(),
            factor,
            width,
            height);
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of(command.toString(), "-v", "quiet", "-nostdin", "-threads", "1"));
    arguments.addAll(List.of("-ss", seconds(range.startSeconds()), "-t", seconds(range.seconds())));
    arguments.addAll(List.of("-i", file.toString(), "-filter_threads", "1", "-an", "-sn"));
    arguments.addAll(List.of("-vf", filters, "-pix_fmt", "rgb24", "-threads", "1"));
    arguments.addAll(List.of("-f", "rawvideo", "-y", "/dev/null"));
    return arguments;
  }

  private static String seconds(double value) {
    return String.format(Locale.ROOT, "%.6f", value);
  }

  private static int run(List<String> arguments) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(arguments)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(Redirect.DISCARD)
            .start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IOException(String.join(" ", arguments) + " did not end");
    }
    return process.exitValue();
  }

  private static long ownCpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  /** User and system time of all ended children, in hundredths of a second (proc(5), stat). */
  private static long childrenTicks() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
  }
}
