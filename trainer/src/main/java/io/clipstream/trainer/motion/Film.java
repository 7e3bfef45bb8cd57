package io.clipstream.trainer.motion;

import java.util.ArrayList;
import java.util.List;

/**
 * Scenes with cuts between them. One thread.
 *
 * <p>A cut is sudden, a dissolve, or goes through black.
 */
final class Film implements Footage {
  /** When cuts are, as shares of what a clip shows: on both sides a clip has pictures of it. */
  private static final double EARLIEST = 0.05;

  private static final double LATEST = 0.85;

  /**
   * Two scenes differ by at least this much of the range of values, or no one could see the cut.
   */
  private static final double LEAST_CHANGE = 0.07;

  private static final int MOST_DRAWS = 12;

  /**
   * From one scene to the next.
   *
   * @param start seconds
   * @param length seconds, 0 if it is sudden
   * @param black whether the picture is black in between
   */
  private record Cut(double start, double length, boolean black) {
    /** Share of the next scene. */
    double share(double t) {
      return length == 0 ? (t < start ? 0 : 1) : Math.max(0, Math.min(1, (t - start) / length));
    }
  }

  private final List<Scene> scenes;
  private final List<Cut> cuts;

  private Film(List<Scene> scenes, List<Cut> cuts) {
    this.scenes = List.copyOf(scenes);
    this.cuts = List.copyOf(cuts);
  }

  /** With one cut in the middle of the video that a clip shows, or two. */
  static Film cut(
      MotionDataSpec spec,
      List<Picture> pictures,
      int width,
      int height,
      double seconds,
      double framesPerSecond,
      Dice dice) {
    List<Cut> cuts = cuts(spec.spanSeconds(), seconds, dice.split());
    boolean alike = dice.chance(0.6);
    List<Scene> scenes = new ArrayList<>();
    byte[] before = new byte[width * height * 3];
    byte[] after = new byte[width * height * 3];
    for (int i = 0; i <= cuts.size(); i++) {
      Scene scene = null;
      for (int draw = 0; draw < MOST_DRAWS; draw++) {
        CameraMotion motion = motion(dice);
        // Some cuts are to another view of the same, but none is from or to a swing: that could be
        // the way there.
        boolean again = i > 0 && dice.chance(0.15) && !scenes.get(i - 1).swings();
        scene =
            Scene.random(
                motion,
                spec,
                again ? spec.rarities().withoutSwings() : spec.rarities().inFilms(),
                again ? List.of(scenes.get(i - 1).background()) : pictures,
                width,
                height,
                seconds,
                framesPerSecond,
                dice.split());
        if (i == 0) {
          break;
        }
        if (alike) {
          scene.finishAs(scenes.get(0));
        }
        scenes.get(i - 1).render(cuts.get(i - 1).start, before);
        scene.render(cuts.get(i - 1).start + cuts.get(i - 1).length, after);
        if (difference(before, after) >= LEAST_CHANGE) {
          break;
        }
      }
      scenes.add(scene);
    }
    return new Film(scenes, cuts);
  }

  /** A camera at rest as often as not, as most cameras between cuts are. */
  private static CameraMotion motion(Dice dice) {
    return dice.chance(0.5)
        ? CameraMotion.STATIC
        : CameraMotion.values()[dice.below(CameraMotion.CUT.ordinal())];
  }

  private static List<Cut> cuts(double span, double seconds, Dice dice) {
    double lead = (seconds - span) / 2;
    double length = dice.maybe(0.25, dice.uniform(0.15, 0.8));
    boolean black = length > 0 && dice.chance(0.3);
    double first = dice.uniform(EARLIEST, LATEST);
    double second = dice.uniform(EARLIEST, LATEST);
    boolean two = length == 0 && Math.abs(first - second) > 0.2 && dice.chance(0.2);
    if (two) {
      return List.of(
          new Cut(lead + span * Math.min(first, second), 0, false),
          new Cut(lead + span * Math.max(first, second), 0, false));
    }
    // The middle of one that takes its time is drawn, and at least half of it is in the clip.
    return List.of(new Cut(lead + span * first - length / 2, length, black));
  }

  private static double difference(byte[] one, byte[] other) {
    long sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += Math.abs((one[i] & 0xff) - (other[i] & 0xff));
    }
    return sum / (255.0 * one.length);
  }

  @Override
  public String source() {
    return scenes.get(0).source();
  }

  @Override
  public void render(double t, byte[] out) {
    int scene = 0;
    while (scene < cuts.size() && cuts.get(scene).share(t) == 1) {
      scene++;
    }
    double share = scene < cuts.size() ? cuts.get(scene).share(t) : 0;
    if (share == 0) {
      scenes.get(scene).render(t, out);
    } else if (cuts.get(scene).black) {
      scenes.get(share < 0.5 ? scene : scene + 1).render(t, out);
      Fade.darken(Math.abs(2 * share - 1), out);
    } else {
      byte[] next = new byte[out.length];
      scenes.get(scene).render(t, out);
      scenes.get(scene + 1).render(t, next);
      for (int i = 0; i < out.length; i++) {
        out[i] = (byte) Math.round((1 - share) * (out[i] & 0xff) + share * (next[i] & 0xff));
      }
    }
  }
}
