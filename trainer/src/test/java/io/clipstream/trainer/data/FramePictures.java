package io.clipstream.trainer.data;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Folders of frames, each of which shows its number by how bright it is. */
public final class FramePictures {
  public static final int WIDTH = 64;
  public static final int HEIGHT = 36;

  /** Between a frame's brightness and the next one's. */
  static final int STEP = 5;

  private FramePictures() {}

  /** Writes {@code img_00001.jpg} and so on. */
  public static Path frames(Path folder, int count) throws Exception {
    for (int number = 1; number <= count; number++) {
      write(folder, "img_%05d.jpg".formatted(number), number);
    }
    return folder;
  }

  /** Writes one frame. */
  static void write(Path folder, String name, int number) throws Exception {
    write(folder, name, number, WIDTH, HEIGHT);
  }

  /** Writes one frame of a size. */
  static void write(Path folder, String name, int number, int width, int height) throws Exception {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      image.setRGB(i % width, i / width, STEP * number * 0x10101);
    }
    save(folder, name, image);
  }

  /**
   * Writes frames of noise around a level.
   *
   * @param seed of the noise
   */
  public static Path noise(Path folder, int count, int level, int seed) throws Exception {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    for (int number = 1; number <= count; number++) {
      for (int i = 0; i < WIDTH * HEIGHT; i++) {
        image.setRGB(i % WIDTH, i / WIDTH, (level + random.nextInt(40)) * 0x10101);
      }
      save(folder, "img_%05d.jpg".formatted(number), image);
    }
    return folder;
  }

  private static void save(Path folder, String name, BufferedImage image) throws Exception {
    Files.createDirectories(folder);
    String format = name.endsWith(".png") ? "png" : "jpeg";
    if (!ImageIO.write(image, format, folder.resolve(name).toFile())) {
      throw new IllegalStateException("no writer of " + format);
    }
  }

  /** The number of the frame whose brightness this byte is. */
  static int number(byte brightness) {
    return Math.round((brightness & 0xff) / (float) STEP);
  }
}
