package io.clipstream.streams.app;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.FetchedClips;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.Topics;
import io.clipstream.streams.ingest.AddressRules;
import io.clipstream.streams.ingest.FetchLimits;
import io.clipstream.streams.ingest.FetchPolicy;
import io.clipstream.streams.ingest.PortRange;
import io.clipstream.streams.ingest.RetryRules;
import io.clipstream.streams.ingest.VideoFetcher;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Makes the parts of the application from the configuration. */
final class Assembly {
  private final AppConfig config;
  private final List<Path> fileRoots;

  Assembly(AppConfig config) {
    this(config, List.of());
  }

  /**
   * @param fileRoots folders, absolute, that {@code file:} references may name besides those of
   *     {@code fetch.file-roots}
   */
  Assembly(AppConfig config, List<Path> fileRoots) {
    this.config = config;
    this.fileRoots = fileRoots;
  }

  /** The application around a pipeline, which it closes. */
  LabelApp labelApp(LabelPipeline pipeline) {
    Map<String, Object> kafka = new TreeMap<>(config.below("kafka."));
    kafka.put("application.id", config.text("application.id"));
    return new LabelApp(
        new LabelApp.Settings(
            topics(config),
            kafka,
            config.text("serde.class"),
            serde(config),
            config.integer("pipeline.max-pending", 1, 10_000_000),
            config.duration("pipeline.shutdown-timeout")),
        pipeline);
  }

  static Topics topics(AppConfig config) {
    return new Topics(
        config.text("topics.incoming"),
        config.text("topics.labeled"),
        config.text("topics.rejected"),
        config.text("topics.dead-letter"));
  }

  /** The serde's own settings. */
  static Map<String, String> serde(AppConfig config) {
    Map<String, String> serde = config.below("serde.");
    serde.remove("class");
    return serde;
  }

  ModelArtifact model() throws IOException {
    String path = config.text("model.path");
    return path.equals("bundled") ? ModelArtifact.bundled() : ModelArtifact.open(Path.of(path));
  }

  /** Loads the model on every device; returns once all are warm. */
  LabelPipeline pipeline(ModelArtifact model) {
    ClipSpec clip = model.manifest().clip();
    int threads =
        config.integerOrAuto(
            "pipeline.decode-threads", 1, 1024, Runtime.getRuntime().availableProcessors());
    VideoDecoder decoder =
        new VideoDecoder(
            clip,
            decodeLimits(),
            new ClipBuffers(clip.clipBytes(), config.bytes("pipeline.max-decoded")));
    Sampling sampling = Sampling.sliding(config.integer("pipeline.max-clips-per-video", 1, 10_000));
    FetchedClips source =
        new FetchedClips(
            new VideoFetcher(fetchPolicy(), workDirectory()), decoder, sampling, threads);
    return LabelPipeline.open(
        model,
        devices(config.text("model.devices")),
        source,
        new PipelineSettings(
            threads,
            BatchPolicy.upTo(
                config.integer("batch.max-clips", 1, 1024), config.duration("batch.max-delay")),
            config.integer("pipeline.max-waiting-clips-per-video", 1, 10_000),
            config.integer("labels.top-k", 1, 10_000)));
  }

  private DecodeLimits decodeLimits() {
    return new DecodeLimits(
        config.integer("decode.max-picture-side", 16, 32768),
        config.integer("decode.max-picture-pixels", 256, 1 << 28),
        config.duration("decode.max-duration").toMillis() / 1000.0,
        config.integer("decode.max-frames", 2, 1 << 26),
        config.duration("decode.timeout"));
  }

  private FetchPolicy fetchPolicy() {
    List<Path> roots = new ArrayList<>(fileRoots);
    for (String root : config.list("fetch.file-roots")) {
      roots.add(Folders.named("fetch.file-roots", Path.of(root)));
    }
    return new FetchPolicy(
        roots,
        new AddressRules(
            config.list("fetch.only-hosts"),
            config.list("fetch.allow-private"),
            PortRange.parse(config.text("fetch.ports")),
            config.flag("fetch.allow-downgrade"),
            Optional.of(config.text("fetch.proxy")).filter(proxy -> !proxy.isEmpty())),
        new FetchLimits(
            config.bytes("fetch.max-bytes"),
            config.bytes("fetch.max-disk"),
            config.integer("fetch.max-concurrent", 1, 1024),
            config.duration("fetch.timeout"),
            config.duration("fetch.connect-timeout"),
            config.duration("fetch.silence"),
            config.integer("fetch.max-redirects", 0, 50)),
        new RetryRules(
            config.integer("fetch.max-attempts", 1, 100),
            config.duration("fetch.first-pause"),
            config.duration("fetch.longest-pause")));
  }

  private Path workDirectory() {
    String directory = config.text("pipeline.work-directory");
    return directory.equals("temp")
        ? Path.of(
            System.getProperty("java.io.tmpdir"), "clipstream-" + System.getProperty("user.name"))
        : Path.of(directory);
  }

  /** {@code auto}, {@code cpu}, or GPUs such as {@code gpu0,gpu1}. */
  static List<Device> devices(String text) {
    if (text.equals("cpu")) {
      return List.of(Device.cpu());
    }
    int gpus = Engine.getEngine("PyTorch").getGpuCount();
    if (text.equals("auto")) {
      return gpus == 0
          ? List.of(Device.cpu())
          : IntStream.range(0, gpus).mapToObj(Device::gpu).toList();
    }
    List<Device> devices = new ArrayList<>();
    for (String name : text.split(",", -1)) {
      if (!name.strip().matches("gpu\\d{1,3}")) {
        throw new UserError(
            "model.devices is '" + text + "', expected auto, cpu, or GPUs such as gpu0,gpu1");
      }
      int index = Integer.parseInt(name.strip().substring(3));
      if (index >= gpus) {
        throw new UserError(
            "model.devices names " + name.strip() + ", but PyTorch sees " + gpus + " GPUs");
      }
      devices.add(Device.gpu(index));
    }
    return devices;
  }
}
