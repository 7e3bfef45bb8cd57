package io.clipstream.trainer.loop;

import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import io.clipstream.trainer.data.ClipRandom;
import java.util.SplittableRandom;

/**
 * Draws what a step drops of each clip: whole branches of blocks (stochastic depth,
 * https://arxiv.org/abs/1603.09382) and features before the head (dropout). {@link
 * Swin3d#maskColumns} says how the network takes it.
 */
final class DropMasks {
  private final double[] branchRates;
  private final double headRate;
  private final int columns;
  private final long seed;

  /**
   * @param config whose stochastic depth rises from block to block
   * @param headDropout dropout probability of each feature before the head
   * @param seed of the run
   */
  DropMasks(Swin3dConfig config, double headDropout, long seed) {
    this.branchRates = new double[config.blocks()];
    for (int block = 0; block < branchRates.length; block++) {
      branchRates[block] = config.stochasticDepth(block);
    }
    this.headRate = headDropout;
    this.columns = Swin3d.maskColumns(config);
    this.seed = seed;
  }

  /**
   * The factors of a batch.
   *
   * @param step from 0
   * @param clips indices in the set
   * @return {@code [N, columns]}, row by row
   */
  float[] draw(int step, int[] clips) {
    float[] mask = new float[clips.length * columns];
    for (int i = 0; i < clips.length; i++) {
      SplittableRandom random = ClipRandom.of(seed, step, clips[i], ClipRandom.Purpose.DROPOUT);
      for (int column = 0; column < columns; column++) {
        double rate = column < 2 * branchRates.length ? branchRates[column / 2] : headRate;
        boolean kept = random.nextDouble() >= rate;
        mask[i * columns + column] = kept ? (float) (1 / (1 - rate)) : 0;
      }
    }
    return mask;
  }
}
