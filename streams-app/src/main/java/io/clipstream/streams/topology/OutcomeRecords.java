package io.clipstream.streams.topology;

import io.clipstream.model.Count;
import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.streams.outcome.Outcome;
import io.clipstream.streams.outcome.RecordSize;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.api.Record;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the records of outcomes: the key and the headers of the reference, the outcome as value,
 * and never more bytes than every topic takes. One thread at a time.
 */
final class OutcomeRecords {
  /** Largest record, as {@link RecordSize#of} counts it: what fits into Kafka's usual 1 MiB. */
  static final int MAX_BYTES = RecordSize.within(1024 * 1024);

  /** What is left of labels that are too large without their segments, too. */
  private static final int FEW_LABELS = 10;

  private static final int SHORT_NAME = 200;

  private static final Logger log = LoggerFactory.getLogger(OutcomeRecords.class);

  private final Topics topics;
  private final Formats formats;

  /**
   * @param formats owned by the caller
   */
  OutcomeRecords(Topics topics, Formats formats) {
    this.topics = topics;
    this.formats = formats;
  }

  /**
   * The record of an outcome. Labels that are too large lose their segments first and then all but
   * the {@value #FEW_LABELS} best, which their note says.
   *
   * @param reference the record that the outcome answers
   * @param timestamp of the new record, in milliseconds since 1970
   * @throws SerializationException if nothing of the outcome can be written
   * @throws io.clipstream.schemas.serde.RegistryException if the registry fails
   */
  Record<byte[], byte[]> of(Record<byte[], byte[]> reference, Outcome outcome, long timestamp) {
    if (outcome instanceof Outcome.Labelled labelled) {
      return labels(reference, labelled.labels(), timestamp);
    }
    RejectedVideo video = ((Outcome.Rejected) outcome).video();
    Headers headers = new RecordHeaders(reference.headers());
    byte[] value = formats.rejected().serializer().serialize(topics.rejected(), headers, video);
    byte[] key = keyOf(reference, video.getReference().getId());
    return fitting(new Record<>(key, value, timestamp, headers));
  }

  private Record<byte[], byte[]> labels(
      Record<byte[], byte[]> reference, VideoLabels labels, long timestamp) {
    Serializer<VideoLabels> serializer = formats.labels().serializer();
    Headers headers = new RecordHeaders(reference.headers());
    byte[] key = keyOf(reference, labels.getId());
    byte[] value = serializer.serialize(topics.labeled(), headers, labels);
    Record<byte[], byte[]> whole = new Record<>(key, value, timestamp, headers);
    long bytes = RecordSize.of(whole);
    if (bytes <= MAX_BYTES) {
      return whole;
    }
    VideoLabels smaller = withoutSegments(labels, bytes);
    Record<byte[], byte[]> record =
        whole.withValue(serializer.serialize(topics.labeled(), headers, smaller));
    bytes = RecordSize.of(record);
    if (bytes <= MAX_BYTES) {
      return record;
    }
    smaller = withFewLabels(smaller, bytes);
    return fitting(whole.withValue(serializer.serialize(topics.labeled(), headers, smaller)));
  }

  private static VideoLabels withoutSegments(VideoLabels labels, long bytes) {
    String what = labels.getSegments().size() + " segments are left out";
    return noted(VideoLabels.newBuilder(labels).setSegments(List.of()), what, bytes);
  }

  private static VideoLabels withFewLabels(VideoLabels labels, long bytes) {
    List<Label> few =
        labels.getLabels().stream()
            .limit(FEW_LABELS)
            .map(label -> Label.newBuilder(label).setName(cut(label.getName())).build())
            .collect(Collectors.toList());
    String what =
        Count.of(labels.getLabels().size() - few.size(), "label", "is", "are") + " left out";
    return noted(VideoLabels.newBuilder(labels).setLabels(few), what, bytes);
  }

  private static VideoLabels noted(VideoLabels.Builder labels, String what, long bytes) {
    String note =
        what + ", as the record would have " + bytes + " bytes, expected at most " + MAX_BYTES;
    log.warn("Labels of {}: {}", labels.getId(), note);
    String earlier = labels.getVideo().getNote();
    DecodedVideo video =
        DecodedVideo.newBuilder(labels.getVideo())
            .setNote(earlier == null ? note : earlier + "; " + note)
            .build();
    return labels.setVideo(video).build();
  }

  private static String cut(String name) {
    return name.codePointCount(0, name.length()) <= SHORT_NAME
        ? name
        : name.substring(0, name.offsetByCodePoints(0, SHORT_NAME)) + "…";
  }

  private static byte[] keyOf(Record<byte[], byte[]> reference, String id) {
    return reference.key() != null ? reference.key() : id.getBytes(StandardCharsets.UTF_8);
  }

  private static Record<byte[], byte[]> fitting(Record<byte[], byte[]> record) {
    long bytes = RecordSize.of(record);
    if (bytes > MAX_BYTES) {
      throw new SerializationException(
          "its outcome has " + bytes + " bytes, expected at most " + MAX_BYTES);
    }
    return record;
  }
}
