package io.clipstream.trainer.motion;

/** The shape of a thing: a circle or a square with ripples, one of which may travel around it. */
final class Outline {
  private static final int[] RIPPLES = {2, 3, 5};

  /** The ripple that travels, as limbs move. */
  private static final int LIMBS = 3;

  private final double radius;
  private final boolean square;
  private final double[] ripple = new double[RIPPLES.length];
  private final double[] phase = new double[RIPPLES.length];
  private final double limbs;

  /**
   * Draws a shape.
   *
   * @param radius of a circle, half the side of a square, in short sides
   * @param moves whether its limbs move
   */
  Outline(double radius, boolean square, boolean moves, Dice dice) {
    this.radius = radius;
    this.square = square;
    for (int k = 0; k < RIPPLES.length; k++) {
      ripple[k] = radius * dice.uniform(0, (square ? 0.08 : 0.25) / (RIPPLES[k] - 1));
      phase[k] = dice.uniform(0, 2 * Math.PI);
    }
    limbs = moves ? dice.uniform(0, 4) : 0;
  }

  /** No point of it is farther from its centre. */
  double reach() {
    return radius * 1.6;
  }

  /**
   * How far inside a point is, in short sides; negative outside.
   *
   * @param x from the centre
   * @param y from the centre
   * @param margin beyond {@link #reach} where the answer is minus infinity
   */
  double inside(double x, double y, double t, double margin) {
    // A square's outline is where the sum of the fourth powers, instead of squares, is constant.
    double squares = x * x + y * y;
    double distance =
        square ? Math.sqrt(Math.sqrt(squares * squares - 2 * x * x * y * y)) : Math.sqrt(squares);
    if (distance > reach() + margin) {
      return Double.NEGATIVE_INFINITY;
    }
    double angle = Math.atan2(y, x);
    double edge = radius;
    for (int k = 0; k < RIPPLES.length; k++) {
      double turned = phase[k] + (RIPPLES[k] == LIMBS ? limbs * t : 0);
      edge += ripple[k] * Math.cos(RIPPLES[k] * angle + turned);
    }
    return edge - distance;
  }
}
