package io.clipstream.model.clip;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Real video files whose pictures show their own number, so that a test can tell exactly which
 * frame became which sample of a clip.
 *
 * <p>The centre square of the displayed picture is a grid of 4 x 4 cells. The corners tell which
 * way is up: red, green, blue and white from the top left, row by row. The other twelve cells are
 * the bits of the number, the lowest first, white for 1. Beside (or above and below) the square the
 * picture is dark grey on the left or top and light grey on the right or bottom.
 */
public final class TestVideos {
  private static final int[][] CORNERS = {
    {220, 30, 30}, {30, 220, 30}, {30, 30, 220}, {225, 225, 225}
  };
  private static final int[] CORNER_CELLS = {0, 3, 12, 15};

  private TestVideos() {}

  /** A clip of T frames at a rate, short side 128, crop 112. */
  public static ClipSpec spec(int frames, double framesPerSecond) {
    return new ClipSpec(
        frames, framesPerSecond, 128, 112, true, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
  }

  /** Writes frames 0, 1, ... */
  public static Path write(Path file, VideoEncoder.Settings settings, int frames)
      throws IOException {
    return write(file, settings, LongStream.range(0, frames).toArray());
  }

  /** Writes one frame per time, in ticks of the settings' rate. */
  public static Path write(Path file, VideoEncoder.Settings settings, long[] times)
      throws IOException {
    try (VideoEncoder encoder = new VideoEncoder(file, settings)) {
      for (int i = 0; i < times.length; i++) {
        encoder.add(picture(i, settings), times[i]);
      }
    }
    return file;
  }

  /** The stored picture, RGB uint8 {@code [height, width, 3]}, that displays this number. */
  public static ByteBuffer picture(int number, VideoEncoder.Settings settings) {
    int width = settings.width();
    int height = settings.height();
    double aspect = settings.aspectNumerator() / (double) settings.aspectDenominator();
    boolean swap = settings.rotation() % 180 != 0;
    double shownWidth = swap ? height : width * aspect;
    double shownHeight = swap ? width * aspect : height;
    double side = Math.min(shownWidth, shownHeight);
    ByteBuffer pixels = ByteBuffer.allocateDirect(width * height * 3);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double across = (x + 0.5) * aspect;
        double down = y + 0.5;
        double left;
        double top;
        switch (settings.rotation()) {
          case 90 -> {
            left = shownWidth - down;
            top = across;
          }
          case 180 -> {
            left = shownWidth - across;
            top = shownHeight - down;
          }
          case 270 -> {
            left = down;
            top = shownHeight - across;
          }
          default -> {
            left = across;
            top = down;
          }
        }
        int[] colour =
            colour(
                number,
                (left - (shownWidth - side) / 2) / side,
                (top - (shownHeight - side) / 2) / side);
        pixels.put((byte) colour[0]).put((byte) colour[1]).put((byte) colour[2]);
      }
    }
    return pixels.flip();
  }

  private static int[] colour(int number, double x, double y) {
    if (x < 0 || y < 0) {
      return new int[] {60, 60, 60};
    }
    if (x >= 1 || y >= 1) {
      return new int[] {190, 190, 190};
    }
    int row = (int) (y * 4);
    int cell = row * 4 + (int) (x * 4);
    int bit = 0;
    for (int c = 0; c < cell; c++) {
      bit += isCorner(c) ? 0 : 1;
    }
    for (int c = 0; c < 4; c++) {
      if (CORNER_CELLS[c] == cell) {
        return CORNERS[c];
      }
    }
    int level = (number >> bit & 1) == 1 ? 230 : 25;
    return new int[] {level, level, level};
  }

  private static boolean isCorner(int cell) {
    return cell == 0 || cell == 3 || cell == 12 || cell == 15;
  }

  /** The numbers of the frames that a clip with the centre crop shows. */
  public static int[] numbers(Clip clip, ClipSpec spec) {
    int[] numbers = new int[spec.frames()];
    for (int t = 0; t < numbers.length; t++) {
      numbers[t] = number(clip.pixels(), t, spec);
    }
    return numbers;
  }

  private static int number(ByteBuffer pixels, int t, ClipSpec spec) {
    int number = 0;
    int bit = 0;
    for (int cell = 0; cell < 16; cell++) {
      if (!isCorner(cell)) {
        int[] colour = at(pixels, t, spec, cell);
        number |= (colour[0] + colour[1] + colour[2] > 3 * 127 ? 1 : 0) << bit++;
      }
    }
    return number;
  }

  /** Whether the corners of a sample with the centre crop have their colours. */
  public static boolean isUpright(Clip clip, int t, ClipSpec spec) {
    for (int c = 0; c < 4; c++) {
      int[] colour = at(clip.pixels(), t, spec, CORNER_CELLS[c]);
      for (int channel = 0; channel < 3; channel++) {
        if (Math.abs(colour[channel] - CORNERS[c][channel]) > 60) {
          return false;
        }
      }
    }
    return true;
  }

  /** Average colour in the middle of a cell. */
  static int[] at(ByteBuffer pixels, int t, ClipSpec spec, int cell) {
    int width = spec.crop().width();
    int height = spec.crop().height();
    int side = spec.shortSide();
    int row = cell / 4;
    int x = (int) ((cell % 4 + 0.5) / 4 * side + (width - side) / 2.0);
    int y = (int) ((row + 0.5) / 4 * side + (height - side) / 2.0);
    int[] sum = new int[3];
    for (int dy = -2; dy <= 2; dy++) {
      for (int dx = -2; dx <= 2; dx++) {
        int at = ((t * height + y + dy) * width + x + dx) * 3;
        for (int channel = 0; channel < 3; channel++) {
          sum[channel] += pixels.get(at + channel) & 0xff;
        }
      }
    }
    return new int[] {sum[0] / 25, sum[1] / 25, sum[2] / 25};
  }

  /** Writes 60 frames at 30 a second without loss, to be encoded by other programs: FILE.mkv. */
  public static void main(String[] arguments) throws IOException {
    VideoEncoder.Settings settings = VideoEncoder.Settings.of("ffv1", 128, 96, 30);
    write(Path.of(arguments[0]), settings, 60);
  }
}
