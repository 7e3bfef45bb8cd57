package io.clipstream.trainer.motion;

import java.util.List;

/**
 * A part of the screen that shows something else for a while, such as a window that opens or a
 * picture in a picture: at once or within a few tenths of a second, while all around it stays. What
 * it shows may run, or change as suddenly. Keeps to the screen.
 */
final class Inset {
  private static final int FRAME_COLOR = 0x606060;

  private final double centreX;
  private final double centreY;
  private final double halfWidth;
  private final double halfHeight;
  private final double opens;
  private final double closes;
  private final double opening;
  private final double changes;
  private final double border;
  private final Picture[] pictures = new Picture[2];
  private final double[] originX = new double[2];
  private final double[] originY = new double[2];
  private final double[] size = new double[2];
  private final double runX;
  private final double runY;

  /**
   * Draws one.
   *
   * @param share of the square in the middle of the screen that it covers if it lies there
   * @param width of the screen over its short side
   * @param height likewise
   * @param seconds length of the video
   */
  Inset(
      List<Picture> choice, double share, double width, double height, double seconds, Dice dice) {
    double shape = Math.exp(dice.uniform(-0.6, 0.6));
    halfWidth = Math.min(0.95, Math.sqrt(share * shape)) / 2;
    halfHeight = Math.min(0.95, Math.sqrt(share / shape)) / 2;
    // Near the middle of wide screens, of which clips show a square.
    centreX = dice.uniform(-1, 1) * Math.min(0.55, width / 2 - halfWidth);
    centreY = dice.uniform(-1, 1) * Math.min(0.55, height / 2 - halfHeight);
    boolean there = dice.chance(0.25);
    opens = there ? Double.NEGATIVE_INFINITY : dice.uniform(0.1, 0.8) * seconds;
    closes =
        dice.chance(there ? 0.6 : 0.3)
            ? (there ? dice.uniform(0.2, 0.85) * seconds : opens + dice.uniform(0.15, 1.2))
            : Double.POSITIVE_INFINITY;
    opening = dice.maybe(0.4, dice.uniform(0.08, 0.35));
    changes = dice.chance(0.4) ? dice.uniform(0.1, 0.85) * seconds : Double.POSITIVE_INFINITY;
    border = dice.maybe(0.5, dice.uniform(0.004, 0.015));
    for (int i = 0; i < 2; i++) {
      pictures[i] = dice.chance(0.4) ? Sheet.random(dice.split()) : dice.pick(choice);
      size[i] = Math.max(pictures[i].width(), pictures[i].height()) * dice.uniform(0.2, 0.8);
      originX[i] = pictures[i].width() * dice.uniform(0.3, 0.7);
      originY[i] = pictures[i].height() * dice.uniform(0.3, 0.7);
    }
    boolean runs = dice.chance(0.3);
    double speed = dice.logUniform(0.05, 0.8) * (dice.chance(0.5) ? 1 : -1);
    boolean down = dice.chance(0.7);
    runX = runs && !down ? speed : 0;
    runY = runs && down ? speed : 0;
  }

  /**
   * Paints it over a frame.
   *
   * @param frame packed 0xRRGGBB {@code [height, width]}
   */
  void draw(double t, int width, int height, int[] frame) {
    double grown = grown(t);
    if (grown == 0) {
      return;
    }
    double shortSide = Math.min(width, height);
    int left = (int) ((centreX - grown * halfWidth) * shortSide + width / 2.0);
    int right = (int) ((centreX + grown * halfWidth) * shortSide + width / 2.0);
    int top = (int) ((centreY - grown * halfHeight) * shortSide + height / 2.0);
    int bottom = (int) ((centreY + grown * halfHeight) * shortSide + height / 2.0);
    int edge = (int) Math.ceil(border * shortSide);
    int i = t < changes ? 0 : 1;
    Picture.Sampler picture = pictures[i].sampler(size[i] / shortSide);
    for (int y = Math.max(0, top); y < Math.min(height, bottom); y++) {
      double v = (y + 0.5 - height / 2.0) / shortSide - centreY + runY * t;
      for (int x = Math.max(0, left); x < Math.min(width, right); x++) {
        boolean inner =
            x >= left + edge && x < right - edge && y >= top + edge && y < bottom - edge;
        double u = (x + 0.5 - width / 2.0) / shortSide - centreX + runX * t;
        frame[y * width + x] =
            inner ? picture.at(originX[i] + size[i] * u, originY[i] + size[i] * v) : FRAME_COLOR;
      }
    }
  }

  /** Share of its sides that is there. */
  private double grown(double t) {
    if (t < opens || t >= closes) {
      return 0;
    }
    return opening == 0 ? 1 : Math.min(1, (t - opens) / opening);
  }
}
