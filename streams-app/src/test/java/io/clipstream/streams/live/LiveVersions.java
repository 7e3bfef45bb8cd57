package io.clipstream.streams.live;

import io.clipstream.model.artifact.Golden;
import io.clipstream.model.artifact.ManifestJson;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.artifact.Weights;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.models.ModelDescription;
import io.clipstream.schemas.models.ModelLog;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.schemas.models.TransferProgress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Small versions of a model in the log, for tests of other packages. */
public final class LiveVersions {
  private LiveVersions() {}

  /**
   * Writes a version with clips and labels of its own: of an odd or an even number.
   *
   * @param weights that it holds, and which change nothing
   */
  public static Path write(Path folder, String name, String version, Weights weights)
      throws IOException {
    ModelManifest manifest = ExpressionModels.manifest(name, version, ExpressionModels.LABELS);
    char last = version.charAt(version.length() - 1);
    return ExpressionModels.write(
        folder.resolve(manifest.id() + ".pt"),
        manifest,
        List.of(
            "return " + ExpressionModels.MEAN + " * torch.to(torch.arange(3), 6) * " + last + "."),
        Optional.empty(),
        weights);
  }

  /** Writes a version that does not give what it gave when it was made. */
  public static Path writeDamaged(Path folder, String name, String version) throws IOException {
    ModelManifest manifest = ExpressionModels.manifest(name, version, ExpressionModels.LABELS);
    return ExpressionModels.write(
        folder.resolve(manifest.id() + ".pt"),
        manifest,
        List.of("return " + ExpressionModels.MEAN),
        Optional.of(new Golden(1, List.of(7f, 8f, 9f))));
  }

  /** Publishes a version whose labels' scores grow with its number. */
  public static void publish(ModelLogConfig config, Path folder, String name, String version)
      throws IOException, InterruptedException {
    publish(
        config,
        folder,
        name,
        version,
        List.of(
            "return "
                + ExpressionModels.MEAN
                + " * torch.to(torch.arange(3), 6) * "
                + version
                + "."));
  }

  /** Publishes a version that lies in a file. */
  public static void publish(ModelLogConfig config, Path file)
      throws IOException, InterruptedException {
    publish(config, ModelArtifact.open(file).manifest(), file);
  }

  /**
   * Publishes a version with a network of its own on the clips.
   *
   * @param body of its method, of which the last line returns
   */
  public static void publish(
      ModelLogConfig config, Path folder, String name, String version, List<String> body)
      throws IOException, InterruptedException {
    ModelManifest manifest = ExpressionModels.manifest(name, version, ExpressionModels.LABELS);
    Path file =
        ExpressionModels.write(
            folder.resolve(name + "-" + version + ".pt"), manifest, body, Optional.empty());
    publish(config, manifest, file);
  }

  /** Publishes a version with labels of its own, each the brighter the likelier. */
  public static void publishWithLabels(
      ModelLogConfig config, Path folder, String name, String version, List<String> labels)
      throws IOException, InterruptedException {
    ModelManifest manifest = ExpressionModels.manifest(name, version, labels);
    Path file =
        ExpressionModels.write(
            folder.resolve(name + "-" + version + ".pt"),
            manifest,
            "torch.sum(torch.mean(torch.to(clips, 6), [1, 2, 3]), [1], True) * torch.to(torch.arange("
                + labels.size()
                + "), 6) * 0.001 * "
                + version
                + ".");
    publish(config, manifest, file);
  }

  /** A version as the log has it. */
  public static ModelIdentity identity(ModelLogConfig config, String name, String version) {
    try (ModelLog log = new ModelLog(config)) {
      log.readToEnd(Duration.ofSeconds(60));
      return log.find(name, version).orElseThrow().getModel();
    }
  }

  /** Publishes a version whose first batch takes for ever. */
  public static void publishHanging(ModelLogConfig config, Path folder, String name, String version)
      throws IOException, InterruptedException {
    ModelManifest manifest = ExpressionModels.manifest(name, version, ExpressionModels.LABELS);
    Path file =
        ExpressionModels.write(
            folder.resolve(name + "-" + version + ".pt"),
            manifest,
            ExpressionModels.looping("clips", Long.MAX_VALUE),
            Optional.empty());
    publish(config, manifest, file);
  }

  private static void publish(ModelLogConfig config, ModelManifest manifest, Path file)
      throws IOException, InterruptedException {
    new ModelPublisher(config, PublishSettings.defaults(), Optional.empty())
        .publish(
            new ModelDescription(
                manifest.name(),
                manifest.version(),
                ManifestJson.write(manifest),
                Optional.of("a test"),
                Instant.now()),
            file,
            TransferProgress.NONE);
  }

  /** Publishes another version of a model, with the same labels, which is sure of nothing. */
  public static void publishSuccessor(
      ModelLogConfig config, Path folder, ModelManifest model, String version)
      throws IOException, InterruptedException {
    ModelManifest manifest = ExpressionModels.manifest(model.name(), version, model.labels());
    Path file =
        ExpressionModels.write(
            folder.resolve(manifest.id() + ".pt"),
            manifest,
            "torch.zeros([torch.size(clips, 0), " + model.labels().size() + "], dtype=6)");
    publish(config, manifest, file);
  }

  /** Largest difference of the scores of a label. */
  public static double difference(VideoLabels one, VideoLabels other) {
    double largest = 0;
    for (Label label : one.getLabels()) {
      double score =
          other.getLabels().stream()
              .filter(o -> o.getName().equals(label.getName()))
              .mapToDouble(Label::getScore)
              .findFirst()
              .orElse(-1);
      largest = Math.max(largest, Math.abs(score - label.getScore()));
    }
    return largest;
  }

  /** A short video of noise. */
  public static Path video(Path file) throws IOException {
    return LiveInstance.video(file);
  }

  /**
   * A short video of noise of some brightness.
   *
   * @param levels brightest value, exclusive, 1 to 256
   */
  public static Path video(Path file, int levels) throws IOException {
    return LiveInstance.video(file, levels);
  }
}
