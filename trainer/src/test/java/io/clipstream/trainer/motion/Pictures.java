package io.clipstream.trainer.motion;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/** Pictures with structure everywhere, for tests. */
public final class Pictures {
  private Pictures() {}

  /** Smooth random patches of about 24 pixels. */
  public static Picture patches(String name, int width, int height, long seed) {
    return new Picture(name, width, height, pixels(width, height, seed));
  }

  private static int[] pixels(int width, int height, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int step = 24;
    int columns = width / step + 2;
    int[][] knots = new int[3][columns * (height / step + 2)];
    for (int[] channel : knots) {
      for (int i = 0; i < channel.length; i++) {
        channel[i] = random.nextInt(256);
      }
    }
    int[] pixels = new int[width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int rgb = 0;
        for (int[] channel : knots) {
          int at = y / step * columns + x / step;
          double u = x % step / (double) step;
          double v = y % step / (double) step;
          double value =
              (channel[at] * (1 - u) + channel[at + 1] * u) * (1 - v)
                  + (channel[at + columns] * (1 - u) + channel[at + columns + 1] * u) * v;
          rgb = (rgb << 8) | (int) value;
        }
        pixels[y * width + x] = rgb;
      }
    }
    return pixels;
  }

  /** Writes picture files until training, validation and test have two each. */
  public static PictureLibrary library(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (int i = 0; i < 200; i++) {
      BufferedImage image = new BufferedImage(320, 240, BufferedImage.TYPE_INT_RGB);
      image.setRGB(0, 0, 320, 240, pixels(320, 240, i), 0, 320);
      ImageIO.write(image, "png", folder.resolve("patches-" + i + ".png").toFile());
      PictureLibrary library = PictureLibrary.open(folder);
      if (library.files().size() >= 6 && hasTwoOfEach(library)) {
        return library;
      }
    }
    throw new IllegalStateException("the hash of names leaves a part out");
  }

  private static boolean hasTwoOfEach(PictureLibrary library) {
    for (PictureLibrary.Part part : PictureLibrary.Part.values()) {
      try {
        if (library.part(part).size() < 2) {
          return false;
        }
      } catch (IllegalArgumentException e) {
        return false;
      }
    }
    return true;
  }
}
