package io.clipstream.trainer.recipe;

import io.clipstream.model.Settings;
import io.clipstream.trainer.data.ListOptions;
import io.clipstream.trainer.data.SourceSplit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The section {@code feedback.*}: what is taken from Kafka to train on.
 *
 * @param pseudoScore least score of a model's own label that is believed
 * @param pseudoPerLabel most videos of a label with a model's own label; 0: people's labels alone
 * @param maxVideos that are read at most, which memory has to hold
 * @param base list or folder of videos to train on as well
 * @param options how that is read
 * @param split how videos are dealt to splits
 * @param maxRejected share of the videos that may be out of reach
 */
public record FeedbackSettings(
    double pseudoScore,
    int pseudoPerLabel,
    int maxVideos,
    Optional<Path> base,
    ListOptions options,
    SourceSplit split,
    double maxRejected) {

  private static final double DEFAULT_SCORE = 0.9;
  private static final int DEFAULT_PER_LABEL = 50;
  private static final int DEFAULT_VIDEOS = 100_000;

  /** Reads a recipe's, before its data is there. */
  public static FeedbackSettings read(Path recipe, Map<String, String> overrides)
      throws IOException {
    return read(Settings.read(recipe, overrides), recipe.toAbsolutePath().getParent());
  }

  static FeedbackSettings read(Settings s, Path folder) throws IOException {
    return new FeedbackSettings(
        s.has("feedback.pseudo-score") ? s.number("feedback.pseudo-score", 0, 1) : DEFAULT_SCORE,
        s.has("feedback.pseudo-per-label")
            ? s.integer("feedback.pseudo-per-label", 0)
            : DEFAULT_PER_LABEL,
        s.has("feedback.max-videos") ? s.integer("feedback.max-videos", 1) : DEFAULT_VIDEOS,
        DataSettings.path(s, folder, "data.list"),
        DataSettings.options(s, folder),
        DataSettings.split(s),
        DataSettings.maxRejected(s));
  }
}
