package io.clipstream.streams.console;

import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.schemas.LabelledSegment;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.Fetcher;
import io.clipstream.streams.classify.VideoRequest;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import javax.imageio.ImageIO;

/**
 * Small pictures of labelled videos, made when they are asked for: fetched under the rules of every
 * reference, one at a time, and the last few kept. All threads; those that ask wait.
 */
public final class Thumbnails implements AutoCloseable {
  private static final CropSize SIZE = new CropSize(108, 192);
  private static final ClipSpec ONE =
      new ClipSpec(1, 1, 0, SIZE.height(), SIZE, true, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
  private static final Duration DECODE = Duration.ofSeconds(10);
  private static final int KEPT = 400;
  private static final int MOST_WAITING = 12;

  /** Whose pictures are shown. */
  public enum Of {
    /** None. */
    NONE,
    /** Of videos that this host has as files. */
    FILES,
    /** Of downloads too, each of which is fetched once more. */
    ALL
  }

  private final Of of;
  private final Fetcher fetcher;
  private final VideoDecoder decoder;
  private final Semaphore turn = new Semaphore(1, true);

  /** JPEG by the outcome's place; none of one that has no picture. */
  private final Map<String, Optional<byte[]>> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Optional<byte[]>> eldest) {
          return size() > KEPT;
        }
      };

  /**
   * @param fetcher closed with this
   * @param limits of every decode of this instance
   */
  public Thumbnails(Of of, Fetcher fetcher, DecodeLimits limits) {
    this.of = of;
    this.fetcher = fetcher;
    this.decoder =
        new VideoDecoder(
            ONE,
            new DecodeLimits(
                limits.maxPictureSide(),
                limits.maxPicturePixels(),
                limits.maxSeconds(),
                limits.maxFrames(),
                DECODE),
            new ClipBuffers(ONE.clipBytes(), ONE.clipBytes()));
  }

  /** One that was made already. */
  Optional<byte[]> find(String place) {
    synchronized (kept) {
      return kept.getOrDefault(place, Optional.empty());
    }
  }

  /** Whether it would have to wait for too many others. */
  boolean isBusy() {
    return turn.getQueueLength() >= MOST_WAITING;
  }

  /**
   * A JPEG, if there is a picture to show.
   *
   * @param place that it is kept under
   */
  Optional<byte[]> of(String place, VideoLabels labels) throws InterruptedException {
    if (of == Of.NONE || (of == Of.FILES && FileFetcher.isDownload(labels.getUri()))) {
      return Optional.empty();
    }
    turn.acquire();
    try {
      synchronized (kept) {
        if (kept.containsKey(place)) {
          return kept.get(place);
        }
      }
      Optional<byte[]> made = make(labels);
      synchronized (kept) {
        kept.put(place, made);
      }
      return made;
    } finally {
      turn.release();
    }
  }

  private Optional<byte[]> make(VideoLabels labels) throws InterruptedException {
    VideoReference reference =
        VideoReference.newBuilder().setId(labels.getId()).setUri(labels.getUri()).build();
    FetchResult fetched = fetcher.fetch(VideoRequest.of(reference));
    if (!(fetched instanceof FetchResult.Fetched got)) {
      return Optional.empty();
    }
    byte[][] jpeg = new byte[1][];
    try (LocalFile file = got.file()) {
      var unused =
          decoder.decode(
              file.path(),
              Sampling.views(1, 1),
              bestSegment(labels),
              clip -> {
                try (clip) {
                  jpeg[0] = jpeg(clip.pixels());
                }
              });
    }
    return Optional.ofNullable(jpeg[0]);
  }

  /** The part that is surest of the video's best label. */
  private static Optional<TimeRange> bestSegment(VideoLabels labels) {
    LabelledSegment best = null;
    float bestScore = 0;
    for (LabelledSegment segment : labels.getSegments()) {
      float score =
          segment.getLabels().isEmpty()
                  || labels.getLabels().isEmpty()
                  || segment.getLabels().get(0).getId() != labels.getLabels().get(0).getId()
              ? 0
              : segment.getLabels().get(0).getScore();
      if (score > bestScore && segment.getEndMillis() > segment.getStartMillis()) {
        best = segment;
        bestScore = score;
      }
    }
    return Optional.ofNullable(best)
        .map(it -> new TimeRange(it.getStartMillis() / 1000.0, it.getEndMillis() / 1000.0));
  }

  private static byte[] jpeg(ByteBuffer rgb) {
    BufferedImage image =
        new BufferedImage(SIZE.width(), SIZE.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < SIZE.height(); y++) {
      for (int x = 0; x < SIZE.width(); x++) {
        int red = rgb.get() & 0xff;
        int green = rgb.get() & 0xff;
        image.setRGB(x, y, (red << 16) | (green << 8) | (rgb.get() & 0xff));
      }
    }
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpeg", jpeg);
    } catch (IOException e) {
      throw new UncheckedIOException("a picture cannot be written to memory", e);
    }
    return jpeg.toByteArray();
  }

  @Override
  public void close() {
    fetcher.close();
  }
}
