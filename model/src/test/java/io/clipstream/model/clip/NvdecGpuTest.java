package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clips of a GPU against the CPU's, byte for byte. The property {@code clipstream.decode-corpus}
 * names the folder that ops/test/gpu/decode_corpus.py made.
 */
@Tag("gpu")
class NvdecGpuTest {
  /** Videos of these are for the CPU. */
  private static final Set<String> NOT_ADMITTED =
      Set.of(
          "h264_444.mp4",
          "h264_10.mp4",
          "h264_mono.mp4",
          "hevc_10.mp4",
          "hevc_444.mp4",
          "vp8_641x361.webm",
          "vp9_641x361.webm",
          "mpeg4.mp4");

  /** Others that begin so are decoded by the GPU. */
  private static final Set<String> ADMITTED = Set.of("h264_", "hevc_", "vp8_", "vp9_");

  /** These are tried, and the GPU cannot. */
  private static final Set<String> TOO_SMALL = Set.of("h264_32x32.mp4", "hevc_64x64.mp4");

  /** What a GPU may conceal. */
  private static final Set<String> OTHERWISE = Set.of("h264_damaged.mp4");

  private static final int DAMAGES = 20;

  @TempDir Path folder;

  private static GpuDecoding gpus;
  private static Path corpus;

  @BeforeAll
  static void open() {
    gpus = GpuDecoding.on(List.of(0));
    assumeTrue(gpus.places() > 0, "there is no GPU that decodes");
    String folder = System.getProperty("clipstream.decode-corpus");
    assumeTrue(folder != null, "clipstream.decode-corpus names no folder");
    corpus = Path.of(folder);
  }

  @Test
  void shouldGiveTheCpusClips() throws Exception {
    List<String> different = new ArrayList<>();
    for (Path file : files("same", "bench")) {
      String name = file.getFileName().toString();
      compare(file, false, Sampling.views(1, 1), different);
      compare(file, true, Sampling.sliding(6), different);
      compare(file, true, Sampling.views(2, 3), different);
    }
    assertThat(different).isEmpty();
  }

  /** The first of three passes may be the one that a kind of decoders is first seen in. */
  private static void compare(
      Path file, boolean antialias, Sampling sampling, List<String> different) throws Exception {
    String name = file.getFileName().toString();
    ClipSpec spec = GpuClips.spec(antialias);
    List<byte[]> expected = new ArrayList<>();
    DecodeResult onCpu = GpuClips.decode(spec, GpuDecoding.off(), file, sampling, expected);
    long before = gpus.decoded();
    long redoneBefore = gpus.left(LeftToCpu.FAILED);
    int same = 0;
    for (int pass = 0; pass < 3; pass++) {
      List<byte[]> clips = new ArrayList<>();
      DecodeResult result = GpuClips.decode(spec, gpus, file, sampling, clips);
      if (result.equals(onCpu) && Arrays.deepEquals(clips.toArray(), expected.toArray())) {
        same++;
      } else if (!name.equals("h264_damaged.mp4")) {
        different.add(name + " " + sampling + ": " + result + ", on the CPU " + onCpu);
      }
    }
    long decoded = gpus.decoded() - before;
    System.out.printf(
        "%s, antialias %s, %s: %d clips, of 3 decodes %d the same, %d on the GPU, %d redone%n",
        name,
        antialias,
        sampling.getClass().getSimpleName(),
        expected.size(),
        same,
        decoded,
        gpus.left(LeftToCpu.FAILED) - redoneBefore);
    boolean never = NOT_ADMITTED.contains(name) || TOO_SMALL.contains(name);
    boolean mostly = ADMITTED.stream().anyMatch(name::startsWith) && !OTHERWISE.contains(name);
    if (never ? decoded > 0 : mostly && decoded < 2) {
      different.add(name + " " + sampling + ": " + decoded + " of 3 decodes on the GPU");
    }
  }

  /** What a GPU does not tell of damage is measured here, not judged: see ops/docs/gpus.md. */
  @Test
  void shouldNotRejectWhatTheCpuTakesOfDamagedVideos() throws Exception {
    ClipSpec spec = GpuClips.spec(false);
    for (String name : List.of("h264_640x360.mp4", "hevc_640x360.mp4", "vp9_320x180.webm")) {
      byte[] bytes = Files.readAllBytes(corpus.resolve("same").resolve(name));
      int told = 0;
      int concealed = 0;
      int again = 0;
      int other = 0;
      for (int i = 1; i <= DAMAGES; i++) {
        byte[] damaged = bytes.clone();
        int at = (int) ((long) bytes.length * i / (DAMAGES + 1));
        Arrays.fill(damaged, at, at + 40, (byte) 0);
        Path file = Files.write(folder.resolve(i + name), damaged);
        List<byte[]> expected = new ArrayList<>();
        DecodeResult onCpu =
            GpuClips.decode(spec, GpuDecoding.off(), file, Sampling.sliding(6), expected);
        told += onCpu instanceof DecodeResult.Decoded d && !d.complete() ? 1 : 0;
        long failed = gpus.left(LeftToCpu.FAILED);
        List<byte[]> clips = new ArrayList<>();
        DecodeResult result = GpuClips.decode(spec, gpus, file, Sampling.sliding(6), clips);
        assertThat(result).as(file.toString()).hasSameClassAs(onCpu);
        again += gpus.left(LeftToCpu.FAILED) > failed ? 1 : 0;
        concealed += result.equals(onCpu) ? 0 : 1;
        other += Arrays.deepEquals(clips.toArray(), expected.toArray()) ? 0 : 1;
      }
      System.out.printf(
          "%s with 40 bytes of it zeroed, %d ways: the CPU tells %d; with a GPU %d decoded again,"
              + " %d not told, other pixels in %d%n",
          name, DAMAGES, told, again, concealed, other);
    }
  }

  private static List<Path> files(String... folders) throws Exception {
    List<Path> all = new ArrayList<>();
    for (String folder : folders) {
      try (Stream<Path> files = Files.list(corpus.resolve(folder))) {
        files.sorted().forEach(all::add);
      }
    }
    return all;
  }
}
