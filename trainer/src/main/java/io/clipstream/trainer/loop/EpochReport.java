package io.clipstream.trainer.loop;

import io.clipstream.model.Progress;
import io.clipstream.trainer.eval.Confusion;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Figures of one epoch.
 *
 * @param epoch from 1
 * @param learningRate at its end
 * @param trainLoss mean over its clips, augmented and with smoothed labels
 * @param trainTop1 share of right answers meanwhile
 * @param validationLoss cross entropy on the validation clips, centre crop
 * @param validationTop1 share of right answers there
 * @param validationMeanClass mean over the classes of the share of right answers there
 * @param seconds that it took
 */
public record EpochReport(
    int epoch,
    double learningRate,
    double trainLoss,
    double trainTop1,
    double validationLoss,
    double validationTop1,
    double validationMeanClass,
    double seconds) {

  /**
   * The worse epoch first: by the mean class accuracy, which answering the most frequent class does
   * not raise, ties by the loss to four digits: beyond, the order of a machine's sums would decide.
   */
  static final Comparator<EpochReport> BY_VALIDATION =
      Comparator.comparingDouble(EpochReport::validationMeanClass)
          .thenComparingLong(report -> -Math.round(report.validationLoss() * 1e4));

  /** The figures of an epoch that was trained and validated. */
  static EpochReport of(int epoch, double learningRate, Tally trained, Tally validated) {
    return new EpochReport(
        epoch,
        learningRate,
        trained.loss(),
        trained.answers().top1().share(),
        validated.loss(),
        validated.answers().top1().share(),
        validated.answers().meanClass().share(),
        trained.seconds());
  }

  /** The same for people, with intervals and the majority beside them. */
  String line(int epochs, Tally trained, Tally validated) {
    Confusion answers = validated.answers();
    return String.format(
        Locale.ROOT,
        "epoch %d/%d: %s; validation loss %.3f, top-1 %s of %d, majority %.1f %%, mean class %s;"
            + " %s",
        epoch,
        epochs,
        trained,
        validationLoss,
        answers.top1(),
        answers.all(),
        100 * answers.majority(),
        answers.meanClass(),
        Progress.time(seconds));
  }

  /** Series of figures by what they are of and their name, one value an epoch. */
  public static Map<String, Map<String, List<Double>>> curves(List<EpochReport> epochs) {
    Map<String, List<Double>> loss = new LinkedHashMap<>();
    loss.put("training", epochs.stream().map(EpochReport::trainLoss).toList());
    loss.put("validation", epochs.stream().map(EpochReport::validationLoss).toList());
    Map<String, List<Double>> accuracy = new LinkedHashMap<>();
    accuracy.put("training, top-1", epochs.stream().map(EpochReport::trainTop1).toList());
    accuracy.put("validation, top-1", epochs.stream().map(EpochReport::validationTop1).toList());
    accuracy.put(
        "validation, mean of the labels",
        epochs.stream().map(EpochReport::validationMeanClass).toList());
    Map<String, Map<String, List<Double>>> curves = new LinkedHashMap<>();
    curves.put("Loss by epoch", loss);
    curves.put("Accuracy by epoch", accuracy);
    return curves;
  }
}
