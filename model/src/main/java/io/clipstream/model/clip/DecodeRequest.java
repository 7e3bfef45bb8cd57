package io.clipstream.model.clip;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What {@link DecoderChild} is asked for, as the one line of JSON that goes to it.
 *
 * @param file absolute
 * @param range the part to sample, or null for all
 */
record DecodeRequest(
    String file,
    ClipSpec spec,
    Sampling sampling,
    TimeRange range,
    int maxPictureSide,
    long maxPicturePixels,
    double maxSeconds,
    int maxFrames,
    long timeoutMillis) {
  private static final ObjectMapper JSON =
      new ObjectMapper().addMixIn(Sampling.class, SamplingName.class);

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Sampling.Sliding.class, name = "sliding"),
    @JsonSubTypes.Type(value = Sampling.Dense.class, name = "dense"),
    @JsonSubTypes.Type(value = Sampling.Uniform.class, name = "uniform"),
    @JsonSubTypes.Type(value = Sampling.Random.class, name = "random")
  })
  private interface SamplingName {}

  static DecodeRequest of(
      Path file, ClipSpec spec, Sampling sampling, Optional<TimeRange> range, DecodeLimits limits) {
    return new DecodeRequest(
        file.toAbsolutePath().toString(),
        spec,
        sampling,
        range.orElse(null),
        limits.maxPictureSide(),
        limits.maxPicturePixels(),
        limits.maxSeconds(),
        limits.maxFrames(),
        limits.timeout().toMillis());
  }

  /** The same without the file and the range. */
  DecodeRequest kind() {
    return new DecodeRequest(
        null,
        spec,
        sampling,
        null,
        maxPictureSide,
        maxPicturePixels,
        maxSeconds,
        maxFrames,
        timeoutMillis);
  }

  DecodeLimits limits() {
    return new DecodeLimits(
        maxPictureSide, maxPicturePixels, maxSeconds, maxFrames, Duration.ofMillis(timeoutMillis));
  }

  static DecodeRequest read(String json) throws JsonProcessingException {
    return JSON.readValue(json, DecodeRequest.class);
  }

  String json() {
    return json(this);
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static <T> T read(String json, Class<T> type) throws JsonProcessingException {
    return JSON.readValue(json, type);
  }
}
