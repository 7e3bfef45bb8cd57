package io.clipstream.schemas;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/** A record of each kind, with every optional field set or every optional field left out. */
public final class Examples {
  private static final Instant TIME = Instant.ofEpochMilli(1_795_420_800_123L);

  private Examples() {}

  public static VideoReference reference() {
    return VideoReference.newBuilder()
        .setId("clip-1")
        .setUri("file:///videos/clip-1.mp4")
        .setSha256("ab".repeat(32))
        .setStartMillis(1_000L)
        .setEndMillis(61_000L)
        .setModel("camera-motion")
        .setMetadata(Map.of("camera", "north"))
        .setSubmittedAt(TIME)
        .build();
  }

  public static VideoReference plainReference() {
    return VideoReference.newBuilder().setId("").setUri("https://example.org/ü.mp4").build();
  }

  public static ModelIdentity model() {
    return new ModelIdentity("camera-motion", "1.0.0", "cd".repeat(32));
  }

  public static VideoLabels labels() {
    List<Label> labels = List.of(new Label(3, "pan left", 0.75f), new Label(0, "static", 0.25f));
    return VideoLabels.newBuilder()
        .setId("clip-1")
        .setUri("file:///videos/clip-1.mp4")
        .setLabels(labels)
        .setSegments(
            List.of(
                new LabelledSegment(0L, 2_133L, labels),
                new LabelledSegment(2_133L, 4_266L, List.of())))
        .setModel(model())
        .setRollout(7L)
        .setVideo(
            DecodedVideo.newBuilder()
                .setContainer("mov,mp4,m4a,3gp,3g2,mj2")
                .setCodec("h264")
                .setWidth(1080)
                .setHeight(1920)
                .setFramesPerSecond(29.97)
                .setDurationMillis(4_266L)
                .setClips(2)
                .setComplete(false)
                .setNote("the file ends in the middle of a frame")
                .build())
        .setTimings(new StageTimings(1.5, 20.25, 3.0, 40.0, 64.75))
        .setLabelledAt(TIME)
        .setMetadata(Map.of("camera", "north"))
        .build();
  }

  /** One of each record that is the value of a topic. */
  public static List<SpecificRecord> all() {
    return List.of(
        reference(),
        plainReference(),
        labels(),
        RejectedVideo.newBuilder()
            .setReference(reference())
            .setReason(RejectionReason.TOO_SHORT)
            .setDetail("0.1 s, expected at least 0.5 s")
            .setRejectedAt(TIME)
            .build(),
        LabelCorrection.newBuilder()
            .setId("clip-1")
            .setUri("file:///videos/clip-1.mp4")
            .setLabel("tilt up")
            .setLabelledBy(model())
            .setAuthor("a person")
            .setCorrectedAt(TIME)
            .build(),
        ModelRelease.newBuilder()
            .setModel(model())
            .setBytes(5_000_000L)
            .setChunks(new ModelChunks(3, 100L, 107L, 921_600, List.of(1, -2, 3, -4, 5, 6)))
            .setSignature(new ModelSignature("0123456789abcdef", ByteBuffer.wrap(new byte[64])))
            .setManifest("{\"name\":\"camera-motion\"}")
            .setPublishedAt(TIME)
            .build(),
        ModelArtifactChunk.newBuilder()
            .setDigest("cd".repeat(32))
            .setIndex(0)
            .setCount(6)
            .setData(ByteBuffer.wrap(new byte[] {1, 2, 3}))
            .build(),
        ModelRollout.newBuilder()
            .setName("camera-motion")
            .setRevision(7)
            .setRollout(3)
            .setActiveVersion("1.0.0")
            .setSettledVersion("1.0.0")
            .setCanaryVersion("1.1.0")
            .setCanaryShare(0.05)
            .setActiveRollout(2)
            .setSettledRollout(2)
            .setCanaryRollout(3)
            .setChangedAt(TIME)
            .build(),
        ModelStatus.newBuilder()
            .setInstance("host-1")
            .setName("camera-motion")
            .setBeat(12)
            .setRevision(7)
            .setRollout(3)
            .setServing(model())
            .setCandidateVersion("1.1.0")
            .setState(ModelState.READY)
            .setTicket(1)
            .setTurn(41L)
            .setDevices(List.of("cpu"))
            .setChangedAt(TIME)
            .build());
  }
}
