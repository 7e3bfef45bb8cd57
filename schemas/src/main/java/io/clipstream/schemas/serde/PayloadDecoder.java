package io.clipstream.schemas.serde;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.avro.InvalidNumberEncodingException;
import org.apache.avro.io.Decoder;
import org.apache.avro.util.Utf8;

/**
 * Reads Avro's binary encoding from a byte array and believes no length in it: a string, byte
 * string or collection longer than the bytes that are left ends with {@link EOFException} before
 * anything is allocated for it, where Avro's own decoder would try to allocate up to 2 GiB. An item
 * of a collection is taken to need at least one byte, which holds for every type but null and
 * records without fields.
 *
 * <p>One thread at a time; reused by {@link #reset}.
 *
 * <p>Format: Apache Avro 1.12 specification, "Binary Encoding".
 */
final class PayloadDecoder extends Decoder {
  private static final byte[] EMPTY = {};

  /** What a lenient decoder gives for malformed bytes; a text may hold it of its own, too. */
  private static final char REPLACEMENT = '\uFFFD';

  private byte[] bytes = EMPTY;
  private int at;
  private int end;

  /** Starts over with {@code bytes[from..to)}. */
  void reset(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
  }

  /** Lets go of the bytes. */
  void release() {
    reset(EMPTY, 0, 0);
  }

  /** Bytes that were not read yet. */
  int remaining() {
    return end - at;
  }

  private int take(long length) throws IOException {
    if (length < 0 || length > end - at) {
      throw new EOFException(
          "needs " + length + " bytes at byte " + at + ", but " + (end - at) + " are left");
    }
    int from = at;
    at += (int) length;
    return from;
  }

  private byte next() throws IOException {
    if (at >= end) {
      throw new EOFException("ends at byte " + at + " in the middle of a value");
    }
    return bytes[at++];
  }

  @Override
  public void readNull() {}

  @Override
  public boolean readBoolean() throws IOException {
    return next() == 1;
  }

  @Override
  public int readInt() throws IOException {
    long value = readLong();
    if (value != (int) value) {
      throw new InvalidNumberEncodingException(value + " is not an int");
    }
    return (int) value;
  }

  @Override
  public long readLong() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte b = next();
      value |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return (value >>> 1) ^ -(value & 1); // zig-zag
      }
    }
    throw new InvalidNumberEncodingException("a number of more than 10 bytes before byte " + at);
  }

  @Override
  public float readFloat() throws IOException {
    return Float.intBitsToFloat(littleEndianInt(take(4)));
  }

  @Override
  public double readDouble() throws IOException {
    int from = take(8);
    long low = littleEndianInt(from) & 0xFFFFFFFFL;
    long high = littleEndianInt(from + 4);
    return Double.longBitsToDouble(high << 32 | low);
  }

  private int littleEndianInt(int from) {
    return (bytes[from] & 0xFF)
        | (bytes[from + 1] & 0xFF) << 8
        | (bytes[from + 2] & 0xFF) << 16
        | (bytes[from + 3] & 0xFF) << 24;
  }

  @Override
  public Utf8 readString(Utf8 old) throws IOException {
    return new Utf8(readString());
  }

  @Override
  public String readString() throws IOException {
    long length = readLong();
    int from = take(length);
    String text = new String(bytes, from, (int) length, StandardCharsets.UTF_8);
    if (text.indexOf(REPLACEMENT) >= 0) {
      checkUtf8(from, (int) length);
    }
    return text;
  }

  /**
   * Refuses what is not UTF-8. Decoded leniently, each malformed byte would become three where the
   * text is written again, and two ids that differ could become one.
   */
  private void checkUtf8(int from, int length) throws IOException {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, length));
    } catch (CharacterCodingException e) {
      throw new IOException(
          "the string of " + length + " bytes at byte " + from + " is not UTF-8", e);
    }
  }

  @Override
  public void skipString() throws IOException {
    take(readLong());
  }

  @Override
  public ByteBuffer readBytes(ByteBuffer old) throws IOException {
    long length = readLong();
    int from = take(length);
    byte[] copy = new byte[(int) length];
    System.arraycopy(bytes, from, copy, 0, copy.length);
    return ByteBuffer.wrap(copy);
  }

  @Override
  public void skipBytes() throws IOException {
    take(readLong());
  }

  @Override
  public void readFixed(byte[] target, int start, int length) throws IOException {
    System.arraycopy(bytes, take(length), target, start, length);
  }

  @Override
  public void skipFixed(int length) throws IOException {
    take(length);
  }

  @Override
  public int readEnum() throws IOException {
    return readInt();
  }

  @Override
  public int readIndex() throws IOException {
    return readInt();
  }

  /** Items of the next block, 0 at the end; a negative count is followed by the block's size. */
  private long blockCount() throws IOException {
    long count = readLong();
    if (count < 0) {
      readLong();
      count = -count;
    }
    if (count < 0 || count > end - at) {
      throw new EOFException(
          "a block of "
              + count
              + " items at byte "
              + at
              + ", but "
              + (end - at)
              + " bytes are left");
    }
    return count;
  }

  /** Skips blocks that tell their size; gives the items of the first that does not, or 0. */
  private long skipBlocks() throws IOException {
    long count = readLong();
    while (count < 0) {
      take(readLong());
      count = readLong();
    }
    if (count > end - at) {
      throw new EOFException(
          "a block of "
              + count
              + " items at byte "
              + at
              + ", but "
              + (end - at)
              + " bytes are left");
    }
    return count;
  }

  @Override
  public long readArrayStart() throws IOException {
    return blockCount();
  }

  @Override
  public long arrayNext() throws IOException {
    return blockCount();
  }

  @Override
  public long skipArray() throws IOException {
    return skipBlocks();
  }

  @Override
  public long readMapStart() throws IOException {
    return blockCount();
  }

  @Override
  public long mapNext() throws IOException {
    return blockCount();
  }

  @Override
  public long skipMap() throws IOException {
    return skipBlocks();
  }
}
