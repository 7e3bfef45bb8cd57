package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DropMasksTest {
  private static final Swin3dConfig CONFIG =
      new Swin3dConfig(
          8,
          List.of(1, 2),
          List.of(2, 4),
          List.of(2, 2, 2),
          List.of(2, 4, 4),
          2,
          0,
          0,
          0.5,
          true,
          2);
  private static final int COLUMNS = Swin3d.maskColumns(CONFIG);

  private final DropMasks masks = new DropMasks(CONFIG, 0.25, 7);

  @Test
  void shouldDropAtTheRatesOfBlocksAndHead() {
    float[] mask = masks.draw(3, IntStream.range(0, 4000).toArray());

    double[] rates = {0, 0, 0.25, 0.25, 0.5, 0.5, 0.25};
    for (int column = 0; column < rates.length; column++) {
      float kept = (float) (1 / (1 - rates[column]));
      int dropped = 0;
      for (int clip = 0; clip < 4000; clip++) {
        float factor = mask[clip * COLUMNS + column];
        assertThat(factor).isIn(0f, kept);
        dropped += factor == 0 ? 1 : 0;
      }
      assertThat(dropped / 4000.0).as("column " + column).isCloseTo(rates[column], within(0.03));
    }
  }

  @Test
  void shouldGiveAClipTheSameWhateverBatchOrDeviceItIsOn() {
    float[] together = masks.draw(3, new int[] {5, 9, 2});

    assertThat(masks.draw(3, new int[] {9}))
        .containsExactly(Arrays.copyOfRange(together, COLUMNS, 2 * COLUMNS));
    assertThat(masks.draw(4, new int[] {9})).isNotEqualTo(masks.draw(3, new int[] {9}));
    assertThat(new DropMasks(CONFIG, 0.25, 8).draw(3, new int[] {9}))
        .isNotEqualTo(masks.draw(3, new int[] {9}));
  }
}
