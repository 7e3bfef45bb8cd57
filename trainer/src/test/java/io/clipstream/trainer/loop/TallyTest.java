package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class TallyTest {
  @Test
  void shouldWeighBatchesByTheirClips() {
    Tally tally = new Tally(2);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      tally.add(
          1, manager.create(new float[] {3, 1, 0, 2, 5, 1}, new Shape(3, 2)), new int[] {0, 1, 1});
      tally.add(5, manager.create(new float[] {0, 1}, new Shape(1, 2)), new int[] {1});
    }

    assertThat(tally.loss()).isCloseTo(2, within(1e-12));
    assertThat(tally.answers().top1().share()).isEqualTo(0.75);
  }

  @Test
  void shouldGoOnFromWhatWasSaved() {
    Tally first = new Tally(2);
    Tally whole = new Tally(2);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      NDArray right = manager.create(new float[] {3, 1}, new Shape(1, 2));
      first.add(1, right, new int[] {0});
      whole.add(1, right, new int[] {0});
      Tally second = new Tally(first.saved());
      second.add(4, right, new int[] {1});
      whole.add(4, right, new int[] {1});

      assertThat(second.loss()).isEqualTo(whole.loss());
      assertThat(second.answers().rows()).isEqualTo(whole.answers().rows());
      assertThat(new Tally(new Tally.Saved(0, 60, List.of())).seconds()).isBetween(60.0, 70.0);
    }
  }
}
