package io.clipstream.streams.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clipstream.model.Printable;
import io.clipstream.schemas.DecodedVideo;
import io.clipstream.schemas.Label;
import io.clipstream.schemas.LabelledSegment;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/** Prints outcomes as they come, a line each: for people, or one JSON object for machines. */
final class OutcomeWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final PrintWriter out;
  private final boolean json;

  OutcomeWriter(PrintWriter out, boolean json) {
    this.out = out;
    this.json = json;
  }

  /** Prints a {@link VideoLabels} or a {@link RejectedVideo}. */
  void print(SpecificRecord outcome) {
    if (outcome instanceof VideoLabels labels) {
      out.println(json ? toJson(labelled(labels)) : line(labels));
    } else if (outcome instanceof RejectedVideo rejected) {
      out.println(json ? toJson(rejected(rejected)) : line(rejected));
    } else {
      throw new IllegalArgumentException(
          "outcome is " + outcome.getClass().getName() + ", expected VideoLabels or RejectedVideo");
    }
    out.flush();
  }

  private static String line(VideoLabels labels) {
    Label top = labels.getLabels().get(0);
    DecodedVideo video = labels.getVideo();
    return String.format(
        Locale.ROOT,
        "labelled  %-28s %-24s %5.1f %%  %5.1f s of %s%s%s",
        Printable.of(labels.getId()),
        Printable.of(top.getName()),
        100 * top.getScore(),
        video.getDurationMillis() / 1000.0,
        video.getCodec(),
        video.getComplete() ? "" : ", partial: " + Printable.of(String.valueOf(video.getNote())),
        video.getRemark() == null ? "" : ", " + Printable.of(video.getRemark()));
  }

  private static String line(RejectedVideo rejected) {
    return String.format(
        Locale.ROOT,
        "rejected  %-28s %-24s %s",
        Printable.of(rejected.getReference().getId()),
        rejected.getReason(),
        Printable.of(rejected.getDetail()));
  }

  static Map<String, Object> labelled(VideoLabels labels) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", "labelled");
    json.put("id", labels.getId());
    json.put("uri", labels.getUri());
    json.put("labels", labels(labels.getLabels()));
    List<Map<String, Object>> segments = new ArrayList<>();
    for (LabelledSegment segment : labels.getSegments()) {
      Map<String, Object> s = new LinkedHashMap<>();
      s.put("startMillis", segment.getStartMillis());
      s.put("endMillis", segment.getEndMillis());
      s.put("labels", labels(segment.getLabels()));
      segments.add(s);
    }
    json.put("segments", segments);
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", labels.getModel().getName());
    model.put("version", labels.getModel().getVersion());
    model.put("digest", labels.getModel().getDigest());
    json.put("model", model);
    Map<String, Object> video = new LinkedHashMap<>();
    video.put("container", labels.getVideo().getContainer());
    video.put("codec", labels.getVideo().getCodec());
    video.put("width", labels.getVideo().getWidth());
    video.put("height", labels.getVideo().getHeight());
    video.put("framesPerSecond", labels.getVideo().getFramesPerSecond());
    video.put("durationMillis", labels.getVideo().getDurationMillis());
    video.put("clips", labels.getVideo().getClips());
    video.put("complete", labels.getVideo().getComplete());
    video.put("note", labels.getVideo().getNote());
    video.put("remark", labels.getVideo().getRemark());
    json.put("video", video);
    Map<String, Object> timings = new LinkedHashMap<>();
    timings.put("fetchMillis", labels.getTimings().getFetchMillis());
    timings.put("decodeMillis", labels.getTimings().getDecodeMillis());
    timings.put("queueMillis", labels.getTimings().getQueueMillis());
    timings.put("classifyMillis", labels.getTimings().getClassifyMillis());
    timings.put("totalMillis", labels.getTimings().getTotalMillis());
    json.put("timings", timings);
    return json;
  }

  static Map<String, Object> rejected(RejectedVideo rejected) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", "rejected");
    json.put("id", rejected.getReference().getId());
    json.put("uri", rejected.getReference().getUri());
    json.put("reason", rejected.getReason().toString());
    json.put("detail", rejected.getDetail());
    json.put("attempts", rejected.getAttempts());
    return json;
  }

  private static List<Map<String, Object>> labels(List<Label> labels) {
    List<Map<String, Object>> json = new ArrayList<>();
    for (Label label : labels) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", label.getId());
      one.put("name", label.getName());
      one.put("score", label.getScore());
      json.add(one);
    }
    return json;
  }

  static String toJson(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an outcome cannot be written as JSON", e);
    }
  }
}
