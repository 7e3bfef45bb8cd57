package io.clipstream.streams.app;

import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.VideoRequest;

/** What an instance does with Kafka for a shadow version, without the version. */
public final class ShadowClient {
  private ShadowClient() {}

  /** Writes labels; the log of this package tells if they did not get there. */
  public static void write(KafkaConnection kafka, VideoLabels labels) {
    try (ShadowWriter writer = new ShadowWriter(kafka.shadowLabels(), "videos.shadow")) {
      writer.accept(
          VideoRequest.of(
              VideoReference.newBuilder().setId(labels.getId()).setUri(labels.getUri()).build()),
          labels);
    }
  }
}
