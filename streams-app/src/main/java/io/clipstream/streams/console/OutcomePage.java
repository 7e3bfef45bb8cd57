package io.clipstream.streams.console;

import io.clipstream.model.fetch.UriLabel;
import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelledSegment;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.StageTimings;
import io.clipstream.schemas.VideoLabels;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;

/** Outcomes as the page gets them: bounded, addresses masked, and nothing that hides. */
final class OutcomePage {
  private static final int LABELS = 5;
  private static final int SEGMENTS = 64;
  private static final int METADATA = 8;

  /** Of a label, of which an outcome has many. */
  private static final int LABEL_LENGTH = 100;

  private OutcomePage() {}

  static Map<String, Object> of(String place, SpecificRecord outcome) {
    return outcome instanceof VideoLabels labels
        ? labelled(place, labels)
        : rejected(place, (RejectedVideo) outcome);
  }

  private static Map<String, Object> labelled(String place, VideoLabels labels) {
    DecodedVideo video = labels.getVideo();
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("place", place);
    page.put("type", "labelled");
    page.put("id", Shown.text(labels.getId()));
    page.put("uri", Shown.text(UriLabel.of(labels.getUri())));
    page.put("at", labels.getLabelledAt().toEpochMilli());
    page.put("labels", labels(labels.getLabels(), LABELS));
    page.put("segments", segments(labels));
    page.put("model", Shown.text(labels.getModel().getName()));
    page.put("version", Shown.text(labels.getModel().getVersion()));
    page.put("rollout", labels.getRollout());
    page.put("millis", video.getDurationMillis());
    page.put(
        "video",
        "%s %s, %d × %d"
            .formatted(
                Shown.text(video.getContainer()),
                Shown.text(video.getCodec()),
                video.getWidth(),
                video.getHeight()));
    page.put("clips", video.getClips());
    page.put("note", video.getComplete() ? null : Shown.text(note(video)));
    page.put("stages", stages(labels.getTimings()));
    page.put("metadata", metadata(labels.getMetadata()));
    return page;
  }

  private static String note(DecodedVideo video) {
    return video.getNote() == null ? "decoded in part" : video.getNote();
  }

  private static Map<String, Object> rejected(String place, RejectedVideo rejected) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("place", place);
    page.put("type", "rejected");
    page.put("id", Shown.text(rejected.getReference().getId()));
    page.put("uri", Shown.text(UriLabel.of(rejected.getReference().getUri())));
    page.put("at", rejected.getRejectedAt().toEpochMilli());
    page.put("reason", rejected.getReason().toString());
    page.put("detail", Shown.text(rejected.getDetail()));
    page.put("attempts", rejected.getAttempts());
    page.put("metadata", metadata(rejected.getReference().getMetadata()));
    return page;
  }

  private static List<Map<String, Object>> segments(VideoLabels labels) {
    List<LabelledSegment> all = labels.getSegments();
    // More of them than can be told apart are taken together.
    int step = Math.max(1, (all.size() + SEGMENTS - 1) / SEGMENTS);
    return IntStream.iterate(0, i -> i < all.size(), i -> i + step)
        .mapToObj(
            i -> {
              LabelledSegment last = all.get(Math.min(all.size(), i + step) - 1);
              Map<String, Object> page = new LinkedHashMap<>();
              page.put("from", all.get(i).getStartMillis());
              page.put("to", last.getEndMillis());
              page.put("labels", labels(all.get(i).getLabels(), 1));
              return page;
            })
        .toList();
  }

  private static List<List<Object>> labels(List<Label> labels, int most) {
    return labels.stream()
        .limit(most)
        .map(label -> List.<Object>of(Shown.text(label.getName(), LABEL_LENGTH), label.getScore()))
        .toList();
  }

  private static Map<String, Object> stages(StageTimings timings) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("fetch", timings.getFetchMillis());
    page.put("decode", timings.getDecodeMillis());
    page.put("queue", timings.getQueueMillis());
    page.put("classify", timings.getClassifyMillis());
    page.put("total", timings.getTotalMillis());
    return page;
  }

  private static Map<String, String> metadata(Map<String, String> metadata) {
    Map<String, String> page = new LinkedHashMap<>();
    metadata.entrySet().stream()
        .limit(METADATA)
        .forEach(entry -> page.put(Shown.text(entry.getKey()), Shown.text(entry.getValue())));
    return page;
  }
}
