package io.clipstream.streams.classify;

import io.clipstream.model.artifact.ModelManifest;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.VideoInfo;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.StageTimings;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.Rejections;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Values that tests share. */
public final class Fixtures {
  static final ClipSpec SPEC =
      new ClipSpec(2, 10, 8, 8, false, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

  static final ServedModel MODEL =
      new ServedModel(
          new ModelManifest(
              "fixed",
              "1",
              List.of("no", "yes"),
              SPEC,
              "1",
              Map.of(),
              "serving",
              "fp32",
              Map.of(),
              Map.of(),
              ""),
          "0".repeat(64));

  static final VideoInfo INFO = new VideoInfo("mp4", "h264", 320, 240, 0, 25, 4, 100);

  private Fixtures() {}

  public static VideoReference reference(String id) {
    return VideoReference.newBuilder()
        .setId(id)
        .setUri("file:///videos/" + id + ".mp4")
        .setMetadata(Map.of("for", id))
        .build();
  }

  /** The file of a video, whose content nobody reads. */
  static LocalFile local(Path directory, String id) {
    try {
      Path file = directory.resolve(id);
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
      return LocalFile.of(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Outcome labelled(VideoReference reference) {
    return new Outcome.Labelled(
        VideoLabels.newBuilder()
            .setId(reference.getId())
            .setUri(reference.getUri())
            .setLabels(List.of(Label.newBuilder().setId(1).setName("yes").setScore(0.75f).build()))
            .setModel(MODEL.identity())
            .setVideo(
                DecodedVideo.newBuilder()
                    .setContainer("mp4")
                    .setCodec("h264")
                    .setWidth(320)
                    .setHeight(240)
                    .setFramesPerSecond(25)
                    .setDurationMillis(4000)
                    .setClips(1)
                    .setComplete(true)
                    .build())
            .setTimings(StageTimings.newBuilder().build())
            .setLabelledAt(Instant.ofEpochMilli(1_800_000_000_000L))
            .setMetadata(reference.getMetadata())
            .build());
  }

  public static Outcome rejected(VideoReference reference) {
    return Rejections.reject(reference, RejectionReason.CORRUPT, "it is damaged", 1);
  }
}
