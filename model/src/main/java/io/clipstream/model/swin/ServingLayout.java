package io.clipstream.model.swin;

import io.clipstream.model.clip.ClipSpec;
import java.util.ArrayList;
import java.util.List;

/** The orders of tokens from stage to stage, for clips of one size. */
final class ServingLayout {
  private final List<Stage> stages = new ArrayList<>();
  private final int[] lastSize;

  /**
   * Blocks with one size of tokens.
   *
   * @param plain the order that blocks 0, 2, ... attend in
   * @param shifted that of blocks 1, 3, ...
   */
  record Stage(int depth, WindowOrder plain, WindowOrder shifted) {
    WindowOrder order(int block) {
      return block % 2 == 0 ? plain : shifted;
    }

    /** In which the stage leaves its tokens. */
    WindowOrder last() {
      return order(depth - 1);
    }

    /** Whether tokens move to the shifted order. */
    boolean shifts() {
      return shifted.shifted() && depth > 1;
    }

    /** Whether they move back. */
    boolean unshifts() {
      return shifts() && depth > 2;
    }
  }

  ServingLayout(Swin3dConfig config, ClipSpec clip) {
    int[] size = {
      ceil(clip.frames(), config.patch().get(0)),
      ceil(clip.crop().height(), config.patch().get(1)),
      ceil(clip.crop().width(), config.patch().get(2)),
    };
    int[] last = size;
    for (int depth : config.depths()) {
      stages.add(
          new Stage(
              depth,
              new WindowOrder(size, config.window(), false),
              new WindowOrder(size, config.window(), true)));
      last = size;
      size = new int[] {size[0], ceil(size[1], 2), ceil(size[2], 2)};
    }
    lastSize = last;
  }

  List<Stage> stages() {
    return List.copyOf(stages);
  }

  Stage last() {
    return stages.get(stages.size() - 1);
  }

  /** Tokens of a clip, not of padding, whose mean the head sees. */
  int tokensAtHead() {
    return lastSize[0] * lastSize[1] * lastSize[2];
  }

  private static int ceil(int size, int part) {
    return (size + part - 1) / part;
  }
}
