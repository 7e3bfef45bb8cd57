package io.clipstream.model.clip;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class DecoderProcessesTest {
  /** A clip is larger than what a pipe holds, so that who sends it waits for who reads it. */
  private static final ClipSpec SPEC = TestVideos.spec(16, 15);

  private static final Sampling SAMPLING = Sampling.sliding(10);

  @TempDir Path directory;
  private final ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), 64L << 20);
  private final DecoderProcesses processes = new DecoderProcesses();
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = video(directory);
  }

  @AfterEach
  void close() {
    processes.close();
    assertThat(buffers.lent()).isZero();
  }

  private static Path video(Path directory) throws IOException {
    return TestVideos.write(
        directory.resolve("video.mp4"),
        VideoEncoder.Settings.of("mpeg4", 320, 240, 30).withBitRate(2_000_000),
        200);
  }

  private DecodeResult decode(ClipSink sink) throws InterruptedException {
    return decode(sink, DecodeLimits.defaults());
  }

  private DecodeResult decode(ClipSink sink, DecodeLimits limits) throws InterruptedException {
    return processes.decode(file, SPEC, SAMPLING, limits, Optional.empty(), buffers, sink);
  }

  private static ClipSink into(List<String> clips) {
    return clip -> {
      try (clip) {
        ByteBuffer pixels = clip.pixels().duplicate();
        clips.add(clip.range() + " " + clip.crop() + " " + pixels.hashCode());
      }
    };
  }

  private static void kill(String signal, long pid) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start();
    assertThat(kill.waitFor()).isZero();
  }

  /** Returns once it has stopped: the signal may still be on its way when kill has ended. */
  private static void stop(long pid) throws Exception {
    kill("STOP", pid);
    Path status = Path.of("/proc", Long.toString(pid), "status");
    while (Files.readAllLines(status).stream().noneMatch(line -> line.startsWith("State:\tT"))) {
      Thread.onSpinWait();
    }
  }

  private static DecodeLimits limits(Duration timeout) {
    DecodeLimits usual = DecodeLimits.defaults();
    return new DecodeLimits(
        usual.maxPictureSide(),
        usual.maxPicturePixels(),
        usual.maxSeconds(),
        usual.maxFrames(),
        timeout);
  }

  @Test
  void shouldBringTheSameClipsAsInThisProcess() throws Exception {
    List<String> here = new ArrayList<>();
    DecodeResult expected =
        new VideoDecoder(SPEC, DecodeLimits.defaults(), buffers)
            .decode(file, SAMPLING, Optional.of(new TimeRange(1, 5)), into(here));
    List<String> there = new ArrayList<>();

    for (int time = 0; time < 2; time++) {
      there.clear();
      DecodeResult result =
          processes.decode(
              file,
              SPEC,
              SAMPLING,
              DecodeLimits.defaults(),
              Optional.of(new TimeRange(1, 5)),
              buffers,
              into(there));
      assertThat(result).isEqualTo(expected);
      assertThat(there).isEqualTo(here).hasSizeGreaterThan(2);
      assertThat(processes.pids()).as("used again").hasSize(1);
    }
  }

  @Test
  void shouldTellBadVideosFromFilesThatCannotBeRead() throws Exception {
    Path text = Files.writeString(directory.resolve("text.mp4"), "no video");
    file = text;
    assertThat(decode(Clip::close))
        .isEqualTo(
            new VideoDecoder(SPEC, DecodeLimits.defaults(), buffers)
                .decode(text, SAMPLING, Optional.empty(), Clip::close));

    file = directory.resolve("missing.mp4");
    assertThatThrownBy(() -> decode(Clip::close)).isInstanceOf(UncheckedIOException.class);
    assertThat(processes.pids()).hasSize(1);
  }

  @Test
  void shouldLoseExactlyTheVideoWhoseProcessIsKilled() throws Exception {
    CountDownLatch oneHasBegun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    CompletableFuture<DecodeResult> hit = new CompletableFuture<>();
    Thread first =
        new Thread(
            () -> {
              try {
                hit.complete(
                    decode(
                        clip -> {
                          clip.close();
                          oneHasBegun.countDown();
                          goOn.await();
                        }));
              } catch (Throwable e) {
                hit.completeExceptionally(e);
              }
            });
    first.start();
    oneHasBegun.await();
    long pid = processes.pids().iterator().next();
    List<String> others = new ArrayList<>();
    DecodeResult other =
        decode(
            clip -> {
              if (others.isEmpty()) {
                try {
                  kill("KILL", pid);
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
                goOn.countDown();
              }
              into(others).accept(clip);
            });

    assertThat(other).isInstanceOf(DecodeResult.Decoded.class);
    assertThat(hit.get(60, TimeUnit.SECONDS))
        .isEqualTo(
            new DecodeResult.Rejected(
                DecodeReason.CRASHED,
                "the process that decoded it ended with code 137 (signal 9)"));
    assertThat(decode(Clip::close)).isInstanceOf(DecodeResult.Decoded.class);
    assertThat(processes.pids()).hasSize(1).doesNotContain(pid);
  }

  @Test
  void shouldEndAProcessThatHangs() throws Exception {
    decode(Clip::close); // It has started.
    long pid = processes.pids().iterator().next();

    DecodeResult result =
        decode(
            clip -> {
              clip.close();
              try {
                stop(pid);
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            },
            limits(Duration.ofSeconds(3)));

    assertThat(((DecodeResult.Rejected) result).reason()).isEqualTo(DecodeReason.DECODE_TIMEOUT);
    assertThat(decode(Clip::close)).isInstanceOf(DecodeResult.Decoded.class);
  }

  @Test
  void shouldEndAtAnInterruptWhileItWaits() throws Exception {
    Thread self = Thread.currentThread();
    Thread interrupter =
        new Thread(
            () -> {
              while (!isWaitingForTheProcess(self)) {
                Thread.onSpinWait();
              }
              self.interrupt();
            });
    decode(Clip::close); // It has started.
    long pid = processes.pids().iterator().next();

    assertThatThrownBy(
            () ->
                decode(
                    clip -> {
                      clip.close();
                      try {
                        stop(pid);
                      } catch (Exception e) {
                        throw new AssertionError(e);
                      }
                      interrupter.start();
                    }))
        .isInstanceOf(InterruptedException.class);
    interrupter.join();
    assertThat(Thread.interrupted()).isFalse();
    assertThat(decode(Clip::close)).isInstanceOf(DecodeResult.Decoded.class);
    assertThat(processes.pids()).hasSize(1).doesNotContain(pid);
  }

  @Test
  void shouldEndAtAnInterruptAtTheLastClipThoughItsAnswerIsThere() throws Exception {
    Thread self = Thread.currentThread();
    List<String> all = new ArrayList<>();
    decode(into(all));
    List<String> clips = new ArrayList<>();

    assertThatThrownBy(
            () ->
                decode(
                    clip -> {
                      into(clips).accept(clip);
                      if (clips.size() == all.size()) {
                        self.interrupt();
                      }
                    }))
        .isInstanceOf(InterruptedException.class);
    assertThat(clips).isEqualTo(all);
    assertThat(Thread.interrupted()).isFalse();
  }

  private static boolean isWaitingForTheProcess(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("readBytes"));
  }

  @Test
  void shouldPassOnWhatTheSinkThrowsAndGoOnWithAnotherProcess() throws Exception {
    assertThatThrownBy(
            () ->
                decode(
                    clip -> {
                      clip.close();
                      throw new IllegalStateException("over");
                    }))
        .hasMessage("over");

    assertThat(decode(Clip::close)).isInstanceOf(DecodeResult.Decoded.class);
  }

  @Test
  void shouldEndWithAParentThatIsKilled() throws Exception {
    Process parent =
        ChildJvm.of(List.of("-Xmx128m"), Parent.class, List.of(file.toString()))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      String line =
          new BufferedReader(new InputStreamReader(parent.getInputStream(), UTF_8)).readLine();
      ProcessHandle child = ProcessHandle.of(Long.parseLong(line)).orElseThrow();
      assertThat(child.isAlive()).isTrue();

      parent.destroyForcibly().waitFor();

      child.onExit().get(60, TimeUnit.SECONDS);
    } finally {
      parent.destroyForcibly();
    }
  }

  /** Decodes for ever, as its sink does not return; says what process does it. */
  static final class Parent {
    private Parent() {}

    public static void main(String[] args) throws InterruptedException {
      DecoderProcesses processes = new DecoderProcesses();
      processes.decode(
          Path.of(args[0]),
          SPEC,
          SAMPLING,
          DecodeLimits.defaults(),
          Optional.empty(),
          new ClipBuffers(SPEC.clipBytes(), 64L << 20),
          clip -> {
            Set<Long> pids = processes.pids();
            System.out.println(pids.iterator().next());
            new CountDownLatch(1).await();
          });
    }
  }
}
