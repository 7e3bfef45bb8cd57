package io.clipstream.trainer.data;

import io.clipstream.model.Count;
import io.clipstream.model.Progress;
import io.clipstream.model.UserError;
import io.clipstream.model.clip.CropSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The videos of one split, decoded once into a memory-mapped file, so that epochs cost no decoding,
 * or, where what is kept of them is not stored, decoded again for every clip. What was decoded
 * before is found by its content, whatever the file is called and the list says. Reading: all
 * threads.
 */
public final class ClipSet implements AutoCloseable {
  /** Of what is kept of a clip, since this process began. */
  private static final int UNREAD = 0;

  private static final int WHOLE = 1;
  private static final int DAMAGED = 2;

  private final Path file;
  private final Progress progress;
  private final FileChannel channel;
  private final Kept kept;
  private final List<MappedByteBuffer> segments = new ArrayList<>();
  private final List<ClipList.Entry> entries = new ArrayList<>();
  private final List<ClipIndex.Stored> slots = new ArrayList<>();
  private final int[] classes;
  private final List<RejectedVideo> rejected = new ArrayList<>();
  private final ThreadLocal<ClipCutter> cutters;
  private final AtomicIntegerArray states;

  /**
   * A video that does not decode.
   *
   * @param reason from the decoder, one line
   */
  public record RejectedVideo(ClipList.Entry entry, String reason) {}

  /**
   * Opens a split, decoding what was not yet.
   *
   * @param file to hold the pixels; {@code file.index} beside it says what they are
   * @param videos of the split
   * @param digests of the videos' content
   * @param labels of the classes
   * @param threads that decode
   */
  public static ClipSet open(
      Path file,
      Kept kept,
      ClipList list,
      List<ClipList.Entry> videos,
      ContentDigests digests,
      List<String> labels,
      int threads,
      Progress progress)
      throws IOException, InterruptedException {
    int[] classes = list.classes(videos, labels);
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      Path indexFile = file.resolveSibling(file.getFileName() + ".index");
      ClipIndex index = new ClipIndex(indexFile, channel, kept);
      if (wasted(index, videos, digests) > index.end() / 2) {
        Files.delete(indexFile);
        index = new ClipIndex(indexFile, channel, kept);
      }
      new ClipDecoding(index, kept, progress).run(videos, digests, threads);
      return new ClipSet(file, channel, kept, index, videos, digests, classes, progress);
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  private ClipSet(
      Path file,
      FileChannel channel,
      Kept kept,
      ClipIndex index,
      List<ClipList.Entry> videos,
      ContentDigests digests,
      int[] videoClasses,
      Progress progress)
      throws IOException {
    this.file = file;
    this.progress = progress;
    this.channel = channel;
    this.kept = kept;
    this.cutters = ThreadLocal.withInitial(() -> new ClipCutter(kept, told -> {}));
    for (long at = 0; at < index.end(); at += ClipIndex.SEGMENT_BYTES) {
      long bytes = Math.min(ClipIndex.SEGMENT_BYTES, index.end() - at);
      segments.add(channel.map(FileChannel.MapMode.READ_ONLY, at, bytes));
    }
    int[] found = new int[videos.size()];
    for (int i = 0; i < videos.size(); i++) {
      ClipList.Entry entry = videos.get(i);
      ClipIndex.Slot slot = index.get(digests.of(entry));
      if (slot instanceof ClipIndex.Stored stored) {
        found[slots.size()] = videoClasses[i];
        entries.add(entry);
        slots.add(stored);
      } else {
        rejected.add(new RejectedVideo(entry, ((ClipIndex.Rejected) slot).reason()));
      }
    }
    this.classes = Arrays.copyOf(found, slots.size());
    this.states = new AtomicIntegerArray(slots.size());
  }

  /** Bytes of the file that none of the videos needs. */
  private static long wasted(ClipIndex index, List<ClipList.Entry> videos, ContentDigests digests) {
    long used = 0;
    for (String content : new TreeSet<>(videos.stream().map(digests::of).toList())) {
      used += index.get(content) instanceof ClipIndex.Stored stored ? stored.bytes() : 0;
    }
    return index.end() - used;
  }

  /**
   * Names the videos that do not decode.
   *
   * @throws UserError if a class has no clip
   */
  public void require(List<String> labels) {
    int shown = Math.min(10, rejected.size());
    for (RejectedVideo video : rejected.subList(0, shown)) {
      progress.note(
          "left out " + video.entry().path() + video.entry().part() + ": " + video.reason());
    }
    if (rejected.size() > shown) {
      progress.note(
          "left out %s of %d, see metrics.json"
              .formatted(
                  Count.of(rejected.size() - shown, "more video"), rejected.size() + slots.size()));
    }
    List<String> empty = withoutClip(labels);
    if (!empty.isEmpty()) {
      ClipList.Entry any = entries.isEmpty() ? rejected.get(0).entry() : entries.get(0);
      throw new UserError(
          "split %s has no clip of %s%s add videos of each, or leave the label out"
              .formatted(
                  any.split().isEmpty() ? "(none)" : any.split(),
                  String.join(", ", empty.subList(0, Math.min(5, empty.size()))),
                  rejected.isEmpty()
                      ? ";"
                      : " (%d of its videos %s not decode); take those away,"
                          .formatted(rejected.size(), rejected.size() == 1 ? "does" : "do")));
    }
  }

  private List<String> withoutClip(List<String> labels) {
    List<String> empty = new ArrayList<>(labels);
    for (int c : classes) {
      empty.remove(labels.get(c));
    }
    return empty;
  }

  /** Why the videos of classes that have no clip do not decode, by what the digests say of each. */
  public Map<String, String> missed(ContentDigests digests, List<String> labels) {
    List<String> empty = withoutClip(labels);
    Map<String, String> missed = new HashMap<>();
    for (RejectedVideo video : rejected) {
      if (empty.contains(video.entry.label())) {
        missed.put(digests.of(video.entry), video.reason);
      }
    }
    return missed;
  }

  public int size() {
    return slots.size();
  }

  public int classOf(int clip) {
    return classes[clip];
  }

  /** Clips of each class. */
  public int[] counts(int labels) {
    int[] counts = new int[labels];
    for (int c : classes) {
      counts[c]++;
    }
    return counts;
  }

  /** The file that a clip was cut from. */
  public Path file(int clip) {
    return entries.get(clip).path();
  }

  /** Videos that do not decode, in the order of the list. */
  public List<RejectedVideo> rejected() {
    return List.copyOf(rejected);
  }

  /** What is there of a clip's video to choose from. */
  public Augmentation.Room room(int clip) {
    ClipIndex.Stored slot = slots.get(clip);
    return new Augmentation.Room(slot.frames() - kept.clip().frames(), slot.width(), slot.height());
  }

  /** Where the file of the split has what is kept of a clip: offset, frames, width and height. */
  public List<Long> place(int clip) {
    ClipIndex.Stored slot = slots.get(clip);
    return List.of(slot.offset(), (long) slot.frames(), (long) slot.width(), (long) slot.height());
  }

  /**
   * Copies a clip, changed, to {@code to}: {@code [T, crop, crop, 3]} from its position on. What
   * the file has of it is held against its checksum at the first time; what is damaged is decoded
   * again, to the same pixels.
   *
   * @param change drawn for its {@link #room}
   */
  public void read(int clip, Augmentation.Change change, ByteBuffer to) {
    ClipIndex.Stored slot = slots.get(clip);
    if (!kept.stored() || isDamaged(clip, slot)) {
      decode(entries.get(clip), slot, change, to);
      return;
    }
    copy(
        segments.get((int) (slot.offset() / ClipIndex.SEGMENT_BYTES)),
        (int) (slot.offset() % ClipIndex.SEGMENT_BYTES),
        slot,
        change,
        to);
  }

  /**
   * Reads all of the file, for whoever reads it without its checksums.
   *
   * @throws UserError if a clip is damaged there
   */
  public void requireWhole() {
    for (int clip = 0; clip < slots.size(); clip++) {
      if (isDamaged(clip, slots.get(clip))) {
        throw new UserError(
            "%s is damaged where it holds %s; remove the file, and its videos are decoded again"
                .formatted(file, entries.get(clip).path()));
      }
    }
  }

  private boolean isDamaged(int clip, ClipIndex.Stored slot) {
    if (states.get(clip) == UNREAD) {
      ByteBuffer pixels =
          segments
              .get((int) (slot.offset() / ClipIndex.SEGMENT_BYTES))
              .slice((int) (slot.offset() % ClipIndex.SEGMENT_BYTES), slot.bytes());
      boolean whole = ClipIndex.checksum(pixels) == slot.checksum();
      if (states.compareAndSet(clip, UNREAD, whole ? WHOLE : DAMAGED) && !whole) {
        progress.note(
            "%s is damaged where it holds %s, which is decoded again for each clip; without the file it is decoded once"
                .formatted(file, entries.get(clip).path()));
      }
    }
    return states.get(clip) == DAMAGED;
  }

  private void copy(
      ByteBuffer from, int at, ClipIndex.Stored slot, Augmentation.Change change, ByteBuffer to) {
    PixelCopy.copy(
        from,
        at,
        kept.clip().frames(),
        slot.width(),
        slot.height(),
        kept.clip().crop().width(),
        change,
        to);
  }

  /** Decodes what is kept of a video, as it was decoded when the set was opened. */
  private void decode(
      ClipList.Entry video, ClipIndex.Stored slot, Augmentation.Change change, ByteBuffer to) {
    String now;
    try {
      now =
          cutters
              .get()
              .cut(
                  video,
                  new CropSize(slot.height(), slot.width()),
                  (pixels, frames, width, height) -> {
                    if (!slot.hasSize(frames, width, height)) {
                      throw new IOException("it has another size or length");
                    }
                    copy(pixels, 0, slot, change, to);
                  })
              .orElse("");
    } catch (IOException | UncheckedIOException e) {
      now = String.valueOf(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      now = "interrupted";
    }
    if (!now.isEmpty()) {
      throw new UserError(
          "%s was fit for training when it began, now it is not: %s".formatted(video.path(), now));
    }
  }

  /** Bytes of one clip as {@link #read} writes it. */
  public int clipBytes() {
    return kept.clip().clipBytes();
  }

  /** Side of the squares that {@link #read} writes, pixels. */
  public int crop() {
    return kept.clip().crop().width();
  }

  @Override
  public void close() throws IOException {
    segments.clear();
    channel.close();
  }
}
