package io.clipstream.model.artifact;

import io.clipstream.model.FileKind;
import io.clipstream.model.Printable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The directory of a zip file (zip64 too): where the bytes of each entry lie. Read means: every
 * entry is within the file, no two share bytes, and what the compressed ones take together is
 * bounded.
 *
 * <p>Format: PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.14 to 4.3.16.
 */
final class ZipDirectory {
  private static final int LOCAL = 0x04034b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int END64 = 0x06064b50;
  private static final int END64_LOCATOR = 0x07064b50;
  private static final int LOCAL_SIZE = 30;
  private static final int STORED = 0;
  private static final int DEFLATED = 8;
  private static final long MAX_DIRECTORY = 64 << 20;

  /** {@code torch.jit.save} compresses source alone: a network of a thousand layers has 2 MB. */
  static final long MAX_INFLATED = 64 << 20;

  /**
   * An entry.
   *
   * @param header where its local header is
   * @param start where its bytes are
   * @param stored bytes that it takes in the file
   * @param size bytes that it has
   * @param record where in the file its part of the directory is
   */
  record Entry(
      String name,
      boolean deflated,
      long header,
      long start,
      long stored,
      long size,
      long crc,
      long record) {
    Entry at(long itsStart) {
      return new Entry(name, deflated, header, itsStart, stored, size, crc, record);
    }

    /** For messages. */
    String printable() {
      return "entry " + Printable.name(name);
    }
  }

  private ZipDirectory() {}

  /** The entries by name, in the order of the directory. */
  static Map<String, Entry> read(FileChannel channel) throws IOException {
    long fileSize = channel.size();
    ByteBuffer tail = read(channel, Math.max(0, fileSize - 65557), Math.min(fileSize, 65557));
    int end = tail.limit() - 22;
    while (end >= 0 && tail.getInt(end) != END) {
      end--;
    }
    if (end < 0) {
      boolean begun = fileSize >= 4 && read(channel, 0, 4).getInt(0) == LOCAL;
      if (begun) {
        throw new IOException(
            "the zip file is cut off: its directory is missing after " + fileSize + " bytes");
      }
      String kind = FileKind.of(channel);
      throw new IOException(kind.isEmpty() ? "not a zip file, expected a model (.pt)" : kind);
    }
    long count = Short.toUnsignedInt(tail.getShort(end + 10));
    long size = Integer.toUnsignedLong(tail.getInt(end + 12));
    long offset = Integer.toUnsignedLong(tail.getInt(end + 16));
    if (end >= 20 && tail.getInt(end - 20) == END64_LOCATOR) {
      ByteBuffer end64 = read(channel, tail.getLong(end - 12), 56);
      if (end64.getInt(0) != END64) {
        throw new IOException(
            "the zip file is damaged: its zip64 directory is not where it should be");
      }
      count = end64.getLong(32);
      size = end64.getLong(40);
      offset = end64.getLong(48);
    }
    if (count < 0) {
      throw new IOException("the zip file is damaged: its directory has " + count + " entries");
    }
    if (size < 0 || size > MAX_DIRECTORY) {
      throw new IOException(
          "the zip file's directory has " + size + " bytes, expected at most " + MAX_DIRECTORY);
    }
    ByteBuffer directory = read(channel, offset, size);
    Map<String, Entry> entries = new LinkedHashMap<>();
    long inflated = 0;
    for (long i = 0; i < count; i++) {
      Entry entry = entry(directory, offset);
      inflated += entry.deflated ? entry.size : 0;
      if (inflated > MAX_INFLATED) { // of sizes that are at most MAX_INFLATED each
        throw new IOException(
            "its compressed entries have "
                + inflated
                + " bytes and more, expected at most "
                + MAX_INFLATED);
      }
      if (entries.put(entry.name, entry) != null) {
        throw new IOException("the zip file has two " + entry.printable());
      }
    }
    for (Map.Entry<String, Entry> e : entries.entrySet()) {
      e.setValue(located(channel, e.getValue()));
    }
    refuseOverlap(entries, offset);
    return entries;
  }

  private static Entry entry(ByteBuffer directory, long offset) throws IOException {
    int at = directory.position();
    if (directory.remaining() < 46 || directory.getInt(at) != CENTRAL) {
      throw new IOException("the zip file's directory is damaged");
    }
    int flags = directory.getShort(at + 8);
    int method = directory.getShort(at + 10);
    long crc = Integer.toUnsignedLong(directory.getInt(at + 16));
    long stored = Integer.toUnsignedLong(directory.getInt(at + 20));
    long size = Integer.toUnsignedLong(directory.getInt(at + 24));
    int nameLength = Short.toUnsignedInt(directory.getShort(at + 28));
    int extraLength = Short.toUnsignedInt(directory.getShort(at + 30));
    int commentLength = Short.toUnsignedInt(directory.getShort(at + 32));
    long header = Integer.toUnsignedLong(directory.getInt(at + 42));
    int next = at + 46 + nameLength + extraLength + commentLength;
    if (next > directory.limit()) {
      throw new IOException("the zip file's directory is damaged");
    }
    byte[] nameBytes = new byte[nameLength];
    directory.get(at + 46, nameBytes);
    String name = new String(nameBytes, StandardCharsets.UTF_8);
    int extra = at + 46 + nameLength;
    while (extra + 4 <= at + 46 + nameLength + extraLength) {
      int tag = Short.toUnsignedInt(directory.getShort(extra));
      int length = Short.toUnsignedInt(directory.getShort(extra + 2));
      ByteBuffer field =
          directory
              .slice(extra + 4, Math.min(length, directory.limit() - extra - 4))
              .order(ByteOrder.LITTLE_ENDIAN);
      if (tag == 1) { // zip64: the values that did not fit, in this order
        try {
          size = size == 0xffffffffL ? field.getLong() : size;
          stored = stored == 0xffffffffL ? field.getLong() : stored;
          header = header == 0xffffffffL ? field.getLong() : header;
        } catch (BufferUnderflowException e) {
          throw new IOException(
              "the zip file's directory is damaged at " + Printable.name(name), e);
        }
      }
      extra += 4 + length;
    }
    directory.position(next);
    Entry entry = new Entry(name, method == DEFLATED, header, 0, stored, size, crc, offset + at);
    require(entry, flags, method);
    return entry;
  }

  private static void require(Entry entry, int flags, int method) throws IOException {
    if ((flags & 1) != 0) {
      throw new IOException(entry.printable() + " is encrypted");
    }
    if (method != STORED && method != DEFLATED) {
      throw new IOException(
          entry.printable()
              + " is compressed by method "
              + method
              + ", expected a stored or deflated entry");
    }
    if (entry.size < 0 || entry.stored < 0 || entry.header < 0) {
      throw new IOException(
          entry.printable()
              + " is damaged: it has "
              + entry.size
              + " bytes at byte "
              + entry.header);
    }
    if (method == STORED && entry.stored != entry.size) {
      throw new IOException(
          entry.printable()
              + " is damaged: it is stored and has "
              + entry.size
              + " bytes in "
              + entry.stored);
    }
    if (method == DEFLATED && entry.size > MAX_INFLATED) {
      throw new IOException(
          entry.printable()
              + " is compressed and has "
              + entry.size
              + " bytes, expected at most "
              + MAX_INFLATED
              + ": save the model anew with torch.jit.save, which stores tensors as they are");
    }
  }

  /** Finds the bytes of an entry, behind its local header. */
  private static Entry located(FileChannel channel, Entry entry) throws IOException {
    ByteBuffer local = read(channel, entry.header, LOCAL_SIZE);
    if (local.getInt(0) != LOCAL) {
      throw new IOException(entry.printable() + " is not where the zip file's directory says");
    }
    long start =
        entry.header
            + LOCAL_SIZE
            + Short.toUnsignedInt(local.getShort(26))
            + Short.toUnsignedInt(local.getShort(28));
    if (entry.stored > channel.size() - start) {
      throw new IOException(entry.printable() + " reaches past the end of the file");
    }
    return entry.at(start);
  }

  /** A few kilobytes that many entries share could stand for terabytes. */
  private static void refuseOverlap(Map<String, Entry> entries, long directory) throws IOException {
    List<Entry> ordered = new ArrayList<>(entries.values());
    ordered.sort(Comparator.comparingLong(Entry::header));
    for (int i = 0; i < ordered.size(); i++) {
      Entry entry = ordered.get(i);
      boolean last = i + 1 == ordered.size();
      if (entry.start + entry.stored > (last ? directory : ordered.get(i + 1).header)) {
        throw new IOException(
            entry.printable()
                + " overlaps "
                + (last ? "the zip file's directory" : ordered.get(i + 1).printable()));
      }
    }
  }

  private static ByteBuffer read(FileChannel channel, long from, long size) throws IOException {
    if (from < 0 || from > channel.size() - size) {
      throw new IOException(
          "the zip file is cut off or damaged: it has " + channel.size() + " bytes");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, from + bytes.position()) < 0) {
        throw new EOFException("the file ended while it was read");
      }
    }
    return bytes.flip();
  }
}
