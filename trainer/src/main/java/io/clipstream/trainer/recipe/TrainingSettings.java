package io.clipstream.trainer.recipe;

import io.clipstream.model.Bounds;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.kernels.KernelMode;
import io.clipstream.model.swin.Swin3d;
import io.clipstream.trainer.data.Augmentation;
import io.clipstream.trainer.data.Mixing;
import java.util.List;

/**
 * The sections {@code train.*} and {@code augment.*}: the loop's settings.
 *
 * @param epochs passes over the training clips
 * @param batchSize clips a step
 * @param microBatch clips that go through the network at once; a step adds up their gradients
 * @param recompute whether stages are run again for their gradients instead of remembered
 * @param precision that the network computes in; its weights are float32
 * @param kernels whether attention and its gradients are clipstream's own on GPUs
 * @param learningRate at the end of the warm-up
 * @param finalLearningRate at the end
 * @param warmupEpochs epochs that the rate takes to rise from 0, fewer than all
 * @param weightDecay of matrices
 * @param beta2 of Adam
 * @param labelSmoothing share of a target that is spread over all classes
 * @param headDropout dropout probability of each feature before the head
 * @param maxGradNorm gradients are scaled down to this global norm
 * @param emaDecay share of the exponential moving average of the weights that a step keeps; 0 for
 *     no average
 * @param initialisation of the weights; with a start model of a fresh head alone
 * @param seed of weights, order and changes of the clips
 * @param augmentation changes of the clips
 * @param mixing of clips with each other
 * @param layers how fast the parts of the network learn
 * @param classWeights how much a clip counts
 * @param patience epochs without a better one after which training stops; 0: all are trained
 */
public record TrainingSettings(
    int epochs,
    int batchSize,
    int microBatch,
    boolean recompute,
    Swin3d.Precision precision,
    KernelMode kernels,
    double learningRate,
    double finalLearningRate,
    double warmupEpochs,
    double weightDecay,
    double beta2,
    double labelSmoothing,
    double headDropout,
    double maxGradNorm,
    double emaDecay,
    Initialisation initialisation,
    long seed,
    Augmentation augmentation,
    Mixing mixing,
    LayerSettings layers,
    ClassWeights classWeights,
    int patience) {

  private static final Bounds<Integer> EPOCHS = Bounds.of(1, 100_000);
  private static final Bounds<Integer> BATCH = Bounds.of(1, 65_536);

  /**
   * Reads the sections.
   *
   * @param started whether a start model gives the weights
   */
  static TrainingSettings read(Settings s, boolean started, List<String> labels) {
    int epochs = s.integer("train.epochs", EPOCHS);
    double warmup = s.number("train.warmup-epochs", 0, 1e6);
    if (warmup >= epochs) {
      throw new UserError(
          "train.warmup-epochs is %s, expected fewer than train.epochs, %d"
              .formatted(s.text("train.warmup-epochs"), epochs));
    }
    int batch = s.integer("train.batch-size", BATCH);
    double rate = s.number("train.learning-rate", 0, 10);
    double finalRate = s.number("train.final-learning-rate", 0, 10);
    s.ordered("train.final-learning-rate", finalRate, "train.learning-rate", rate);
    return new TrainingSettings(
        epochs,
        batch,
        s.has("train.micro-batch") ? s.integer("train.micro-batch", BATCH) : batch,
        s.flag("train.recompute", false),
        precision(s),
        kernels(s),
        rate,
        finalRate,
        warmup,
        s.number("train.weight-decay", 0, 10),
        s.number("train.beta2", 0, 0.99999),
        s.number("train.label-smoothing", 0, 0.9),
        s.has("network.head-dropout") ? s.number("network.head-dropout", 0, 0.99) : 0,
        s.number("train.max-grad-norm", 1e-6, 1e9),
        s.number("train.ema-decay", 0, 0.99999),
        started ? Initialisation.TORCHVISION : Initialisation.from(s),
        s.integer("train.seed", 0),
        Augmentation.from(s, labels),
        Mixing.from(s),
        LayerSettings.read(s),
        ClassWeights.from(s),
        s.has("train.patience") ? s.integer("train.patience", 0) : 0);
  }

  private static Swin3d.Precision precision(Settings s) {
    return switch (s.text("train.precision", "fp32")) {
      case "fp32" -> Swin3d.Precision.FP32;
      case "bf16" -> Swin3d.Precision.BF16;
      default -> throw s.wrong("train.precision", "fp32 or bf16");
    };
  }

  private static KernelMode kernels(Settings s) {
    return s.has("train.kernels")
        ? s.value("train.kernels", KernelMode.EXPECTED, KernelMode::parse)
        : KernelMode.AUTO;
  }

  /**
   * In how many parts so many clips go through the network, no part one clip larger than another.
   */
  public int partsOf(int clips) {
    return (clips + microBatch - 1) / microBatch;
  }

  /** Most clips that go through the network at once. */
  public int largestPart(int clips) {
    int parts = partsOf(clips);
    return (clips + parts - 1) / parts;
  }
}
