package io.clipstream.streams.cli;

/** Keys of recipes that train in seconds. */
final class TinyRecipe {
  /** All but name and version, head, epochs, learning rates and what is watched for. */
  static final String KEYS =
      """
      data.validation-share=0.4
      clip.frames=4
      clip.frames-per-second=6
      clip.short-side=20
      clip.crop=16
      clip.mean=0.45,0.45,0.45
      clip.std=0.225,0.225,0.225
      network.embed-dim=8
      network.depths=1,2
      network.heads=2,4
      network.window=2,2,2
      network.patch=2,4,4
      network.mlp-ratio=2
      network.stochastic-depth=0
      train.batch-size=8
      train.final-learning-rate=1e-3
      train.warmup-epochs=1
      train.weight-decay=0.05
      train.beta2=0.99
      train.label-smoothing=0
      train.max-grad-norm=1
      train.ema-decay=0
      train.seed=1
      """;

  private TinyRecipe() {}
}
