package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PicturesFileTest {
  private static final int WIDTH = 64;
  private static final int HEIGHT = 48;

  /** Nothing is scaled or cropped: the pictures' own pixels, one every 1/8 s. */
  private static final ClipSpec WHOLE =
      new ClipSpec(
          4,
          8,
          0,
          HEIGHT,
          new CropSize(HEIGHT, WIDTH),
          true,
          List.of(0f, 0f, 0f),
          List.of(1f, 1f, 1f));

  @TempDir Path folder;

  /** Blocks of colours, other ones in each picture. */
  private static BufferedImage picture(int seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < HEIGHT; y += 8) {
      for (int x = 0; x < WIDTH; x += 8) {
        int colour = random.nextInt(1 << 24);
        for (int i = 0; i < 64; i++) {
          image.setRGB(x + i % 8, y + i / 8, colour);
        }
      }
    }
    return image;
  }

  private static byte[] bytes(int seed, String format) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(picture(seed), format, bytes);
    return bytes.toByteArray();
  }

  private Path joined(StillPicture.Format format, double rate, int... numbers) throws Exception {
    Path file = folder.resolve("joined.mov");
    try (PicturesFile joined =
        new PicturesFile(file, new StillPicture(format, WIDTH, HEIGHT), rate)) {
      for (int number : numbers) {
        joined.add(bytes(number, format.name()), number);
      }
      joined.finish();
    }
    return file;
  }

  /** What is decoded, and the pixels of the one clip. */
  private record Decoded(VideoInfo info, byte[] pixels, List<Double> times) {}

  private static Decoded decode(Path file, ClipSpec spec) throws Exception {
    byte[] pixels = new byte[spec.clipBytes()];
    List<Double> times = new ArrayList<>();
    DecodeResult result =
        new VideoDecoder(
                spec, DecodeLimits.defaults(), new ClipBuffers(spec.clipBytes(), spec.clipBytes()))
            .decode(
                file,
                Sampling.views(1, 1),
                Optional.empty(),
                clip -> {
                  try (clip) {
                    clip.pixels().get(0, pixels);
                  }
                },
                times::addAll);
    assertThat(result).isInstanceOf(DecodeResult.Decoded.class);
    DecodeResult.Decoded decoded = (DecodeResult.Decoded) result;
    assertThat(decoded.complete()).as(decoded.note()).isTrue();
    return new Decoded(decoded.info(), pixels, times);
  }

  @Test
  void shouldKeepEachPixelOfPng() throws Exception {
    Decoded decoded = decode(joined(StillPicture.Format.PNG, 8, 0, 1, 2, 3), WHOLE);

    assertThat(decoded.info().codec()).isEqualTo("png");
    for (int i = 0; i < decoded.pixels().length; i++) {
      int pixel = i / 3 % (WIDTH * HEIGHT);
      int rgb =
          picture(i / (WIDTH * HEIGHT * 3)).getRGB(pixel % WIDTH, pixel / WIDTH) >> 16 - i % 3 * 8;
      if ((rgb & 0xff) != (decoded.pixels()[i] & 0xff)) {
        assertThat(decoded.pixels()[i] & 0xff).as("byte %d", i).isEqualTo(rgb & 0xff);
      }
    }
  }

  /** A file of one JPEG after the other is decoded without a container, 25 a second. */
  @Test
  void shouldDecodeJpegAsTheSameBytesAloneAre() throws Exception {
    ClipSpec spec = new ClipSpec(4, 25, 40, 32, true, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    for (int i = 0; i < 6; i++) {
      raw.write(bytes(i, "jpeg"));
    }
    Path alone = Files.write(folder.resolve("alone.mjpeg"), raw.toByteArray());

    Decoded decoded = decode(joined(StillPicture.Format.JPEG, 25, 0, 1, 2, 3, 4, 5), spec);

    assertThat(decoded.pixels()).isEqualTo(decode(alone, spec).pixels());
    assertThat(decoded.info().codec()).isEqualTo("mjpeg");
  }

  @ParameterizedTest
  @CsvSource({"30", "25", "29.97", "1", "0.5", "59.94", "1000"})
  void shouldGiveFramesTheTimesOfTheirNumbers(double rate) throws Exception {
    FrameTimes times =
        FrameTimes.of(
                joined(StillPicture.Format.JPEG, rate, 0, 1, 2, 5, 6), DecodeLimits.defaults())
            .orElseThrow();

    assertThat(times.frames()).isEqualTo(5);
    TimeRange last = times.range(3, 10).orElseThrow();
    assertThat(last.startSeconds()).isCloseTo(5 / rate, within(1e-9));
    assertThat(last.endSeconds()).isCloseTo(7 / rate, within(1 / rate));
    assertThat(times.range(1, 2).orElseThrow()).isEqualTo(new TimeRange(1 / rate, 5 / rate));
  }

  @Test
  void shouldSayThatTheDiskIsFull() throws Exception {
    Path full = Files.createSymbolicLink(folder.resolve("full.mov"), Path.of("/dev/full"));
    StillPicture like = new StillPicture(StillPicture.Format.PNG, WIDTH, HEIGHT);

    assertThatThrownBy(() -> new PicturesFile(full, like, 30).close())
        .isInstanceOf(IOException.class)
        .hasMessage(full + " cannot be written: No space left on device");
    Files.delete(full);
  }
}
