package io.clipstream.trainer.data;

import io.clipstream.model.FileProblem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Where the clips of a cache lie in its file, by the SHA-256 of their video's content: a text file
 * of a line for what is kept and a line for each content. Each line ends with a checksum of itself,
 * and has one of its pixels. All threads.
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

  /**
   * Pixels RGB uint8 {@code [frames, height, width, 3]} at a place of the file.
   *
   * @param checksum of the pixels, {@link #checksum(ByteBuffer)}
   */
  record Stored(long offset, int frames, int width, int height, int checksum) implements Slot {
    int bytes() {
      return frames * height * width * 3;
    }

    boolean hasSize(int otherFrames, int otherWidth, int otherHeight) {
      return frames == otherFrames && width == otherWidth && height == otherHeight;
    }

    @Override
    public String line() {
      return "clip\t%d\t%d\t%d\t%d\t%08x".formatted(offset, frames, width, height, checksum);
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
   * Opens or begins an index. Lines that are damaged, and those of pixels beyond the end of their
   * file, are left out, as if their videos had not been decoded.
   *
   * @param file of the index
   * @param kept what is kept of each content; an index of anything else is begun anew
   */
  ClipIndex(Path file, FileChannel pixels, Kept kept) throws IOException {
    this.file = file;
    this.pixels = pixels;
    this.stored = kept.stored();
    String head = kept.indexHead();
    // What is no UTF-8 becomes something else, which its checksum tells.
    String text =
        Files.exists(file) ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8) : "";
    if (!text.startsWith(head + "\n")) {
      Files.writeString(file, head + "\n");
      pixels.truncate(0);
      return;
    }
    StringBuilder whole = new StringBuilder(head).append('\n');
    text.lines()
        .skip(1)
        .forEach(
            line -> {
              if (take(line)) {
                whole.append(line).append('\n');
              }
            });
    slots.values().removeIf(this::isBeyondTheEnd);
    for (Slot slot : slots.values()) {
      end = slot instanceof Stored at && stored ? Math.max(end, at.offset + at.bytes()) : end;
    }
    if (!whole.toString().equals(text)) { // what is appended must begin a line
      WholeFile.write(file, whole);
    }
  }

  /** Takes what a line says; false if it is damaged. */
  private boolean take(String line) {
    int last = line.lastIndexOf('\t');
    if (last < 0 || !line.substring(last + 1).equals(check(line.substring(0, last)))) {
      return false;
    }
    String[] fields = line.substring(0, last).split("\t", -1);
    if (fields.length == 7 && fields[1].equals("clip")) {
      slots.put(
          fields[0],
          new Stored(
              Long.parseLong(fields[2]),
              Integer.parseInt(fields[3]),
              Integer.parseInt(fields[4]),
              Integer.parseInt(fields[5]),
              Integer.parseUnsignedInt(fields[6], 16)));
    } else if (fields.length == 3 && fields[1].equals("rejected")) {
      slots.put(fields[0], new Rejected(fields[2]));
    }
    return true;
  }

  /** The file of the pixels may have been cut off. */
  private boolean isBeyondTheEnd(Slot slot) {
    try {
      return stored && slot instanceof Stored at && at.offset + at.bytes() > pixels.size();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of a line, eight hexadecimal digits. */
  private static String check(String line) {
    return "%08x".formatted(checksum(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8))));
  }

  /** CRC-32C of what remains in the buffer, which stays as it is. */
  static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    return (int) crc.getValue();
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
      put(content, new Stored(0, frames, width, height, 0), 0);
      return;
    }
    int bytes = from.remaining();
    int checksum = checksum(from);
    Stored slot;
    synchronized (this) {
      if (end % SEGMENT_BYTES + bytes > SEGMENT_BYTES) {
        end = (end / SEGMENT_BYTES + 1) * SEGMENT_BYTES;
      }
      slot = new Stored(end, frames, width, height, checksum);
      end += bytes;
    }
    long at = slot.offset;
    try {
      while (from.hasRemaining()) {
        at += pixels.write(from, at);
      }
    } catch (IOException e) { // whose message does not name the file
      throw new IOException(
          "what was decoded cannot be written beside %s: %s".formatted(file, FileProblem.of(e)), e);
    }
    put(content, slot, bytes);
  }

  void reject(String content, String reason) throws IOException {
    put(content, new Rejected(reason), 0);
  }

  private synchronized void put(String content, Slot slot, long bytes) throws IOException {
    slots.put(content, slot);
    String line = content + "\t" + slot.line();
    waiting.append(line).append('\t').append(check(line)).append('\n');
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
