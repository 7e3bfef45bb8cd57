package io.clipstream.streams.console;

import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.ModelIdentity;
import io.clipstream.schemas.StageTimings;
import io.clipstream.schemas.VideoLabels;
import java.time.Instant;
import java.util.List;

/** Labels of videos that nobody labelled, for those who only show or read them. */
public final class SyntheticLabels {
  private SyntheticLabels() {}

  public static VideoLabels of(String id, String model, String label) {
    return VideoLabels.newBuilder()
        .setId(id)
        .setUri("https://media.example.com/" + id.hashCode() + ".mp4")
        .setLabels(List.of(new Label(0, label, 0.75f), new Label(1, "another", 0.25f)))
        .setModel(new ModelIdentity(model, "1", "0".repeat(64)))
        .setVideo(
            DecodedVideo.newBuilder()
                .setContainer("mp4")
                .setCodec("h264")
                .setWidth(640)
                .setHeight(360)
                .setFramesPerSecond(25)
                .setDurationMillis(4000)
                .setClips(2)
                .setComplete(true)
                .build())
        .setTimings(
            StageTimings.newBuilder()
                .setFetchMillis(1)
                .setDecodeMillis(20)
                .setQueueMillis(3)
                .setClassifyMillis(60)
                .setTotalMillis(90)
                .build())
        .setLabelledAt(Instant.now())
        .build();
  }
}
