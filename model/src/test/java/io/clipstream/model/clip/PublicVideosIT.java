package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clipstream.model.clip.DecodeResult.Decoded;
import io.clipstream.model.clip.DecodeResult.Rejected;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Real videos of others, fetched by {@code ops/test/fetch-public-videos}; skipped, saying so, where
 * they cannot be had. The numbers of frames are those that {@code ffprobe -count_frames} of FFmpeg
 * 5.1 gives.
 *
 * <p>{@code -Dclipstream.videos=PATH} names further videos that have to decode completely: a file,
 * a folder of nothing but videos, or several of them with the path separator between.
 */
@Timeout(300)
class PublicVideosIT {
  private static final Logger log = LoggerFactory.getLogger(PublicVideosIT.class);
  private static final ClipSpec SPEC =
      new ClipSpec(32, 15, 256, 224, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
  private static final Path ROOT = checkout();
  private static final Path FOLDER = Path.of("target/public-videos").toAbsolutePath();
  private static String unavailable = "";

  private final ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), 64L << 20);

  @BeforeAll
  static void fetch() throws Exception {
    Files.createDirectories(FOLDER);
    Path output = FOLDER.resolve("fetch.log");
    Process process =
        new ProcessBuilder(
                ROOT.resolve("ops/test/fetch-public-videos").toString(), FOLDER.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(5, TimeUnit.MINUTES)) {
      process.destroyForcibly().waitFor();
      unavailable = "fetching took more than five minutes";
    } else if (process.exitValue() != 0) {
      unavailable = Files.readString(output).strip();
    }
    if (!unavailable.isEmpty()) {
      log.warn("The public videos cannot be had, their tests are skipped: {}", unavailable);
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    // file, container, codec, displayed width, height, frames, seconds, clips
    "mp4.mp4, mp4, h264, 560, 320, 166, 5.53, 3",
    "mov.mov, mov, h264, 560, 320, 166, 5.53, 3",
    "webm.webm, matroska, vp8, 560, 320, 166, 5.53, 3",
    "ogg.ogv, ogg, theora, 560, 320, 166, 5.53, 3",
    "asf.asf, asf, wmv2, 560, 320, 161, 6.44, 3",
    "flv.flv, flv, flv1, 320, 240, 139, 5.56, 3",
    "3gp.3gp, 3gp, h263, 384, 288, 83, 5.53, 3",
    "rmvb.rmvb, rm, rv10, 560, 320, 166, 5.53, 3",
    "mkv.mkv, matroska, mpeg4, 1280, 720, 147, 5.88, 3",
    "cockatoo.mp4, mp4, h264, 1280, 720, 280, 14.0, 7",
    "realshort.mp4, mp4, h264, 320, 240, 36, 1.20, 1",
    "birds.mp4, mp4, h264, 1280, 720, 31, 1.03, 1",
    "soundwave.mp4, mp4, h264, 168, 96, 3544, 208.47, 8",
    "motion.mov, mov, h264, 568, 320, 242, 8.07, 4",
    "output-1658952956227.avi, avi, mpeg4, 568, 320, 101, 3.37, 2",
    "output-async-1658952956227.avi, avi, mpeg4, 568, 320, 100, 3.33, 2",
    "small_movie.mp4, mp4, h264, 48, 144, 11, 0.92, 1",
    "press.mpg, mpegvideo, mpeg1video, 80, 60, 500, 20.0, 8",
    "cityCC0.mpg, mpeg, mpeg2video, 720, 405, 190, 7.60, 4",
    "base_pal.mpg, mpeg, mpeg2video, 768, 576, 24, 0.96, 1",
    "base_pal_wide.mpg, mpeg, mpeg2video, 1024, 576, 24, 0.96, 1",
    "base_ntsc.mpg, mpeg, mpeg2video, 640, 480, 29, 0.97, 1",
    "base_ntsc_wide.mpg, mpeg, mpeg2video, 853, 480, 29, 0.97, 1",
    "xine-ui_logo.mpg, mpeg, mpeg2video, 600, 450, 25, 1.0, 1",
    "gnome-tetravex-video.ogv, ogg, theora, 427, 320, 601, 24.04, 8",
    "newtonscradle.gif, gif, gif, 200, 150, 36, 0.82, 1",
  })
  void shouldDecodeCompletely(
      String name,
      String container,
      String codec,
      int width,
      int height,
      long frames,
      double seconds,
      int clips)
      throws Exception {
    DecodeResult result = decode(find(name));

    assertThat(result).isInstanceOf(Decoded.class);
    Decoded decoded = (Decoded) result;
    assertThat(decoded.note()).isEmpty();
    assertThat(decoded.info().container()).isEqualTo(container);
    assertThat(decoded.info().codec()).isEqualTo(codec);
    assertThat(decoded.info().width()).isEqualTo(width);
    assertThat(decoded.info().height()).isEqualTo(height);
    assertThat(decoded.info().frames()).isEqualTo(frames);
    assertThat(decoded.info().durationSeconds()).isCloseTo(seconds, within(0.01));
    assertThat(decoded.clips()).isEqualTo(clips);
    assertThat(buffers.lent()).isZero();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "silence.ogg, NO_VIDEO_STREAM",
    "horse.gif, NOT_A_VIDEO",
    "not_kitty.gif, NOT_A_VIDEO"
  })
  void shouldRejectWhatIsNoVideo(String name, DecodeReason reason) throws Exception {
    DecodeResult result = decode(find(name));

    assertThat(result).isInstanceOf(Rejected.class);
    assertThat(((Rejected) result).reason()).isEqualTo(reason);
  }

  @Test
  void shouldDecodeFurtherVideosCompletely() throws Exception {
    String videos = System.getProperty("clipstream.videos", "");
    if (videos.isEmpty()) {
      skip("clipstream.videos names no further videos");
    }
    for (String path : videos.split(File.pathSeparator, -1)) {
      try (Stream<Path> files = Files.walk(Path.of(path))) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          DecodeResult result = decode(file);

          assertThat(result).as(file.toString()).isInstanceOf(Decoded.class);
          Decoded decoded = (Decoded) result;
          assertThat(decoded.note()).as(file.toString()).isEmpty();
          assertThat(decoded.complete()).as(file.toString()).isTrue();
          assertThat(buffers.lent()).isZero();
        }
      }
    }
  }

  private DecodeResult decode(Path file) throws InterruptedException {
    return new VideoDecoder(SPEC, DecodeLimits.defaults(), buffers)
        .decode(file, Sampling.sliding(8), Optional.empty(), Clip::close);
  }

  private static Path find(String name) throws IOException {
    assumeTrue(unavailable.isEmpty(), () -> "the public videos cannot be had: " + unavailable);
    try (Stream<Path> files = Files.walk(FOLDER)) {
      Optional<Path> found =
          files
              .filter(file -> file.getFileName().toString().equals(name))
              .filter(Files::isRegularFile)
              .findFirst();
      if (found.isEmpty()) {
        skip(name + " is in none of the packages that were fetched");
      }
      return found.get();
    }
  }

  /** Also in the log, as a build's summary tells that something was skipped, but not why. */
  private static void skip(String why) {
    log.warn("A test is skipped: {}", why);
    abort(why);
  }

  private static Path checkout() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.exists(at.resolve("ops/test/fetch-public-videos"))) {
      at = at.getParent();
    }
    return at;
  }
}
