package io.clipstream.model.infer;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.DecodeResult;
import java.time.Duration;
import java.util.List;

/**
 * A video that was decoded and not classified yet; owns its clips.
 *
 * @param result what was decoded
 * @param clips none if it was rejected
 * @param times seconds of the frames that the clips show, ascending
 * @param took to decode it
 */
public record DecodedVideo(DecodeResult result, List<Clip> clips, List<Double> times, Duration took)
    implements AutoCloseable {
  @Override
  public void close() {
    clips.forEach(Clip::close);
  }
}
