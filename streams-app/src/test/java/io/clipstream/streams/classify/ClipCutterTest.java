package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipSink;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.DecoderProcesses;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.schemas.RejectionReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
class ClipCutterTest {
  private static final ClipSpec SPEC = WholePathTest.SPEC;
  private static final ClipSink NOBODY =
      clip -> {
        clip.close();
        throw new AssertionError("there is no clip");
      };

  @TempDir Path directory;

  @Test
  void shouldRefuseABudgetWithoutRoomForTheClipsThatAreOpenAtOnce() {
    PixelBudget budget = new PixelBudget(2L * SPEC.clipBytes() - 1);

    assertThatThrownBy(
            () -> ClipCutter.of(SPEC, Sampling.sliding(10), DecodeLimits.defaults(), budget))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "pipeline.max-decoded is 49151 bytes, expected at least 49152: the model's clips have"
                + " 24576 bytes, and 2 of a video may be open at once");
  }

  @Test
  void shouldTellPiecesThatWereJoinedFromDamage() throws Exception {
    byte[] piece = Files.readAllBytes(WholePathTest.video(directory.resolve("piece.ts"), 75));
    Path joined = directory.resolve("joined.ts");
    Files.write(joined, piece);
    Files.write(joined, piece, StandardOpenOption.APPEND);
    PixelBudget budget = new PixelBudget(4L * SPEC.clipBytes());
    Cutter cutter = ClipCutter.of(SPEC, Sampling.sliding(10), DecodeLimits.defaults(), budget);
    try (LocalFile video = LocalFile.of(joined)) {
      CutResult.Cut cut = (CutResult.Cut) cutter.cut(video, Optional.empty(), Clip::close);

      assertThat(cut.complete()).as(cut.note()).isTrue();
      assertThat(cut.note()).isEmpty();
      assertThat(cut.remark()).contains("put together from 2 pieces");
    }
  }

  /** As labels of a shadow will be made: one file, fetched once, for two models at a time. */
  @Test
  void shouldCutClipsOfTwoGenerationsFromOneFileAtATime() throws Exception {
    ClipSpec other = new ClipSpec(4, 4, 60, 56, false, SPEC.mean(), SPEC.std());
    PixelBudget budget = new PixelBudget(2L * SPEC.clipBytes() + 2L * other.clipBytes());
    CyclicBarrier bothHaveAClip = new CyclicBarrier(2);
    try (Generation first = generation(SPEC, budget);
        Generation second = generation(other, budget);
        LocalFile video = LocalFile.of(WholePathTest.video(directory.resolve("video.mp4"), 75))) {
      FutureTask<List<Integer>> ofSecond =
          new FutureTask<>(() -> cut(second, video, bothHaveAClip));
      new Thread(ofSecond).start();

      assertThat(cut(first, video, bothHaveAClip)).hasSize(3).containsOnly(SPEC.clipBytes());
      assertThat(ofSecond.get(30, TimeUnit.SECONDS)).hasSize(3).containsOnly(other.clipBytes());
    }
    assertThat(budget.lentBytes()).isZero();
  }

  @Test
  void shouldRejectTheVideoWhoseDecodingProcessEnds() throws Exception {
    PixelBudget budget = new PixelBudget(1 << 20);
    try (DecoderProcesses processes = new DecoderProcesses();
        LocalFile video = LocalFile.of(WholePathTest.video(directory.resolve("video.mp4"), 75))) {
      Cutter cutter =
          ClipCutter.of(
              SPEC,
              Sampling.sliding(10),
              DecodeLimits.defaults(),
              budget,
              Optional.of(processes),
              GpuDecoding.off());
      ClipSink ending =
          clip -> {
            clip.close();
            processes.close();
          };

      assertThat(cutter.cut(video, Optional.empty(), Clip::close))
          .isInstanceOf(CutResult.Cut.class);
      CutResult.Rejected rejected =
          (CutResult.Rejected) cutter.cut(video, Optional.empty(), ending);

      assertThat(rejected.reason()).isEqualTo(RejectionReason.CRASHED);
    }
    assertThat(budget.lentBytes()).isZero();
  }

  private static Generation generation(ClipSpec spec, PixelBudget budget) {
    return new Generation(
        Fixtures.MODEL,
        ClipCutter.of(spec, Sampling.sliding(10), DecodeLimits.defaults(), budget),
        List.of(new DeviceModel("fake", FixedScores::new)),
        Versions.BATCH,
        PipelineObserver.NONE);
  }

  /** Bytes of each clip; the first is held until the other generation has one too. */
  private static List<Integer> cut(Generation generation, LocalFile video, CyclicBarrier first)
      throws InterruptedException {
    List<Integer> bytes = new ArrayList<>();
    CutResult result =
        generation
            .cutter()
            .cut(
                video,
                Optional.empty(),
                clip -> {
                  try (clip) {
                    bytes.add(clip.pixels().remaining());
                    if (bytes.size() == 1) {
                      await(first);
                    }
                  }
                });
    assertThat(result)
        .isInstanceOfSatisfying(
            CutResult.Cut.class, cut -> assertThat(cut.clips()).isEqualTo(bytes.size()));
    return bytes;
  }

  private static void await(CyclicBarrier barrier) throws InterruptedException {
    try {
      int unused = barrier.await();
    } catch (BrokenBarrierException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldRejectWhatTheDecoderTripsOverWhateverItThrows() throws Exception {
    for (RuntimeException error :
        List.of(new IllegalArgumentException("odd"), new ArrayIndexOutOfBoundsException(7))) {
      ClipCutter cutter =
          new ClipCutter(
              (file, range, sink) -> {
                throw error;
              });

      assertThat(cutter.cut(video("v"), Optional.empty(), NOBODY))
          .isInstanceOfSatisfying(
              CutResult.Rejected.class,
              rejected -> {
                assertThat(rejected.reason()).isEqualTo(RejectionReason.CORRUPT);
                assertThat(rejected.detail()).contains(error.getMessage());
              });
    }
  }

  @Test
  void shouldTellADiskThatFailsFromAFileThatWentAway() throws Exception {
    ClipCutter failing =
        new ClipCutter(
            (file, range, sink) -> {
              throw new UncheckedIOException(new IOException("I/O error"));
            });
    LocalFile video = video("v");

    assertThatThrownBy(() -> failing.cut(video, Optional.empty(), NOBODY))
        .isInstanceOf(UncheckedIOException.class);
    Files.delete(video.path());
    assertThat(failing.cut(video, Optional.empty(), NOBODY))
        .isInstanceOfSatisfying(
            CutResult.Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(RejectionReason.FETCH_FAILED));
  }

  @Test
  void shouldPassOnWhatTheSinkThrows() throws Exception {
    PixelBudget budget = new PixelBudget(4L * SPEC.clipBytes());
    Cutter cutter = ClipCutter.of(SPEC, Sampling.sliding(10), DecodeLimits.defaults(), budget);
    IllegalStateException error = new IllegalStateException("over");
    Path file = WholePathTest.video(directory.resolve("video.mp4"), 75);
    try (LocalFile video = LocalFile.of(file)) {
      assertThatThrownBy(
              () ->
                  cutter.cut(
                      video,
                      Optional.empty(),
                      clip -> {
                        clip.close();
                        throw error;
                      }))
          .isSameAs(error);
    }
    assertThat(budget.lentBytes()).isZero();
  }

  @Test
  void shouldMeasureDecodingWithoutTheWaitForTheSink() throws Exception {
    long wait = 200_000_000;
    ClipCutter cutter =
        new ClipCutter(
            (file, range, sink) -> {
              sink.accept(null);
              return new DecodeResult.Decoded(Fixtures.INFO, 1, true, "", "");
            });
    ClipSink slow =
        (Clip clip) -> {
          long end = System.nanoTime() + wait;
          while (System.nanoTime() < end) {
            Thread.onSpinWait();
          }
        };
    long start = System.nanoTime();

    CutResult.Cut cut = (CutResult.Cut) cutter.cut(video("v"), Optional.empty(), slow);

    assertThat(cut.nanos()).isBetween(0L, System.nanoTime() - start - wait);
  }

  private LocalFile video(String name) {
    return Fixtures.local(directory, name);
  }
}
