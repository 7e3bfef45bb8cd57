package io.clipstream.model.swin;

import io.clipstream.model.artifact.ScriptTensor;
import io.clipstream.model.artifact.Weights;
import io.clipstream.model.clip.ClipSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The patch embedding of the serving form, with the normalisation of pixels folded into its
 * projection: (pixel / 255 - mean) / std = (pixel - 128) * scale + 128 * scale + offset. The offset
 * is not there for pixels of padding, which are zero after the normalisation.
 */
final class PatchProjection {
  private final ClipSpec clip;
  private final ServingWeights weights;
  private final boolean norm;
  private final int[] patch;
  private final int[] pixels;
  private final int channels;
  private final int area;
  private final float[] weight; // [C, area, 3]
  private final double[] projectionBias; // [C], of pixels less 128, without the offset
  private final double[] offsets; // [C, area], of each pixel of the patch

  PatchProjection(Swin3dConfig config, ClipSpec clip, ServingWeights weights) {
    this.clip = clip;
    this.weights = weights;
    this.norm = config.patchNorm();
    this.patch = config.patch().stream().mapToInt(Integer::intValue).toArray();
    this.pixels = new int[] {clip.frames(), clip.crop().height(), clip.crop().width()};
    this.channels = config.embedDim();
    this.area = patch[0] * patch[1] * patch[2];
    this.weight = new float[channels * area * 3];
    this.projectionBias = new double[channels];
    this.offsets = new double[channels * area];
    float[] kernels = weights.get("patch_embed.proj.weight").toArray(); // [C, 3, pt, ph, pw]
    Weights given = weights.get("patch_embed.proj.bias");
    for (int out = 0; out < channels; out++) {
      projectionBias[out] = given.values().get(out);
      for (int i = 0; i < area; i++) {
        for (int channel = 0; channel < 3; channel++) {
          double w = kernels[(out * 3 + channel) * area + i];
          double std = clip.std().get(channel);
          weight[(out * area + i) * 3 + channel] = (float) (w / (255 * std));
          projectionBias[out] += 128 * w / (255 * std);
          offsets[out * area + i] -= w * clip.mean().get(channel) / std;
        }
      }
    }
  }

  /**
   * The fields of the module.
   *
   * @param order of the first stage's tokens
   */
  Map<String, Object> fields(WindowOrder order) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("weight", weights.tensor(List.of(channels, area * 3), weight));
    fields.put("bias", wholePatches() ? bias() : edgeBias(order));
    fields.put("norm_weight", norm ? weights.tensor("patch_embed.norm.weight") : weights.empty());
    fields.put("norm_bias", norm ? weights.tensor("patch_embed.norm.bias") : weights.empty());
    fields.put("frames", clip.frames());
    fields.put("height", clip.crop().height());
    fields.put("width", clip.crop().width());
    String[] axes = {"t", "h", "w"};
    for (int axis = 0; axis < 3; axis++) {
      int window = order.window()[axis];
      fields.put("windows_" + axes[axis], order.padded()[axis] / window);
      fields.put("window_" + axes[axis], window);
      fields.put("patch_" + axes[axis], patch[axis]);
    }
    return fields;
  }

  private boolean wholePatches() {
    boolean whole = true;
    for (int axis = 0; axis < 3; axis++) {
      whole &= pixels[axis] % patch[axis] == 0;
    }
    return whole;
  }

  private ScriptTensor bias() {
    float[] bias = new float[channels];
    for (int out = 0; out < channels; out++) {
      double sum = projectionBias[out];
      for (int i = 0; i < area; i++) {
        sum += offsets[out * area + i];
      }
      bias[out] = (float) sum;
    }
    return weights.tensor(List.of(channels), bias);
  }

  /** The bias of each token, [W, 1, L, C]: without the offset of pixels beyond the clip. */
  private ScriptTensor edgeBias(WindowOrder order) {
    int[] tokens = order.tokens();
    int[] padded = order.padded();
    float[] bias = new float[Math.multiplyExact(tokens.length, channels)];
    for (int at = 0; at < tokens.length; at++) {
      int t = tokens[at] / (padded[1] * padded[2]) * patch[0];
      int h = tokens[at] / padded[2] % padded[1] * patch[1];
      int w = tokens[at] % padded[2] * patch[2];
      for (int out = 0; out < channels; out++) {
        double sum = projectionBias[out];
        for (int i = 0; i < area; i++) {
          if (t + i / (patch[1] * patch[2]) < pixels[0]
              && h + i / patch[2] % patch[1] < pixels[1]
              && w + i % patch[2] < pixels[2]) {
            sum += offsets[out * area + i];
          }
        }
        bias[at * channels + out] = (float) sum;
      }
    }
    return weights.tensor(List.of(order.count(), 1, order.length(), channels), bias);
  }
}
