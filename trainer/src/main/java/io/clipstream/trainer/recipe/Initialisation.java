package io.clipstream.trainer.recipe;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.model.swin.Swin3dConfig;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** How weights start. */
public enum Initialisation {
  /** As torchvision does: linear weights normal with deviation 0.02. */
  TORCHVISION,
  /**
   * For small networks, which stay at equal guesses for long with deviations of 0.02. Linear
   * weights: normal with variance 2 / (inputs + outputs) (Glorot and Bengio 2010), the head with
   * 0.02. Patch embedding: seven of eight filters are waves that move across the patch (Gabor
   * filters without their envelope, after Adelson and Bergen 1985), all colours alike.
   */
  GABOR;

  static Initialisation from(Settings settings) {
    String name = settings.text("train.initialisation");
    for (Initialisation i : values()) {
      if (i.name().equals(name.strip().toUpperCase(Locale.ROOT))) {
        return i;
      }
    }
    throw new UserError("train.initialisation is " + name + ", expected torchvision or gabor");
  }

  public Map<String, Weights> weights(Swin3dConfig config, long seed) {
    Map<String, Weights> weights = Swin3d.init(config, seed);
    if (this == TORCHVISION) {
      return weights;
    }
    Random random = new Random(seed + 1);
    Map<String, Weights> started = new LinkedHashMap<>();
    weights.forEach(
        (name, value) -> {
          List<Integer> shape = value.shape();
          float[] values = value.toArray();
          if (name.equals("patch_embed.proj.weight")) {
            movingWaves(shape, values, random);
          } else if (name.equals("patch_embed.proj.bias")) {
            Arrays.fill(values, 0);
          } else if (shape.size() == 2 && name.endsWith(".weight") && !name.startsWith("head.")) {
            double deviation = Math.sqrt(2.0 / (shape.get(0) + shape.get(1)));
            for (int i = 0; i < values.length; i++) {
              values[i] = (float) (deviation * random.nextGaussian());
            }
          }
          started.put(name, Weights.of(shape, values));
        });
    return started;
  }

  /**
   * Overwrites seven of eight filters.
   *
   * @param shape {@code [filters, 3, frames, rows, columns]}
   */
  private static void movingWaves(List<Integer> shape, float[] values, Random random) {
    int filters = shape.get(0);
    int frames = shape.get(2);
    int rows = shape.get(3);
    int columns = shape.get(4);
    int taps = frames * rows * columns;
    for (int filter = 0; filter < filters - filters / 8; filter++) {
      double direction = 2 * Math.PI * random.nextDouble();
      double wavelength = rows * (0.6 + 1.4 * random.nextDouble());
      double speed = (2 * random.nextDouble() - 1) * 0.35 * wavelength;
      double phase = 2 * Math.PI * random.nextDouble();
      double[] wave = new double[taps];
      double mean = 0;
      for (int i = 0; i < taps; i++) {
        int frame = i / (rows * columns);
        double t = frame - (frames - 1) / 2.0;
        double y = i / columns % rows - (rows - 1) / 2.0;
        double x = i % columns - (columns - 1) / 2.0;
        double along = x * Math.cos(direction) + y * Math.sin(direction) - speed * t;
        wave[i] = Math.cos(2 * Math.PI / wavelength * along + phase);
        mean += wave[i] / taps;
      }
      double power = 0;
      for (int i = 0; i < taps; i++) {
        wave[i] -= mean;
        power += wave[i] * wave[i];
      }
      for (int colour = 0; colour < 3; colour++) {
        for (int i = 0; i < taps; i++) {
          values[(filter * 3 + colour) * taps + i] = (float) (wave[i] / Math.sqrt(3 * power));
        }
      }
    }
  }
}
