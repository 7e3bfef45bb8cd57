package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameTimesTest {
  @TempDir Path folder;

  /** The numbers of all frames in a range, which a clip of so many at the video's rate shows. */
  @ParameterizedTest
  @CsvSource({
    "mpeg4,avi,25,1",
    "mpeg4,mkv,30000,1001",
    "libopenh264,mp4,24000,1001",
    "mpeg4,mp4,30,1"
  })
  void shouldBeTheTimesThatShowExactlyTheFrames(
      String codec, String container, int numerator, int denominator) throws Exception {
    Path video =
        TestVideos.write(
            folder.resolve("v." + container),
            VideoEncoder.Settings.of(codec, 160, 128, 25).withRate(numerator, denominator),
            60);
    FrameTimes times = FrameTimes.of(video, DecodeLimits.defaults()).orElseThrow();
    ClipSpec spec = TestVideos.spec(7, numerator / (double) denominator);

    for (int first : List.of(0, 1, 12, 31, 53)) {
      TimeRange range = times.range(first, 7).orElseThrow();
      int[][] shown = new int[1][];
      new VideoDecoder(
              spec, DecodeLimits.defaults(), new ClipBuffers(spec.clipBytes(), spec.clipBytes()))
          .decode(
              video,
              Sampling.views(1, 1),
              Optional.of(range),
              clip -> {
                try (clip) {
                  shown[0] = TestVideos.numbers(clip, spec);
                }
              });
      assertThat(shown[0])
          .as("%s: %s", first, range)
          .containsExactly(first, first + 1, first + 2, first + 3, first + 4, first + 5, first + 6);
    }
  }

  @Test
  void shouldLeaveOutWhatIsBehindTheEnd() throws Exception {
    Path video =
        TestVideos.write(
            folder.resolve("v.mp4"), VideoEncoder.Settings.of("mpeg4", 64, 64, 10), 20);
    FrameTimes times = FrameTimes.of(video, DecodeLimits.defaults()).orElseThrow();

    assertThat(times.frames()).isEqualTo(20);
    assertThat(times.range(15, 100)).contains(new TimeRange(1.5, 2));
    assertThat(times.range(19, Integer.MAX_VALUE).orElseThrow().endSeconds()).isEqualTo(2);
    assertThat(times.range(20, 1)).isEmpty();
    assertThat(times.range(3, 0)).isEmpty();
  }

  @Test
  void shouldHaveNoneOfWhatIsNoVideo() throws Exception {
    Path text = Files.writeString(folder.resolve("v.mp4"), "no video");

    assertThat(FrameTimes.of(text, DecodeLimits.defaults())).isEmpty();
  }
}
