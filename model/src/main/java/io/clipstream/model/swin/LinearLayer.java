package io.clipstream.model.swin;

import io.clipstream.model.artifact.Weights;
import java.util.List;

/** A linear layer, y = W x + b, in double precision: what is folded into it is rounded once. */
final class LinearLayer {
  private final double[] weight; // [out, in], row-major
  private final double[] bias;

  private LinearLayer(double[] weight, double[] bias) {
    this.weight = weight;
    this.bias = bias;
  }

  static LinearLayer of(Weights weight, Weights bias) {
    return new LinearLayer(doubles(weight), doubles(bias));
  }

  static LinearLayer withoutBias(Weights weight) {
    return new LinearLayer(doubles(weight), new double[weight.shape().get(0)]);
  }

  /** With the affine part of a layer norm before it: W (g x + s) + b = (W g) x + (W s + b). */
  LinearLayer after(Weights scale, Weights shift) {
    double[] g = doubles(scale);
    double[] s = doubles(shift);
    int in = g.length;
    double[] folded = new double[weight.length];
    double[] foldedBias = bias.clone();
    for (int out = 0; out < bias.length; out++) {
      for (int i = 0; i < in; i++) {
        folded[out * in + i] = weight[out * in + i] * g[i];
        foldedBias[out] += weight[out * in + i] * s[i];
      }
    }
    return new LinearLayer(folded, foldedBias);
  }

  /** With its first outputs times a factor. */
  LinearLayer scaled(int outputs, double factor) {
    double[] scaled = weight.clone();
    double[] scaledBias = bias.clone();
    for (int i = 0; i < outputs * (weight.length / bias.length); i++) {
      scaled[i] *= factor;
    }
    for (int out = 0; out < outputs; out++) {
      scaledBias[out] *= factor;
    }
    return new LinearLayer(scaled, scaledBias);
  }

  /** [out, in]. */
  List<Integer> shape() {
    return List.of(bias.length, weight.length / bias.length);
  }

  float[] weight() {
    return floats(weight);
  }

  float[] bias() {
    return floats(bias);
  }

  private static double[] doubles(Weights weights) {
    float[] values = weights.toArray();
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
