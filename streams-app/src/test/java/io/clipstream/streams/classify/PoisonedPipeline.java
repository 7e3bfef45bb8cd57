package io.clipstream.streams.classify;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.fetch.FetchResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A pipeline without decoder and network, whose process one video ends as a crash would. */
public final class PoisonedPipeline {
  private PoisonedPipeline() {}

  /**
   * Opens it.
   *
   * @param directory takes a file for each video
   * @param poison id of the video that ends the process as soon as it is cut
   */
  public static VideoLabeller open(Path directory, String poison) {
    ClipBuffers buffers = new ClipBuffers(Fixtures.SPEC.clipBytes(), 1 << 20);
    Fetcher fetcher =
        request -> new FetchResult.Fetched(Fixtures.local(directory, request.reference().getId()));
    Cutter cutter =
        (video, range, sink) -> {
          if (video.path().getFileName().toString().equals(poison)) {
            Runtime.getRuntime().halt(139);
          }
          Clip clip = buffers.take(new TimeRange(0, 1), 0);
          sink.accept(clip);
          return new CutResult.Cut(Fixtures.INFO, 1, true, "", "", 0);
        };
    PipelineSettings settings =
        new PipelineSettings(4, BatchPolicy.upTo(4, Duration.ofMillis(1)), 4, 1);
    Generation generation =
        new Generation(
            Fixtures.MODEL,
            cutter,
            List.of(new DeviceModel("fake", FixedScores::new)),
            settings.batch(),
            PipelineObserver.NONE);
    return LabelPipeline.open(fetcher, generation, settings, PipelineObserver.NONE);
  }
}
