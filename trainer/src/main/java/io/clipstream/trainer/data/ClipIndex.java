package io.clipstream.trainer.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the clips of a cache lie in its file, by the SHA-256 of their video's content: a text file
 * of a line for what is kept and a line for each content. All threads.
 */
final class ClipIndex {
  /** Lines wait until this much of the pixels is on the disk. */
  private static final long FLUSH_BYTES = 256L << 20;

  /** No clip crosses a border, since a map holds at most 2 GiB. */
  static final long SEGMENT_BYTES = 1L << 30;

  /** What became of one content. */
  sealed interface Slot {
    String line();
  }

  /** Pixels RGB uint8 {@code [frames, height, width, 3]} at a place of the file. */
  record Stored(long offset, int frames, int width, int height) implements Slot {
    int bytes() {
      return frames * height * width * 3;
    }

    @Override
    public String line() {
      return "clip\t%d\t%d\t%d\t%d".formatted(offset, frames, width, height);
    }
  }

  /** It does not decode. */
  record Rejected(String reason) implements Slot {
    @Override
    public String line() {
      return "rejected\t" + reason.replaceAll("\\s+", " ");
    }
  }

  private final Path file;
  private final FileChannel pixels;
  private final boolean stored;
  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final StringBuilder waiting = new StringBuilder();
  private long waitingBytes;
  private long end;

  /**
   * Opens or begins an index.
   *
   * @param file of the index
   * @param kept what is kept of each content; an index of anything else is begun anew
   */
  ClipIndex(Path file, FileChannel pixels, Kept kept) throws IOException {
    this.file = file;
    this.pixels = pixels;
    this.stored = kept.stored();
    String head = kept.indexHead();
    List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
    if (lines.isEmpty() || !lines.get(0).equals(head)) {
      Files.writeString(file, head + "\n");
      pixels.truncate(0);
      return;
    }
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split("\t");
      if (fields.length == 6 && fields[1].equals("clip")) {
        Stored slot =
            new Stored(
                Long.parseLong(fields[2]),
                Integer.parseInt(fields[3]),
                Integer.parseInt(fields[4]),
                Integer.parseInt(fields[5]));
        slots.put(fields[0], slot);
        end = kept.stored() ? Math.max(end, slot.offset + slot.bytes()) : 0;
      } else if (fields.length == 3 && fields[1].equals("rejected")) {
        slots.put(fields[0], new Rejected(fields[2]));
      }
    }
  }

  synchronized Slot get(String content) {
    return slots.get(content);
  }

  /** Bytes of the file up to the end of its last clip; 0 if none is stored. */
  synchronized long end() {
    return end;
  }

  /** Writes pixels to the end of the file, or, if they are not stored, remembers their sizes. */
  void store(String content, ByteBuffer from, int frames, int width, int height)
      throws IOException {
    if (!stored) {
      put(content, new Stored(0, frames, width, height), 0);
      return;
    }
    int bytes = from.remaining();
    Stored slot;
    synchronized (this) {
      if (end % SEGMENT_BYTES + bytes > SEGMENT_BYTES) {
        end = (end / SEGMENT_BYTES + 1) * SEGMENT_BYTES;
      }
      slot = new Stored(end, frames, width, height);
      end += bytes;
    }
    long at = slot.offset;
    while (from.hasRemaining()) {
      at += pixels.write(from, at);
    }
    put(content, slot, bytes);
  }

  void reject(String content, String reason) throws IOException {
    put(content, new Rejected(reason), 0);
  }

  private synchronized void put(String content, Slot slot, long bytes) throws IOException {
    slots.put(content, slot);
    waiting.append(content).append('\t').append(slot.line()).append('\n');
    waitingBytes += bytes;
    if (waitingBytes >= FLUSH_BYTES) {
      flush();
    }
  }

  /** Writes the lines of what is on the disk. */
  synchronized void flush() throws IOException {
    pixels.force(false);
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      ByteBuffer lines = ByteBuffer.wrap(waiting.toString().getBytes(StandardCharsets.UTF_8));
      while (lines.hasRemaining()) {
        out.write(lines);
      }
      out.force(false);
    }
    waiting.setLength(0);
    waitingBytes = 0;
  }
}
