package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.Sampling.Padding;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClipSamplerTest {
  /**
   * Starts as SampleFrames(clip_len=32, frame_interval=2, test_mode=True) of MMAction2 0.x gives,
   * and PaddleVideo's Sampler.
   */
  @ParameterizedTest
  @CsvSource({
    "300, 1, 118",
    "300, 4, 29 88 148 207",
    "300, 10, 11 35 59 82 106 130 154 177 201 225",
    "63, 4, 0 0 0 0",
    "64, 4, 0 0 0 0",
    "65, 4, 0 0 1 1",
    "66, 3, 0 1 2",
    "10, 1, 0",
    "1000, 2, 234 702",
  })
  void shouldStartDenseClipsWhereMmactionDoes(int frames, int clips, String starts) {
    List<int[]> windows = frames(Sampling.views(clips, 1), everyFrame(32, 2), frames, 30);

    assertThat(windows.stream().map(w -> w[0]).toList()).isEqualTo(numbers(starts));
    for (int[] window : windows) {
      for (int i = 0; i < 32; i++) {
        assertThat(window[i]).isEqualTo((window[0] + 2 * i) % frames);
      }
    }
  }

  /** At 30 frames a second, 15 a second is every second frame. */
  @ParameterizedTest
  @CsvSource({"300, 1, 118", "300, 4, 28 88 146 206", "66, 1, 0", "68, 2, 0 2"})
  void shouldStartDenseClipsOfARateOnItsGrid(int frames, int clips, String starts) {
    List<int[]> windows = frames(Sampling.views(clips, 1), spec(32, 15), frames, 30);

    assertThat(windows.stream().map(w -> w[0]).toList()).isEqualTo(numbers(starts));
    assertThat(windows.get(0)[1] - windows.get(0)[0]).isEqualTo(2);
  }

  /** torchvision, VideoClips._resample_video_idx: floor(arange(n) * fps / rate). */
  @ParameterizedTest
  @CsvSource({
    "25, 10, 0 2 5 7 10 12 15 17",
    "24, 15, 0 1 3 4 6 8 9 11",
    "60, 15, 0 4 8 12 16 20 24 28",
    "10, 15, 0 0 1 2 2 3 4 4",
    "29.97, 15, 0 2 4 6 8 10 12 14", // the next frame is due within a millisecond
    "30, 30, 0 1 2 3 4 5 6 7",
  })
  void shouldShowTheFrameOnDisplayAtEveryTick(double fps, double rate, String expected) {
    int count = (int) Math.ceil(8 * fps / rate);

    List<int[]> windows = frames(Sampling.sliding(1000), spec(8, rate), count, fps);

    assertThat(windows).hasSize(1);
    assertThat(list(windows.get(0))).isEqualTo(numbers(expected));
  }

  @Test
  void shouldForgiveTimesRoundedToMilliseconds() {
    double[] seconds =
        IntStream.range(0, 60).mapToDouble(i -> Math.round(i / 0.03) / 1e3).toArray();

    int[] frames =
        ClipSampler.sample(Sampling.sliding(9), spec(8, 15), seconds, 2.0).get(0).frames();

    assertThat(frames).containsExactly(0, 2, 4, 6, 8, 10, 12, 14);
  }

  @Test
  void shouldFollowTheTrueTimesOfAVariableRate() {
    // A second of 10 frames, a still of two seconds, a second of 10 frames.
    double[] seconds = new double[20];
    Arrays.setAll(seconds, i -> i < 10 ? i / 10.0 : 2 + i / 10.0);

    int[] frames = ClipSampler.sample(Sampling.views(1, 1), spec(8, 2), seconds, 4).get(0).frames();

    assertThat(frames).containsExactly(0, 5, 9, 9, 9, 9, 10, 15);
  }

  @ParameterizedTest
  @CsvSource({
    "LOOP, 1, 0 1 2 3 4 0 1 2",
    "REPEAT_LAST, 1, 0 1 2 3 4 4 4 4",
    "LOOP, 2, 0 2 4 1 3 0 2 4",
    "REPEAT_LAST, 2, 0 2 4 4 4 4 4 4",
    "REPEAT_LAST, 3, 0 3 3 3 3 3 3 3",
  })
  void shouldFillAClipFromAShorterVideo(Padding padding, int stride, String expected) {
    List<int[]> windows = frames(new Sampling.Dense(1, 1, padding), everyFrame(8, stride), 5, 10);

    assertThat(list(windows.get(0))).isEqualTo(numbers(expected));
  }

  /** PaddleVideo's Sampler for TSM in test mode: int(n / T / 2 + n / T * i). */
  @ParameterizedTest
  @CsvSource({
    "80, 5 15 25 35 45 55 65 75",
    "100, 6 18 31 43 56 68 81 93",
    "9, 0 1 2 3 5 6 7 8",
    "8, 0 1 2 3 4 5 6 7",
    "4, 0 0 1 1 2 2 3 3",
    "2, 0 0 0 0 1 1 1 1",
  })
  void shouldSpreadUniformSamplesOverTheWholeVideo(int frames, String expected) {
    List<int[]> windows = frames(new Sampling.Uniform(1, 1, Padding.LOOP), spec(8, 15), frames, 30);

    assertThat(list(windows.get(0))).isEqualTo(numbers(expected));
  }

  @Test
  void shouldGiveUniformClipsDifferentFramesOfEachSegment() {
    List<int[]> windows = frames(new Sampling.Uniform(2, 1, Padding.LOOP), spec(4, 15), 80, 30);

    assertThat(list(windows.get(0))).isEqualTo(numbers("5 25 45 65"));
    assertThat(list(windows.get(1))).isEqualTo(numbers("15 35 55 75"));
  }

  /** Clips of 8 samples at the video's own rate. */
  @ParameterizedTest
  @CsvSource({
    "0, 100, 8, 0",
    "0, 100, 11, 1",
    "0, 100, 12, 0 4",
    "0, 100, 16, 0 8",
    "0, 100, 32, 0 8 16 24",
    "0, 100, 35, 0 9 18 27",
    "0, 3, 80, 0 36 72",
    "0, 1, 80, 36",
    "0.4, 100, 24, 0 4 8 12 16",
    "0.4, 2, 24, 0 16",
    "100, 9, 80, 36",
  })
  void shouldSlideWindowsEvenlyAndNeverMoreThanAllowed(
      double hop, int most, int frames, String starts) {
    List<int[]> windows =
        frames(new Sampling.Sliding(hop, most, Padding.LOOP), spec(8, 10), frames, 10);

    assertThat(windows.stream().map(w -> w[0]).toList()).isEqualTo(numbers(starts));
  }

  @Test
  void shouldTellWhichSpanEachClipShows() {
    double[] seconds = IntStream.range(0, 64).mapToDouble(i -> i / 16.0).toArray();

    List<ClipSampler.Window> windows =
        ClipSampler.sample(Sampling.sliding(100), spec(16, 16), seconds, 4);

    assertThat(windows).hasSize(4);
    for (int i = 0; i < 4; i++) {
      assertThat(windows.get(i).range().startSeconds()).isCloseTo(i, within(1e-9));
      assertThat(windows.get(i).range().endSeconds()).isCloseTo(i + 1, within(1e-9));
    }
    TimeRange strided =
        ClipSampler.sample(Sampling.views(1, 1), everyFrame(16, 2), seconds, 4).get(0).range();
    assertThat(strided).isEqualTo(new TimeRange(16 / 16.0, 48 / 16.0));
    TimeRange padded =
        ClipSampler.sample(Sampling.views(1, 1), spec(16, 1), seconds, 4).get(0).range();
    assertThat(padded).isEqualTo(new TimeRange(0, 4));
  }

  @Test
  void shouldKeepToAPartOfTheVideo() {
    double[] seconds = IntStream.range(0, 90).mapToDouble(i -> i / 30.0).toArray();

    List<ClipSampler.Window> windows =
        ClipSampler.sample(Sampling.sliding(9), spec(8, 15), seconds, 30, 60, 2.0);

    for (ClipSampler.Window window : windows) {
      assertThat(list(window.frames())).allMatch(f -> f >= 30 && f < 60);
      assertThat(window.range().startSeconds()).isBetween(1.0, 2.0);
      assertThat(window.range().endSeconds()).isBetween(1.0, 2.0);
    }
  }

  @Test
  void shouldPlaceRandomClipsInEqualPartsAndRepeatThemForASeed() {
    Sampling.Random sampling = new Sampling.Random(4, 42, Padding.LOOP);

    List<int[]> windows = frames(sampling, everyFrame(32, 2), 300, 30);

    int part = (300 - 64 + 1) / 4;
    for (int i = 0; i < 4; i++) {
      assertThat(windows.get(i)[0]).isBetween(i * part, (i + 1) * part - 1);
    }
    assertThat(frames(sampling, everyFrame(32, 2), 300, 30).get(3)).isEqualTo(windows.get(3));
    assertThat(frames(Sampling.random(1), spec(32, 15), 20, 30).get(0)[0]).isZero();
    assertThat(
            IntStream.range(0, 50)
                .map(seed -> frames(Sampling.random(seed), spec(32, 15), 300, 30).get(0)[0])
                .distinct()
                .count())
        .isGreaterThan(30);
  }

  @Test
  void shouldStayInsideWhateverTheLength() {
    List<Sampling> samplings =
        List.of(
            Sampling.sliding(7),
            Sampling.views(4, 3),
            new Sampling.Dense(3, 1, Padding.REPEAT_LAST),
            new Sampling.Uniform(2, 1, Padding.LOOP),
            new Sampling.Random(3, 5, Padding.REPEAT_LAST));
    for (Sampling sampling : samplings) {
      for (int frames = 2; frames < 200; frames++) {
        for (double fps : new double[] {0.5, 7, 24, 29.97, 240}) {
          for (ClipSpec spec : List.of(spec(8, 15), everyFrame(8, 3))) {
            for (int[] window : frames(sampling, spec, frames, fps)) {
              for (int frame : window) {
                assertThat(frame).isBetween(0, frames - 1);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void shouldLayClipsOfAStrideSideBySide() {
    List<int[]> windows = frames(Sampling.sliding(9), everyFrame(8, 2), 64, 30);

    assertThat(windows.stream().map(w -> w[0]).toList()).isEqualTo(numbers("0 16 33 49"));
    assertThat(list(windows.get(3))).isEqualTo(numbers("49 51 53 55 57 59 61 63"));
    // Half a second is 15 frames of this video.
    Sampling hops = new Sampling.Sliding(0.5, 9, Padding.LOOP);
    assertThat(frames(hops, everyFrame(8, 2), 75, 30)).hasSize(5);
  }

  @Test
  void shouldReadTheViewsOfManifestsAndCommandLines() {
    assertThat(Sampling.parseViews("1")).isEqualTo(Sampling.views(1, 1));
    assertThat(Sampling.parseViews("4x3")).isEqualTo(Sampling.views(4, 3));
    assertThat(Sampling.parseViews("10x1")).isEqualTo(Sampling.views(10, 1));
    for (String wrong : List.of("", "x", "0", "4x2", "4x", "-1", "1x3x1", "+4", "10001", "many")) {
      assertThatThrownBy(() -> Sampling.parseViews(wrong))
          .as(wrong)
          .isInstanceOf(UserError.class)
          .hasMessage(
              "views is '"
                  + wrong
                  + "', expected 1 to 10000 clips, or clips x crops (1 or 3), such as 1 or 4x3");
    }
  }

  private static List<int[]> frames(Sampling sampling, ClipSpec spec, int count, double fps) {
    double[] seconds = IntStream.range(0, count).mapToDouble(i -> i / fps).toArray();
    return ClipSampler.sample(sampling, spec, seconds, count / fps).stream()
        .map(ClipSampler.Window::frames)
        .toList();
  }

  private static ClipSpec spec(int frames, double rate) {
    return TestVideos.spec(frames, rate);
  }

  /** One frame in {@code stride} of the video. */
  private static ClipSpec everyFrame(int frames, int stride) {
    ClipSpec spec = spec(frames, 15);
    return new ClipSpec(
        frames, 0, stride, spec.shortSide(), spec.crop(), true, spec.mean(), spec.std());
  }

  private static List<Integer> list(int[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static List<Integer> numbers(String text) {
    return Arrays.stream(text.trim().split(" +", -1)).map(Integer::valueOf).toList();
  }
}
