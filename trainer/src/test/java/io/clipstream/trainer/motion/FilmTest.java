package io.clipstream.trainer.motion;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FilmTest {
  private static final int SIDE = 48;
  private static final double RATE = 25;
  private static final double SECONDS = 2.4;
  private static final double SPAN = 2;
  private static final List<Picture> PICTURES =
      List.of(
          Pictures.patches("a", 900, 700, 1),
          Pictures.patches("b", 700, 900, 2),
          Pictures.patches("c", 700, 900, 3));
  private static final MotionDataSpec SPEC =
      new MotionDataSpec(
          1,
          SECONDS,
          SECONDS,
          SPAN,
          SIDE,
          SIDE,
          List.of(1.0),
          new MotionRanges(0.08, 0.6, 0.14, 0.8, 0.14, 1.05, 0.012, 0.06, 0.2, 0.006, 0.0022, 0.02),
          Rarities.NONE,
          true,
          Map.of());

  @Test
  void shouldGiveSomeLabelsTwoTurns() {
    MotionDataSpec.Part part =
        new MotionDataSpec.Part(
            13,
            Set.of(CameraMotion.STATIC, CameraMotion.CUT),
            PictureLibrary.Part.TRAIN,
            List.of(),
            List.of(),
            1,
            1);

    assertThat(SPEC.turns(part))
        .hasSize(13)
        .containsAll(SPEC.motions())
        .endsWith(CameraMotion.STATIC, CameraMotion.CUT);
  }

  @Test
  void shouldShowAnotherPictureWithinWhatAClipShows() {
    for (int seed = 0; seed < 40; seed++) {
      Film film = film(seed);
      double lead = (SECONDS - SPAN) / 2;

      byte[] first = frame(film, lead);
      byte[] last = frame(film, lead + SPAN * 15 / 16);

      assertThat(difference(first, last)).as("seed " + seed).isGreaterThan(0.05);
    }
  }

  @Test
  void shouldCutSuddenlyMoreOftenThanNot() {
    int sudden = 0;
    for (int seed = 0; seed < 40; seed++) {
      sudden += largestStep(film(seed)) > 0.06 ? 1 : 0;
    }

    assertThat(sudden).isBetween(25, 39);
  }

  @Test
  void shouldDrawTheSameFramesAgain() {
    assertThat(frame(film(5), 1.5)).isEqualTo(frame(film(5), 1.5));
    assertThat(frame(film(5), 1.5)).isNotEqualTo(frame(film(6), 1.5));
  }

  /** Most that changes from one frame to the next. */
  private static double largestStep(Film film) {
    double largest = 0;
    byte[] before = frame(film, 0);
    for (int i = 1; i / RATE < SECONDS; i++) {
      byte[] frame = frame(film, i / RATE);
      largest = Math.max(largest, difference(before, frame));
      before = frame;
    }
    return largest;
  }

  @Test
  void shouldShowAnotherPictureAlsoBesideSwings() {
    MotionDataSpec swung =
        new MotionDataSpec(
            1,
            SECONDS,
            SECONDS,
            SPAN,
            SIDE,
            SIDE,
            SPEC.aspects(),
            SPEC.ranges(),
            new Rarities(1, 0.7, 5, 0, 0, 0),
            true,
            Map.of());
    for (int seed = 0; seed < 40; seed++) {
      Film film = Film.cut(swung, PICTURES, SIDE, SIDE, SECONDS, RATE, new Dice(seed, 7));
      double lead = (SECONDS - SPAN) / 2;

      assertThat(difference(frame(film, lead), frame(film, lead + SPAN * 15 / 16)))
          .as("seed " + seed)
          .isGreaterThan(0.05);
    }
  }

  private static Film film(int seed) {
    return Film.cut(SPEC, PICTURES, SIDE, SIDE, SECONDS, RATE, new Dice(seed, 7));
  }

  private static byte[] frame(Film film, double t) {
    byte[] frame = new byte[SIDE * SIDE * 3];
    film.render(t, frame);
    return frame;
  }

  private static double difference(byte[] one, byte[] other) {
    long sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += Math.abs((one[i] & 0xff) - (other[i] & 0xff));
    }
    return sum / (255.0 * one.length);
  }
}
