package io.clipstream.trainer.data;

import io.clipstream.model.Settings;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Random changes of a training clip that keep its label, or swap it for another: the mirror image
 * of a pan to the left is a pan to the right. All on uint8 pixels. Immutable; all threads.
 *
 * @param smallest crop, as a share of the stored short side; 0 for crops of the clip's own size,
 *     pixel by pixel
 * @param largest crop, likewise
 * @param narrowest width of a crop over its height, of those that may have another size
 * @param widest likewise
 * @param mirror class of the left-right mirror image of each class; empty if clips are not mirrored
 * @param flip likewise upside down
 * @param transpose likewise with x and y exchanged
 * @param reverse likewise played backwards
 * @param contrast contrast is multiplied by 1 - contrast to 1 + contrast
 * @param brightness up to this share of the range is added or taken away
 * @param grayscale probability of a clip without colour
 * @param operations of RandAugment that each clip goes through
 * @param magnitude of theirs, 0 to {@link PictureOperation#STEPS}
 */
public record Augmentation(
    double smallest,
    double largest,
    double narrowest,
    double widest,
    List<Integer> mirror,
    List<Integer> flip,
    List<Integer> transpose,
    List<Integer> reverse,
    double contrast,
    double brightness,
    double grayscale,
    int operations,
    int magnitude) {

  /**
   * What there is of a video to choose from.
   *
   * @param moreFrames than a clip has
   * @param width of its pictures, pixels
   * @param height of its pictures
   */
  public record Room(int moreFrames, int width, int height) {}

  /**
   * What is done to one clip.
   *
   * @param start first frame
   * @param left where the crop begins, pixels; between pixels if its size is not the clip's own
   * @param top likewise
   * @param width of the rectangle that becomes the crop, pixels
   * @param height of it
   * @param gain contrast is multiplied by it
   * @param offset added to every value
   * @param gray whether colour is taken away
   * @param operations what is done to each picture then
   */
  public record Change(
      int start,
      double left,
      double top,
      double width,
      double height,
      boolean mirror,
      boolean flip,
      boolean transpose,
      boolean reverse,
      double gain,
      double offset,
      boolean gray,
      List<PictureOperation> operations) {
    /** Of a square, without operations. */
    Change(
        int start,
        double left,
        double top,
        double size,
        boolean mirror,
        boolean flip,
        boolean transpose,
        boolean reverse,
        double gain,
        double offset,
        boolean gray) {
      this(
          start, left, top, size, size, mirror, flip, transpose, reverse, gain, offset, gray,
          List.of());
    }

    /** The clip and the crop in the middle, as serving with one view cuts them, and no change. */
    public static Change none(Room room, int crop) {
      return new Change(
          room.moreFrames / 2,
          Math.rint((room.width - crop) / 2.0),
          Math.rint((room.height - crop) / 2.0),
          crop,
          false,
          false,
          false,
          false,
          1,
          0,
          false);
    }
  }

  public static Augmentation none() {
    return new Augmentation(0, 0, 1, 1, List.of(), List.of(), List.of(), List.of(), 0, 0, 0, 0, 0);
  }

  /** Of the keys {@code augment.*}. */
  public static Augmentation from(Settings settings, List<String> labels) {
    return AugmentationReader.read(settings, labels);
  }

  /**
   * Draws what to do to a clip.
   *
   * @param crop side of the clip's own squares, pixels
   */
  Change draw(Room room, int crop, SplittableRandom random) {
    int start = random.nextInt(room.moreFrames + 1);
    double width = crop;
    double height = crop;
    double left;
    double top;
    if (largest == 0) {
      left = random.nextInt(room.width - crop + 1);
      top = random.nextInt(room.height - crop + 1);
    } else {
      double share = smallest + (largest - smallest) * random.nextDouble();
      double side = share * Math.min(room.width, room.height);
      // As large as the square, and no larger than the picture.
      double stretch = Math.sqrt(aspect(random));
      width = Math.min(room.width, side * stretch);
      height = Math.min(room.height, side / stretch);
      left = random.nextDouble() * (room.width - width);
      top = random.nextDouble() * (room.height - height);
    }
    return new Change(
        start,
        left,
        top,
        width,
        height,
        random.nextBoolean() && !mirror.isEmpty(),
        random.nextBoolean() && !flip.isEmpty(),
        random.nextBoolean() && !transpose.isEmpty(),
        random.nextBoolean() && !reverse.isEmpty(),
        1 + contrast * (2 * random.nextDouble() - 1),
        255 * brightness * (2 * random.nextDouble() - 1) + 0.0, // not -0.0
        random.nextDouble() < grayscale,
        Stream.generate(() -> PictureOperation.draw(magnitude, random)).limit(operations).toList());
  }

  /** Width over height: as often so much wider as narrower. */
  private double aspect(SplittableRandom random) {
    return narrowest == widest
        ? narrowest
        : narrowest * Math.pow(widest / narrowest, random.nextDouble());
  }

  /** The class of a changed clip: mirror, then flip, then transpose, then reverse. */
  int classOf(int original, Change change) {
    int c = change.mirror ? mirror.get(original) : original;
    c = change.flip ? flip.get(c) : c;
    c = change.transpose ? transpose.get(c) : c;
    return change.reverse ? reverse.get(c) : c;
  }
}
