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
    RESTS,
    /** Once across the picture, evenly: it comes in and goes out, if the time is enough. */
    CROSSES,
    /** From rest to rest over a way that takes long, upwards or downwards more often than not. */
    RISES
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
    double speed =
        switch (manner) {
          case DRIFTS -> dice.maybe(0.85, dice.logUniform(0.02, 0.9));
          case CROSSES -> dice.logUniform(0.15, 3);
          default -> 0;
        };
    double direction =
        manner == Manner.CROSSES ? alongAxis(0.7, dice) : dice.uniform(0, 2 * Math.PI);
    speedX = speed * Math.cos(direction);
    speedY = speed * Math.sin(direction);
    if (manner == Manner.RISES) {
      double length = dice.logUniform(0.1, 1.2);
      double to = alongAxis(0.25, dice);
      double duration = dice.uniform(0.5, 1) * seconds;
      hops =
          new Hop[] {
            new Hop(
                dice.uniform(-0.3 * seconds, seconds - 0.7 * duration),
                duration,
                length * Math.cos(to),
                length * Math.sin(to))
          };
    } else {
      hops = hops(manner == Manner.HOPS ? 1 + dice.below(5) : 0, seconds, dice);
    }
    sway = manner == Manner.RESTS ? 0 : dice.maybe(0.4, dice.logUniform(0.005, 0.08));
    swayX = new SmoothNoise(dice, 0.3, 2);
    swayY = new SmoothNoise(dice, 0.3, 2);
  }

  private static Hop[] hops(int count, double seconds, Dice dice) {
    Hop[] hops = new Hop[count];
    for (int i = 0; i < count; i++) {
      double length = dice.logUniform(0.02, 0.5);
      double to = dice.uniform(0, 2 * Math.PI);
      hops[i] =
          new Hop(
              dice.uniform(-0.2, seconds),
              dice.logUniform(0.1, 0.7),
              length * Math.cos(to),
              length * Math.sin(to));
    }
    return hops;
  }

  /** A direction near one of the four axes: across in the given share, else up or down. */
  private static double alongAxis(double across, Dice dice) {
    double axis = dice.chance(across) ? 0 : Math.PI / 2;
    return axis + (dice.chance(0.5) ? Math.PI : 0) + dice.uniform(-0.35, 0.35);
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
