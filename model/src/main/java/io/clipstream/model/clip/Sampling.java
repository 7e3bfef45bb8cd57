package io.clipstream.model.clip;

import io.clipstream.model.UserError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which frames of a video become clips, and which parts are cut from them. Computed by {@link
 * ClipSampler}, where the formulas are.
 */
public sealed interface Sampling {
  /** Most clips of a video. */
  int MAX_CLIPS = 10_000;

  /** Crops of every frame: 1 (centre) or 3 along the axis that has room, mostly the longer. */
  int crops();

  /** What happens at the end of a video that is shorter than a clip. */
  Padding padding();

  /** How a video that is shorter than a clip fills it. */
  enum Padding {
    /**
     * Frames start again from the first: MMAction2 {@code SampleFrames(out_of_bound_opt='loop')},
     * PaddleVideo {@code Sampler}.
     */
    LOOP,
    /** The last frame stays: MMAction2 {@code SampleFrames(out_of_bound_opt='repeat_last')}. */
    REPEAT_LAST
  }

  /**
   * Clips at an even spacing from the first frame to the last.
   *
   * @param hopSeconds least time between the starts of two clips; 0: one clip after the other
   *     without overlap
   * @param maxClips most clips; where there would be more, they are spaced further apart
   */
  record Sliding(double hopSeconds, int maxClips, Padding padding) implements Sampling {
    public Sliding {
      if (!(hopSeconds >= 0 && hopSeconds <= 1e7)) {
        throw new IllegalArgumentException("hopSeconds is " + hopSeconds + ", expected 0 to 1e7");
      }
      checkClips(maxClips);
    }

    @Override
    public int crops() {
      return 1;
    }
  }

  /**
   * Clips of adjacent samples, each in the middle of one of as many equal parts of the video: the
   * test protocol of Video Swin Transformer and most others.
   *
   * @param clips along time
   * @param crops 1 or 3
   */
  record Dense(int clips, int crops, Padding padding) implements Sampling {
    public Dense {
      checkClips(clips);
      checkCrops(crops);
    }
  }

  /**
   * Every clip shows the whole video: one frame of each of T equal segments, whatever the rate.
   *
   * @param clips with different frames of the segments
   * @param crops 1 or 3
   */
  record Uniform(int clips, int crops, Padding padding) implements Sampling {
    public Uniform {
      checkClips(clips);
      checkCrops(crops);
    }
  }

  /**
   * Clips at random places, as in training: one in each of as many equal parts of the video.
   *
   * @param clips along time
   * @param seed of the places; the same seed gives the same clips
   */
  record Random(int clips, long seed, Padding padding) implements Sampling {
    public Random {
      checkClips(clips);
    }

    @Override
    public int crops() {
      return 1;
    }
  }

  /** Clip after clip without overlap, at most {@code maxClips}; then they are spread out. */
  static Sampling sliding(int maxClips) {
    return new Sliding(0, maxClips, Padding.LOOP);
  }

  /** The test protocol: 1 x 1 is one centre view, 4 x 3 Video-Swin's. */
  static Dense views(int clips, int crops) {
    return new Dense(clips, crops, Padding.LOOP);
  }

  /**
   * The view protocol that a manifest, a command line or an evaluation names: {@code 1} is one
   * centre view, {@code 4x3} four clips of three crops each.
   *
   * @throws UserError if the text is none
   */
  static Dense parseViews(String text) {
    Matcher matcher = Pattern.compile("(\\d{1,5})(?:x([13]))?").matcher(text);
    int clips = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    if (clips < 1 || clips > MAX_CLIPS) {
      throw new UserError(
          "views is '"
              + text
              + "', expected 1 to "
              + MAX_CLIPS
              + " clips, or clips x crops (1 or 3), such as 1 or 4x3");
    }
    return views(clips, matcher.group(2) == null ? 1 : Integer.parseInt(matcher.group(2)));
  }

  /** One random clip. */
  static Sampling random(long seed) {
    return new Random(1, seed, Padding.LOOP);
  }

  private static void checkClips(int clips) {
    if (clips < 1 || clips > MAX_CLIPS) {
      throw new IllegalArgumentException("clips is " + clips + ", expected 1 to " + MAX_CLIPS);
    }
  }

  private static void checkCrops(int crops) {
    if (crops != 1 && crops != 3) {
      throw new IllegalArgumentException("crops is " + crops + ", expected 1 or 3");
    }
  }
}
