package io.clipstream.streams.app;

import ai.djl.Device;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.clip.DecoderProcesses;
import io.clipstream.model.clip.GpuDecoding;
import io.clipstream.model.clip.GpuMode;
import io.clipstream.model.clip.PixelBudget;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.streams.classify.Fetcher;
import io.clipstream.streams.classify.Generation;
import io.clipstream.streams.classify.GenerationFactory;
import io.clipstream.streams.classify.GenerationSource;
import io.clipstream.streams.classify.LabelPipeline;
import io.clipstream.streams.classify.PipelineObserver;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ReferenceFetcher;
import io.clipstream.streams.classify.ShadowLabeller;
import io.clipstream.streams.classify.ShadowSource;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.ConnectionSettings;
import io.clipstream.streams.config.DecodeIsolation;
import io.clipstream.streams.live.InstanceId;
import io.clipstream.streams.live.LiveGenerations;
import io.clipstream.streams.live.LiveModel;
import io.clipstream.streams.live.LiveModels;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the parts of the application from its settings. */
public final class Assembly {
  private static final Logger log = LoggerFactory.getLogger(Assembly.class);

  private final AppSettings settings;
  private final PipelineObserver observer;
  private GpuDecoding gpus; // made when it is first wanted; guarded by this

  public Assembly(AppSettings settings) {
    this(settings, PipelineObserver.NONE);
  }

  /**
   * @param observer told what happens to videos and clips
   */
  public Assembly(AppSettings settings, PipelineObserver observer) {
    this.settings = settings;
    this.observer = observer;
  }

  /** The application around a labeller, which it closes; if it cannot be made, this does. */
  public LabelApp labelApp(VideoLabeller labeller) {
    ConnectionSettings connection = settings.connection();
    return handedOver(
        labeller,
        () ->
            new LabelApp(
                new LabelApp.Settings(
                    connection.topics(),
                    connection.kafka(),
                    connection.serde().className(),
                    connection.serde().settings(),
                    settings.work().pending(),
                    settings.work().shutdownTimeout(),
                    settings.outcomeTimestamp()),
                labeller));
  }

  /** Loads the model on every device; returns once all are warm. */
  public LabelPipeline pipeline(ModelArtifact model) {
    return pipeline(model, generations());
  }

  /**
   * As the other.
   *
   * @param factory of its generation
   */
  public LabelPipeline pipeline(ModelArtifact model, GenerationFactory factory) {
    Generation generation = factory.create(model); // Not started: nothing to close yet.
    LabelPipeline pipeline =
        LabelPipeline.open(fetcher(), generation, pipelineSettings(), observer);
    gpus().watch(pipeline::queued);
    return pipeline;
  }

  /**
   * A pipeline that has started.
   *
   * @param generations closed by the pipeline; one serves already
   */
  public LabelPipeline pipeline(GenerationSource generations) {
    LabelPipeline pipeline =
        new LabelPipeline(
            fetcher(),
            generations,
            pipelineSettings(),
            PipelineObserver.both(generations.observer(), observer));
    gpus().watch(pipeline::queued);
    pipeline.start();
    return pipeline;
  }

  /**
   * A pipeline that has started, with the labels of shadow versions beside it.
   *
   * @param versions closed with it; one serves already
   * @param factory of its generations
   */
  public <T extends GenerationSource & ShadowSource> ShadowLabeller shadowed(
      T versions, GenerationFactory factory) {
    PixelBudget pixels = new PixelBudget(settings.shadow().maxDecodedBytes(), gpus());
    ShadowWriter writer =
        new ShadowWriter(
            new KafkaConnection(settings.connection()).shadowLabels(),
            settings.connection().topics().shadow());
    return handedOver(
        writer,
        () -> {
          LabelPipeline live = pipeline(versions);
          return handedOver(
              live,
              () ->
                  new ShadowLabeller(
                      live,
                      fetcher(),
                      versions,
                      model -> factory.cutter(model.manifest().clip(), pixels),
                      settings.pipeline(),
                      settings.shadow().maxWaiting(),
                      writer));
        });
  }

  /**
   * The models whose versions come from the log, none loaded yet.
   *
   * @param factory of their generations
   */
  public LiveModels liveModels(GenerationFactory factory) {
    return new LiveModels(
        settings.live().routes(),
        settings.live().maxLoaded(),
        settings.live().loadPatience(),
        (model, generations) -> live(model, generations, factory));
  }

  /**
   * A model whose versions come from the log, not started.
   *
   * @param generations take the versions; stay the caller's
   * @throws IOException if a file of trusted keys cannot be read
   */
  public LiveModel live(String model, LiveGenerations generations, GenerationFactory factory)
      throws IOException {
    FileFetcher files = files();
    return handedOver(
        files,
        () ->
            new LiveModel(
                InstanceId.create(),
                model,
                settings.live().options(),
                new KafkaConnection(settings.connection()).modelLog(settings.live().topics()),
                generations,
                factory,
                files));
  }

  public Fetcher fetcher() {
    return new ReferenceFetcher(files());
  }

  private FileFetcher files() {
    return new FileFetcher(settings.fetch(), settings.work().directory());
  }

  /** Generations that share one budget of decoded pixels. */
  public GenerationFactory generations() {
    return new GenerationFactory(
        settings.model().devices().devices(),
        settings.model().kernels(),
        Sampling.sliding(settings.work().maxClipsPerVideo()),
        settings.decode(),
        settings.isolation() == DecodeIsolation.PROCESS
            ? Optional.of(new DecoderProcesses()) // They end with this process.
            : Optional.empty(),
        gpus(),
        new PixelBudget(settings.work().maxDecodedBytes(), gpus()),
        settings.pipeline().batch(),
        observer);
  }

  /** GPUs decode beside the CPU, of which what they do at once takes half a core each. */
  private PipelineSettings pipelineSettings() {
    return settings.pipeline().withMoreDecodeThreads(gpus().places() / 2);
  }

  /** Those of the model's GPUs that decode. */
  private synchronized GpuDecoding gpus() {
    if (gpus == null) {
      boolean here = settings.isolation() == DecodeIsolation.NONE;
      gpus =
          here && settings.gpuDecoding() == GpuMode.AUTO
              ? GpuDecoding.on(
                  settings.model().devices().devices().stream()
                      .filter(Device::isGpu)
                      .map(Device::getDeviceId)
                      .toList())
              : GpuDecoding.off();
    }
    return gpus;
  }

  private interface Maker<T, E extends Exception> {
    T make() throws E;
  }

  /** What a part becomes the property of; the part is closed if that cannot be made. */
  private static <T, E extends Exception> T handedOver(AutoCloseable part, Maker<T, E> owner)
      throws E {
    boolean made = false;
    try {
      T whole = owner.make();
      made = true;
      return whole;
    } finally {
      if (!made) {
        closeQuietly(part);
      }
    }
  }

  private static void closeQuietly(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) { // What could not be made is the error to tell.
      log.warn("{} could not be closed: {}", part.getClass().getSimpleName(), e.toString());
    }
  }
}
