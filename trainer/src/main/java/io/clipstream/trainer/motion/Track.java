package io.clipstream.trainer.motion;

/**
 * Where a thing is over time. Positions are short sides of the frame, speeds are a second.
 * Immutable; all threads.
 */
final class Track {
  /** How a thing moves. */
  enum Manner {
    /** Evenly; it may sway. */
    DRIFTS,
    /** By sudden moves from rest to rest, as a thing does that a hand pushes; it may sway. */
    HOPS,
    /** Not at all. */
    RESTS
  }

  /**
   * A sudden move from one place of rest to the next.
   *
   * @param start seconds
   * @param duration seconds
   */
  private record Hop(double start, double duration, double x, double y) {
    /** Share of the move that is done: starts and ends softly. */
    double done(double t) {
      double share = Math.max(0, Math.min(1, (t - start) / duration));
      return share * share * (3 - 2 * share);
    }
  }

  private final Manner manner;
  private final double startX;
  private final double startY;
  private final double speedX;
  private final double speedY;
  private final double startTime;
  private final Hop[] hops;
  private final double sway;
  private final SmoothNoise swayX;
  private final SmoothNoise swayY;

  /**
   * Draws a track.
   *
   * @param x place at some moment of the video
   * @param y likewise
   * @param seconds length of the video
   */
  Track(double x, double y, double seconds, Manner manner, Dice dice) {
    this.manner = manner;
    startX = x;
    startY = y;
    startTime = dice.uniform(0, seconds);
    double speed = manner == Manner.DRIFTS ? dice.maybe(0.85, dice.logUniform(0.02, 0.9)) : 0;
    double direction = dice.uniform(0, 2 * Math.PI);
    speedX = speed * Math.cos(direction);
    speedY = speed * Math.sin(direction);
    hops = new Hop[manner == Manner.HOPS ? 1 + dice.below(5) : 0];
    for (int i = 0; i < hops.length; i++) {
      double length = dice.logUniform(0.02, 0.5);
      double to = dice.uniform(0, 2 * Math.PI);
      hops[i] =
          new Hop(
              dice.uniform(-0.2, seconds),
              dice.logUniform(0.1, 0.7),
              length * Math.cos(to),
              length * Math.sin(to));
    }
    sway = manner == Manner.RESTS ? 0 : dice.maybe(0.4, dice.logUniform(0.005, 0.08));
    swayX = new SmoothNoise(dice, 0.3, 2);
    swayY = new SmoothNoise(dice, 0.3, 2);
  }

  /** Whether it never moves, whatever the time. */
  boolean rests() {
    return manner == Manner.RESTS;
  }

  double x(double t) {
    double x = startX + speedX * (t - startTime) + sway * swayX.at(t);
    for (Hop hop : hops) {
      x += hop.x * hop.done(t);
    }
    return x;
  }

  double y(double t) {
    double y = startY + speedY * (t - startTime) + sway * swayY.at(t);
    for (Hop hop : hops) {
      y += hop.y * hop.done(t);
    }
    return y;
  }
}
