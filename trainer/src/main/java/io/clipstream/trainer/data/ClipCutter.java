package io.clipstream.trainer.data;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.model.clip.VideoInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/** Decodes what is {@link Kept} of videos. One thread. */
final class ClipCutter {
  private final Kept kept;
  private final Consumer<String> remarks;
  private ClipSpec spec;
  private VideoDecoder decoder;

  /** Takes what was cut from a video; the pixels are valid until it returns. */
  interface Sink {
    /**
     * @param pixels RGB uint8 {@code [frames, height, width, 3]}
     */
    void accept(ByteBuffer pixels, int frames, int width, int height) throws IOException;
  }

  /**
   * @param remarks takes what of videos is not there, a line each
   */
  ClipCutter(Kept kept, Consumer<String> remarks) {
    this.kept = kept;
    this.remarks = remarks;
  }

  /**
   * Decodes a video.
   *
   * @return why it is of no use, empty if the sink got it
   */
  Optional<String> cut(ClipList.Entry video, Sink sink) throws IOException, InterruptedException {
    try (Footage footage = Footage.open(video)) {
      footage.remark().ifPresent(remarks);
      ClipSpec wanted = kept.spec(1, 1);
      if (kept.wholePicture()) {
        DecodeResult probed = decode(kept.probe(), footage, Clip::close);
        if (probed instanceof DecodeResult.Rejected rejected) {
          return Optional.of(reason(rejected));
        }
        wanted = specOf(((DecodeResult.Decoded) probed).info());
      }
      return cut(wanted, false, footage, sink);
    }
  }

  /**
   * Decodes a video whose size is known, which spares the look at it.
   *
   * @param size of what is kept of its pictures
   */
  Optional<String> cut(ClipList.Entry video, CropSize size, Sink sink)
      throws IOException, InterruptedException {
    try (Footage footage = Footage.open(video)) {
      return cut(kept.spec(size), true, footage, sink);
    }
  }

  /**
   * @param known whether what is kept of its pictures cannot have another size, or only was looked
   *     up in its middle: where its shape changes, the first picture decides
   */
  private Optional<String> cut(ClipSpec wanted, boolean known, Footage footage, Sink sink)
      throws IOException, InterruptedException {
    Clip[] cut = new Clip[1];
    DecodeResult result = decode(wanted, footage, clip -> cut[0] = clip);
    ClipSpec first;
    try (Clip clip = cut[0]) {
      if (result instanceof DecodeResult.Rejected rejected) {
        return Optional.of(reason(rejected));
      }
      VideoInfo info = ((DecodeResult.Decoded) result).info();
      first = specOf(info);
      if (first.crop().equals(wanted.crop())) {
        int frames = frames(info, clip.range(), footage.range());
        ByteBuffer pixels = clip.pixels();
        pixels.limit(pixels.capacity() / kept.frames() * frames);
        sink.accept(pixels, frames, wanted.crop().width(), wanted.crop().height());
        return Optional.empty();
      }
    }
    if (known) {
      throw new IOException("it has another size");
    }
    return cut(first, true, footage, sink);
  }

  private ClipSpec specOf(VideoInfo info) {
    return kept.spec(info.width(), info.height());
  }

  private DecodeResult decode(
      ClipSpec wanted, Footage footage, io.clipstream.model.clip.ClipSink sink)
      throws InterruptedException {
    if (!wanted.equals(spec)) {
      spec = wanted;
      decoder =
          new VideoDecoder(
              spec, DecodeLimits.defaults(), new ClipBuffers(spec.clipBytes(), spec.clipBytes()));
    }
    return footage.decode(decoder, Sampling.views(1, 1), sink);
  }

  /**
   * How many frames to keep: the decoder fills up short videos from their beginning, which only a
   * video shorter than a clip needs.
   */
  private int frames(VideoInfo info, TimeRange range, Optional<TimeRange> part) {
    double seconds = range.endSeconds() - range.startSeconds();
    long samples;
    if (spec.stride() > 0) {
      double share = part.map(p -> Math.min(1, p.seconds() / info.durationSeconds())).orElse(1.0);
      samples = (Math.round(info.frames() * share) + spec.stride() - 1) / spec.stride();
    } else {
      // As ClipSampler counts them.
      double late = Math.min(0.001, info.durationSeconds() / info.frames() / 4);
      samples = (long) Math.floor((seconds + late) * spec.framesPerSecond());
    }
    return (int) Math.max(kept.clip().frames(), Math.min(kept.frames(), samples));
  }

  private static String reason(DecodeResult.Rejected rejected) {
    return rejected.reason() + ": " + rejected.detail();
  }
}
