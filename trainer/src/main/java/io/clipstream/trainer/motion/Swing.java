package io.clipstream.trainer.motion;

/**
 * How a camera is swung: speed over time, as a share of the fastest. Draws only.
 *
 * <p>A swing in one direction goes by at least {@value #LEAST_WAY} short sides, most of them within
 * what a clip shows, and never back; one to and fro ends near where it began.
 */
final class Swing {
  /** Least way of a swing in one direction that is not at its fastest all the time. */
  static final double LEAST_WAY = 0.4;

  /** No burst is shorter, in seconds: two frames of a clip of 8 a second are in it. */
  private static final double SHORTEST = 0.25;

  /** Of what a clip shows: bursts begin and end within, but some that are alone. */
  private static final double LEAD = 0.06;

  private static final double TAIL = 0.12;

  /**
   * A part of a swing: the speed rises, stays, and falls.
   *
   * @param start seconds
   * @param duration seconds
   * @param ease share of the duration that it takes to rise, and to fall: to 0.5
   * @param height the fastest speed; negative: backwards
   */
  record Burst(double start, double duration, double ease, double height) {
    double speed(double t) {
      double done = (t - start) / duration;
      if (done <= 0 || done >= 1) {
        return 0;
      }
      double edge = Math.min(1, Math.min(done, 1 - done) / ease);
      return height * edge * edge * (3 - 2 * edge);
    }
  }

  private Swing() {}

  /**
   * One burst or two in one direction, from and to rest or a slow motion in the same direction.
   *
   * @param peak fastest speed, short sides a second
   * @param slow slow speed between them, as a share of the peak
   * @return speeds at the middles of the steps
   */
  static double[] onward(
      double peak,
      double slow,
      double lead,
      double span,
      int steps,
      double stepsPerSecond,
      Dice dice) {
    double from = lead + LEAD * span;
    double room = span * (1 - LEAD - TAIL);
    int count = dice.chance(0.75) ? 1 : 2;
    Burst[] bursts = new Burst[count];
    for (int i = 0; i < count; i++) {
      double ease = dice.uniform(0.25, 0.5);
      double way = dice.logUniform(LEAST_WAY, 2.5);
      double duration = Math.max(SHORTEST, Math.min(room / count, way / (peak * (1 - ease))));
      // Some have begun before the clip does, or last longer: more than half of the way is in it.
      boolean outside = count == 1 && dice.chance(0.3);
      double start =
          outside
              ? dice.chance(0.5)
                  ? lead - dice.uniform(0.1, 0.4) * duration
                  : lead + span * (1 - TAIL / 2) - dice.uniform(0.6, 0.9) * duration
              : from + i * room / count + dice.uniform(0, room / count - duration);
      bursts[i] = new Burst(start, duration, ease, 1);
    }
    double[] speeds = new double[steps];
    for (int i = 0; i < steps; i++) {
      double speed = slow;
      for (Burst burst : bursts) {
        speed = Math.max(speed, burst.speed((i + 0.5) / stepsPerSecond));
      }
      speeds[i] = speed;
    }
    return speeds;
  }

  /**
   * From a place to others and back.
   *
   * @param peak fastest speed, short sides a second
   * @return speeds at the middles of the steps
   */
  static double[] toAndFro(
      double peak, double lead, double span, int steps, double stepsPerSecond, Dice dice) {
    double from = lead + LEAD * span;
    double room = span * (1 - LEAD - TAIL);
    int count = 2 + dice.below(3);
    // Odd bursts lead away, even ones back; of three, the second leads past the place of rest.
    double away = dice.logUniform(0.2, 1);
    double[] speeds = new double[steps];
    double place = 0;
    for (int k = 0; k < count; k++) {
      boolean last = k == count - 1;
      double to =
          last || (count != 3 && k % 2 == 1)
              ? dice.uniform(-0.15, 0.15)
              : (k % 2 == 0 ? 1 : -1) * dice.uniform(0.8, 1.1);
      double way = Math.abs(to - place) * away;
      double ease = dice.uniform(0.3, 0.5);
      double slot = room / count;
      double duration =
          Math.max(SHORTEST, Math.min(slot * dice.uniform(0.7, 1), way / (peak * (1 - ease))));
      Burst burst =
          new Burst(
              from + k * slot + dice.uniform(0, slot - duration),
              duration,
              ease,
              Math.signum(to - place) * Math.min(1, way / (duration * (1 - ease) * peak)));
      for (int i = 0; i < steps; i++) {
        speeds[i] += burst.speed((i + 0.5) / stepsPerSecond);
      }
      place +=
          Math.signum(to - place) * Math.abs(burst.height * peak * duration * (1 - ease)) / away;
    }
    return speeds;
  }
}
