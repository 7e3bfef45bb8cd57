package io.clipstream.trainer;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The centre clip of every video of a set, decoded once into a memory-mapped file, so that epochs
 * cost no decoding. Clips keep the short side in full: {@code [T, side, side, 3]} with {@code side
 * = spec.shortSide()}, from which training cuts its crops. Reading: all threads.
 */
final class ClipCache implements AutoCloseable {
  /** A map holds at most 2 GiB. */
  private static final long SEGMENT_BYTES = 1L << 30;

  private final FileChannel channel;
  private final List<MappedByteBuffer> segments = new ArrayList<>();
  private final int clipsPerSegment;
  private final ClipSpec stored;
  private final int[] classes;

  private ClipCache(FileChannel channel, ClipSpec stored, int[] classes) throws IOException {
    this.channel = channel;
    this.stored = stored;
    this.classes = classes;
    this.clipsPerSegment = (int) (SEGMENT_BYTES / stored.clipBytes());
    for (int first = 0; first < classes.length; first += clipsPerSegment) {
      int clips = Math.min(clipsPerSegment, classes.length - first);
      segments.add(
          channel.map(
              FileChannel.MapMode.READ_ONLY,
              (long) first * stored.clipBytes(),
              (long) clips * stored.clipBytes()));
    }
  }

  /**
   * Opens the cache of a list's entries, decoding them first if that was not done or the videos
   * changed. Videos that cannot be decoded are left out and told.
   *
   * @param file to hold the pixels; {@code file.index} beside it holds what they are
   * @param entries videos to decode
   * @param classes of the entries
   */
  static ClipCache open(
      Path file,
      List<ClipList.Entry> entries,
      int[] classes,
      ClipSpec spec,
      int threads,
      Progress progress)
      throws IOException, InterruptedException {
    ClipSpec stored =
        new ClipSpec(
            spec.frames(),
            spec.framesPerSecond(),
            spec.stride(),
            spec.shortSide(),
            CropSize.square(spec.shortSide()),
            spec.antialias(),
            spec.mean(),
            spec.std());
    Path index = file.resolveSibling(file.getFileName() + ".index");
    String key = key(entries, stored);
    if (!Files.exists(index) || !Files.readAllLines(index).get(0).equals(key)) {
      decode(file, index, key, entries, stored, threads, progress);
    }
    List<String> lines = Files.readAllLines(index);
    // One character a video: whether its clip is there. Clips lie in the order of the videos.
    String kept = lines.get(1);
    int[] keptClasses = new int[(int) kept.chars().filter(c -> c == '1').count()];
    for (int i = 0, k = 0; i < classes.length; i++) {
      if (kept.charAt(i) == '1') {
        keptClasses[k++] = classes[i];
      }
    }
    if (keptClasses.length == 0) {
      throw new IllegalArgumentException("none of the " + entries.size() + " videos decodes");
    }
    return new ClipCache(FileChannel.open(file, StandardOpenOption.READ), stored, keptClasses);
  }

  private static void decode(
      Path file,
      Path index,
      String key,
      List<ClipList.Entry> entries,
      ClipSpec stored,
      int threads,
      Progress progress)
      throws IOException, InterruptedException {
    Files.deleteIfExists(index);
    ClipBuffers buffers = new ClipBuffers(stored.clipBytes(), 4L * threads * stored.clipBytes());
    VideoDecoder decoder = new VideoDecoder(stored, DecodeLimits.defaults(), buffers);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    StringBuilder kept = new StringBuilder();
    progress.start("decoding", entries.size());
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      // A window of decodes ahead of the one that is written.
      List<Future<byte[]>> ahead = new ArrayList<>();
      int submitted = 0;
      for (int i = 0; i < entries.size(); i++) {
        while (submitted < entries.size() && submitted < i + 4 * threads) {
          Path video = entries.get(submitted++).path();
          ahead.add(pool.submit(() -> centreClip(decoder, video)));
        }
        byte[] pixels = ahead.get(i).get();
        ahead.set(i, null);
        if (pixels != null) {
          ByteBuffer bytes = ByteBuffer.wrap(pixels);
          while (bytes.hasRemaining()) {
            out.write(bytes);
          }
        }
        kept.append(pixels == null ? '0' : '1');
        progress.step();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("decoding failed", e.getCause());
    } finally {
      pool.shutdownNow();
    }
    progress.end();
    Path part = index.resolveSibling(index.getFileName() + ".part");
    Files.writeString(part, key + "\n" + kept + "\n");
    Files.move(part, index, StandardCopyOption.REPLACE_EXISTING);
  }

  /** The pixels of a video's centre clip, or {@code null} if it cannot be decoded. */
  private static byte[] centreClip(VideoDecoder decoder, Path video) throws InterruptedException {
    byte[][] pixels = new byte[1][];
    DecodeResult result =
        decoder.decode(
            video,
            Sampling.views(1, 1),
            java.util.Optional.empty(),
            (Clip clip) -> {
              try (clip) {
                pixels[0] = new byte[clip.pixels().remaining()];
                clip.pixels().get(0, pixels[0]);
              }
            });
    if (result instanceof DecodeResult.Rejected rejected) {
      System.err.println("left out " + video + ": " + rejected.reason() + ": " + rejected.detail());
      return null;
    }
    return pixels[0];
  }

  private static String key(List<ClipList.Entry> entries, ClipSpec stored) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(stored.toString().getBytes(StandardCharsets.UTF_8));
      for (ClipList.Entry entry : entries) {
        digest.update(
            (entry.path() + " " + Files.size(entry.path()) + "\n")
                .getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  int size() {
    return classes.length;
  }

  int classOf(int clip) {
    return classes[clip];
  }

  /** Side of the stored squares, pixels. */
  int side() {
    return stored.shortSide();
  }

  int frames() {
    return stored.frames();
  }

  /**
   * Copies a clip, changed, to {@code to}.
   *
   * @param crop side of the square that is cut out
   */
  void read(int clip, int crop, Augmentation.Change change, ByteBuffer to) {
    Augmentation.apply(
        segments.get(clip / clipsPerSegment),
        clip % clipsPerSegment * stored.clipBytes(),
        stored.frames(),
        stored.shortSide(),
        crop,
        change,
        to);
  }

  @Override
  public void close() throws IOException {
    segments.clear();
    channel.close();
  }
}
