package io.clipstream.streams.config;

import io.clipstream.model.Bounds;
import io.clipstream.model.Settings;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.fetch.RetryRules;
import io.clipstream.streams.classify.BatchPolicy;
import io.clipstream.streams.classify.PipelineSettings;
import io.clipstream.streams.classify.ShadowSettings;
import io.clipstream.streams.intake.WaitRules;
import java.time.Duration;

/** Reads how videos are decoded and clips classified. */
final class PipelineReader {
  private static final Bounds<Integer> THREADS = Bounds.of(1, 1024);
  private static final Bounds<Integer> BATCH = Bounds.of(1, 1024);
  private static final Bounds<Duration> DELAY = Bounds.of(Duration.ZERO, Duration.ofMinutes(10));
  private static final Bounds<Integer> CLIPS = Bounds.of(1, 10_000);
  private static final Bounds<Integer> LABELS = Bounds.of(1, 10_000);
  private static final Bounds<Duration> DURATION =
      Bounds.of(Duration.ofMillis(1), Duration.ofDays(100));
  private static final Bounds<Duration> TIMEOUT =
      Bounds.of(Duration.ofMillis(1), Duration.ofDays(1));

  private PipelineReader() {}

  static PipelineSettings pipeline(Settings settings) {
    return new PipelineSettings(
        threads(settings),
        BatchPolicy.upTo(
            settings.integer("batch.max-clips", BATCH),
            settings.duration("batch.max-delay", DELAY)),
        settings.integer("pipeline.max-waiting-clips-per-video", CLIPS),
        settings.integer("labels.top-k", LABELS),
        new WaitRules(
            settings.duration("fetch.patience", WaitRules.PATIENCE),
            settings.integer("pipeline.max-waiting", WaitRules.WAITING),
            settings.bytes("pipeline.max-waiting-bytes", WaitRules.BYTES),
            settings.integer("fetch.max-attempts", RetryRules.ATTEMPTS)));
  }

  static ShadowSettings shadow(Settings settings) {
    return new ShadowSettings(
        settings.integer("shadow.max-waiting", ShadowSettings.WAITING),
        settings.bytes("shadow.max-decoded", ShadowSettings.DECODED));
  }

  private static int threads(Settings settings) {
    return settings.value(
        "pipeline.decode-threads",
        "auto or a whole number from " + THREADS,
        text -> {
          int threads =
              text.equals("auto")
                  ? Runtime.getRuntime().availableProcessors()
                  : Integer.parseInt(text);
          return THREADS.contain(threads) ? threads : null;
        });
  }

  static DecodeLimits decode(Settings settings) {
    return new DecodeLimits(
        settings.integer("decode.max-picture-side", DecodeLimits.SIDE),
        settings.wholeNumber("decode.max-picture-pixels", DecodeLimits.PIXELS),
        settings.duration("decode.max-duration", DURATION).toMillis() / 1000.0,
        settings.integer("decode.max-frames", DecodeLimits.FRAMES),
        settings.duration("decode.timeout", TIMEOUT));
  }
}
