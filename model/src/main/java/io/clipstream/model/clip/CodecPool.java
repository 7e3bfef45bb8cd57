package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;

/**
 * Keeps decoders that are costly to open for further videos of their kind. All threads, none of
 * which waits for a decoder: where there is none to be had, the pool gives none.
 *
 * <p>A decoder is opened when a kind is seen for the second time, as long as few others are new and
 * the bounds on number and memory hold; for that, idle ones go, the one that was used least
 * recently first. A decoder that met with an error, or whose video was not read as far as wanted,
 * is thrown away. Before one is kept, its pictures are taken out and it is flushed; the next
 * video's header reaches it with that video's first packet. So it gives what a new one would.
 */
final class CodecPool implements AutoCloseable {
  /** Opens a decoder. */
  @FunctionalInterface
  interface Opener {
    AVCodecContext open(VideoTrack track, DecodeLimits limits) throws UnusableVideoException;
  }

  /**
   * @param decoders open at once
   * @param bytes of their memory, as {@link Kind#bytes} estimates it
   */
  record Bounds(int decoders, long bytes) {}

  /** What a decoder can be used for again. */
  record Kind(
      int codec, int profile, int format, int width, int height, int colorSpace, int colorRange) {
    static Kind of(VideoTrack track) {
      AVCodecParameters of = track.parameters();
      return new Kind(
          of.codec_id(),
          of.profile(),
          of.format(),
          of.width(),
          of.height(),
          of.color_space(),
          of.color_range());
    }

    /**
     * Pictures of 4:2:0 that a decoder holds: those that others refer to, and some on their way.
     */
    long bytes() {
      return PICTURES * width * height * 3 / 2;
    }
  }

  private static final long PICTURES = 24;

  /** Opening takes a driver some 50 ms, one decoder at a time: who would wait in line does not. */
  private static final int MOST_NEW = 4;

  private static final int KINDS_REMEMBERED = 4096;

  /** Sights of a kind until it is tried again after it was refused: the reason may have gone. */
  private static final int REFUSED_SIGHTS = 500;

  private final Opener opener;
  private final Bounds bounds;

  /** Guards what follows; nothing is opened or closed while it is held. */
  private final Object lock = new Object();

  private final ArrayDeque<Entry> idle = new ArrayDeque<>(); // the one used last at the end
  private final Map<Kind, Integer> seen; // sights until it is admitted
  private int decoders; // open, or about to be
  private int unproven; // of them
  private long bytes;
  private long opened;
  private boolean closed;

  /** A decoder and what it is for. */
  private static final class Entry {
    final Kind kind;
    AVCodecContext context;
    boolean proven; // has decoded a video

    Entry(Kind kind) {
      this.kind = kind;
    }
  }

  CodecPool(Opener opener, Bounds bounds) {
    this.opener = opener;
    this.bounds = bounds;
    this.seen =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<Kind, Integer> eldest) {
            return size() > KINDS_REMEMBERED;
          }
        };
  }

  /**
   * A decoder for a track, to be closed by the caller; empty if the pool has none for it.
   *
   * @throws UnusableVideoException if one cannot be opened
   */
  Optional<Codec> lease(VideoTrack track, DecodeLimits limits) throws UnusableVideoException {
    Kind kind = Kind.of(track);
    List<Entry> dropped = new ArrayList<>();
    Entry entry;
    synchronized (lock) {
      entry = takeOrAdmit(kind, dropped);
    }
    dropped.forEach(CodecPool::free);
    if (entry == null) {
      return Optional.empty();
    }
    if (entry.context != null) {
      prepare(entry.context, track, limits);
      return Optional.of(
          new Codec(entry.context, track.headerBytes(), codec -> back(entry, codec)));
    }
    try {
      entry.context = opener.open(track, limits);
      return Optional.of(new Codec(entry.context, null, codec -> back(entry, codec)));
    } finally {
      if (entry.context == null) {
        synchronized (lock) {
          forget(entry);
        }
      }
    }
  }

  /** Gives no decoder for this track's kind for a while. */
  void refuse(VideoTrack track) {
    synchronized (lock) {
      seen.put(Kind.of(track), REFUSED_SIGHTS);
    }
  }

  /** Decoders that are open. */
  int decoders() {
    synchronized (lock) {
      return decoders;
    }
  }

  /** Their memory, as {@link Kind#bytes} estimates it. */
  long bytes() {
    synchronized (lock) {
      return bytes;
    }
  }

  /** Decoders that were opened, or about to be. */
  long opened() {
    synchronized (lock) {
      return opened;
    }
  }

  /** An idle decoder, or a place for a new one; null if there is neither. */
  private Entry takeOrAdmit(Kind kind, List<Entry> dropped) {
    for (Iterator<Entry> newest = idle.descendingIterator(); newest.hasNext(); ) {
      Entry entry = newest.next();
      if (entry.kind.equals(kind)) {
        newest.remove();
        return entry;
      }
    }
    int sights = seen.getOrDefault(kind, 1);
    if (sights > 0) {
      seen.put(kind, sights - 1);
    }
    if (closed || sights > 0 || unproven >= MOST_NEW) {
      return null;
    }
    long needed = kind.bytes();
    if (needed > bounds.bytes()) {
      return null;
    }
    while (decoders >= bounds.decoders() || bytes + needed > bounds.bytes()) {
      Entry oldest = idle.pollFirst();
      if (oldest == null) {
        return null;
      }
      forget(oldest);
      dropped.add(oldest);
    }
    decoders++;
    opened++;
    unproven++;
    bytes += needed;
    return new Entry(kind);
  }

  /** As {@link Codec#openContext} does, as far as a video may differ from the last. */
  private static void prepare(AVCodecContext context, VideoTrack track, DecodeLimits limits) {
    AVCodecParameters of = track.parameters();
    context.max_pixels(limits.maxPicturePixels());
    context.pkt_timebase(track.timeBase());
    context.has_b_frames(of.video_delay());
    context.sample_aspect_ratio(of.sample_aspect_ratio());
    context.colorspace(of.color_space());
    context.color_range(of.color_range());
  }

  private void back(Entry entry, Codec codec) {
    boolean keep = codec.isSound();
    if (keep) {
      codec.flush();
      keep = codec.isSound(); // still
    }
    synchronized (lock) {
      if (keep && !closed) {
        unproven -= entry.proven ? 0 : 1;
        entry.proven = true;
        idle.addLast(entry);
        return;
      }
      forget(entry);
    }
    free(entry);
  }

  private void forget(Entry entry) {
    decoders--;
    unproven -= entry.proven ? 0 : 1;
    bytes -= entry.kind.bytes();
  }

  private static void free(Entry entry) {
    avcodec_free_context(entry.context);
  }

  /** Decoders that are in use go when they come back. */
  @Override
  public void close() {
    List<Entry> dropped;
    synchronized (lock) {
      closed = true;
      dropped = List.copyOf(idle);
      idle.clear();
      dropped.forEach(this::forget);
    }
    dropped.forEach(CodecPool::free);
  }
}
