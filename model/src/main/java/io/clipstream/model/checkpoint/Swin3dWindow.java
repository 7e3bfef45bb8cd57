package io.clipstream.model.checkpoint;

import io.clipstream.model.Printable;
import io.clipstream.model.swin.Swin3d;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The attention window of a Swin3D, read off its position tables: tokens along T, H, W. */
final class Swin3dWindow {
  private Swin3dWindow() {}

  /**
   * A position table has (2t-1)(2h-1)(2w-1) rows. For square windows of 2 to 64 tokens a side that
   * tells t and h in every network that is known; the index beside it settles the rest.
   */
  static List<Integer> of(NamedTensors tensors) throws IOException {
    String block = "features.0.0.attn.";
    int rows = tensors.size(block + "relative_position_bias_table", 0);
    StoredTensor index = index(tensors, block);
    List<List<Integer>> possible = new ArrayList<>();
    for (int t = 1; t <= 64; t++) {
      for (int h = 1; h <= 64; h++) {
        for (int w = 1; w <= 64; w++) {
          boolean fits = (2 * t - 1) * (2 * h - 1) * (2 * w - 1) == rows;
          if (fits && (index == null ? h == w && h > 1 : hasIndex(index, List.of(t, h, w)))) {
            possible.add(List.of(t, h, w));
          }
        }
      }
    }
    if (possible.size() != 1) {
      throw new IOException(
          tensors.nameOf(block + "relative_position_bias_table")
              + " has "
              + rows
              + " rows, which fit "
              + (possible.isEmpty() ? "no window" : "the windows " + possible)
              + ": name it with --window");
    }
    return possible.get(0);
  }

  /** The buffers follow from the window; other ones mean another network. */
  static void check(NamedTensors tensors, List<Integer> window) throws IOException {
    for (Map.Entry<String, StoredTensor> e :
        tensors.buffers(".relative_position_index").entrySet()) {
      if (!hasIndex(e.getValue(), window)) {
        throw new IOException(Printable.name(e.getKey()) + " is not that of a window of " + window);
      }
    }
  }

  private static StoredTensor index(NamedTensors tensors, String block) throws IOException {
    String name = block + "relative_position_index";
    return tensors.has(name) ? tensors.tensor(name) : null;
  }

  private static boolean hasIndex(StoredTensor index, List<Integer> window) throws IOException {
    long tokens = (long) window.get(0) * window.get(1) * window.get(2);
    return tokens <= 4096 // what Swin3dConfig allows
        && StoredTensor.elements(index.shape()) == tokens * tokens
        && Arrays.equals(index.integers(), Swin3d.relativePositions(window));
  }
}
