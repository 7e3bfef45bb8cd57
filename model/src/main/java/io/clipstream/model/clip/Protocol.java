package io.clipstream.model.clip;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/**
 * Whose published rules say where clips begin and where crops lie: accuracies hold for the rules
 * that they were measured with, and those differ by a pixel here and some frames there.
 */
public enum Protocol {
  /**
   * torchvision {@code resize}, {@code center_crop}: the longer side is rounded down, the centre to
   * the nearest pixel, halves to even. It has no three crops and no several clips: ours are at
   * {@code 0, ceil(room / 2), room}, clips in the middle of equal parts.
   */
  TORCHVISION("torchvision", false, false),

  /**
   * PaddleVideo {@code Scale(do_round=True)}, {@code CenterCrop(do_round=False)}, {@code
   * UniformCrop}, {@code Sampler}: the longer side is rounded to the nearest pixel, crops are at
   * {@code 0, floor(room / 2), 2 floor(room / 2)}, clips in the middle of equal parts.
   */
  PADDLEVIDEO("paddlevideo", true, false),

  /**
   * MMAction2 before 1.0, and Video-Swin-Transformer: {@code Resize}, {@code CenterCrop}, {@code
   * ThreeCrop}, {@code SampleFrames}, as PaddleVideo's.
   */
  MMACTION2_0("mmaction2-0.x", true, false),

  /**
   * MMAction2 since 1.0: the same, but the first clip begins the video and the last one ends it.
   */
  MMACTION2_1("mmaction2-1.x", true, true);

  private final String title;
  private final boolean rounds;
  private final boolean endToEnd;

  Protocol(String title, boolean rounds, boolean endToEnd) {
    this.title = title;
    this.rounds = rounds;
    this.endToEnd = endToEnd;
  }

  /** The one that manifests and recipes call so; empty if there is none. */
  public static Optional<Protocol> named(String title) {
    return Arrays.stream(values()).filter(protocol -> protocol.title.equals(title)).findAny();
  }

  /** As manifests and recipes write it. */
  @JsonValue
  public String title() {
    return title;
  }

  /** Whole pixels of a side that scaling makes so long. */
  double side(double scaled) {
    return Math.floor(rounds ? scaled + 0.5 : scaled + 1e-6);
  }

  /** Where the centre crop begins, with so much room along an axis. */
  double centre(double room) {
    return rounds ? Math.floor(room / 2) : Math.rint(room / 2);
  }

  /**
   * Where one of three crops begins.
   *
   * @param crop 0 to 2
   */
  double third(double room, int crop) {
    if (rounds) {
      return crop * Math.floor(room / 2);
    }
    return crop == 0 ? 0 : crop == 1 ? Math.ceil(room / 2) : room;
  }

  /** Whether several clips take a video from end to end, rather than the middle of its parts. */
  boolean endToEnd() {
    return endToEnd;
  }
}
