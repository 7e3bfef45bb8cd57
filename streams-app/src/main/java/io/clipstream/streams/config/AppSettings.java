package io.clipstream.streams.config;

import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.GpuMode;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ShadowSettings;
import io.clipstream.streams.console.ConsoleOptions;
import io.clipstream.streams.topology.OutcomeTimestamp;
import io.clipstream.streams.tracing.TraceOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Everything that an instance is set up with, by feature. Reading it opens nothing but looks at
 * every key, so that a wrong value is told before any work begins.
 *
 * @param connection to the brokers and the registry
 * @param model what is served, and where
 * @param live how versions of the model come from the log
 * @param pipeline how videos become clips, and clips batches and labels
 * @param shadow what labelling with shadow versions may hold
 * @param work what the instance holds at once
 * @param fetch what may be fetched, from where, and how much
 * @param decode what one decode may cost
 * @param isolation where decoding is done
 * @param gpuDecoding whether GPUs decode too
 * @param outcomeTimestamp which time stamp outcomes get
 * @param health where it tells how it is
 * @param console the page that it shows; empty: none
 * @param tracing where traces go; empty: there are none
 */
public record AppSettings(
    ConnectionSettings connection,
    ModelSettings model,
    LiveSettings live,
    PipelineSettings pipeline,
    ShadowSettings shadow,
    WorkSettings work,
    FetchPolicy fetch,
    DecodeLimits decode,
    DecodeIsolation isolation,
    GpuMode gpuDecoding,
    OutcomeTimestamp outcomeTimestamp,
    HealthSettings health,
    Optional<ConsoleOptions> console,
    Optional<TraceOptions> tracing) {

  /**
   * Reads every key.
   *
   * @throws UserError for the first value that cannot be used, naming where it came from, its key,
   *     and what was expected
   */
  public static AppSettings read(Settings settings) {
    return new AppSettings(
        ConnectionSettings.read(settings),
        ModelSettings.read(settings),
        LiveSettings.read(settings),
        PipelineReader.pipeline(settings),
        PipelineReader.shadow(settings),
        WorkSettings.read(settings),
        FetchReader.policy(settings),
        PipelineReader.decode(settings),
        settings.value("decode.isolation", "none or process", DecodeIsolation::of),
        settings.value("decode.gpu", GpuMode.EXPECTED, GpuMode::parse),
        settings.value("outcome.timestamp", "now or reference", AppSettings::timestamp),
        HealthSettings.read(settings),
        ConsoleReader.read(settings),
        TraceReader.read(settings));
  }

  /**
   * The same, with more folders that {@code file:} references may name.
   *
   * @param folders absolute
   */
  public AppSettings withFileRoots(List<Path> folders) {
    List<Path> roots = new ArrayList<>(fetch.fileRoots());
    roots.addAll(folders);
    return new AppSettings(
        connection,
        model,
        live,
        pipeline,
        shadow,
        work,
        fetch.withFileRoots(roots),
        decode,
        isolation,
        gpuDecoding,
        outcomeTimestamp,
        health,
        console,
        tracing);
  }

  private static OutcomeTimestamp timestamp(String text) {
    return switch (text) {
      case "now" -> OutcomeTimestamp.NOW;
      case "reference" -> OutcomeTimestamp.REFERENCE;
      default -> null;
    };
  }
}
