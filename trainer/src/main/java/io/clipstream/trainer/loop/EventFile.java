package io.clipstream.trainer.loop;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Scalars for TensorBoard: a file of TFRecords (length, its masked CRC-32C, the message, its masked
 * CRC-32C), each an {@code Event} of Protocol Buffers: wall_time = 1, step = 2, file_version = 3,
 * summary = 5 with values = 1 of tag = 1 and simple_value = 2. Each write is on the disk when it
 * returns. One thread.
 */
final class EventFile {
  private static final int CRC_MASK = 0xa282ead8;
  private static final int DOUBLE = 1;
  private static final int BYTES = 2;
  private static final int FLOAT = 5;

  private final Path file;

  /**
   * Begins a file of its own, since an earlier run of the same folder may have left one.
   *
   * @param folder that TensorBoard is pointed at
   */
  EventFile(Path folder, Instant now) throws IOException {
    this.file = folder.resolve("events.out.tfevents." + now.getEpochSecond() + ".clipstream");
    ByteArrayOutputStream event = new ByteArrayOutputStream();
    time(event, now);
    bytes(event, 3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
    append(event);
  }

  /**
   * Adds values.
   *
   * @param step such as the epoch
   */
  void add(long step, Map<String, Double> values, Instant now) throws IOException {
    ByteArrayOutputStream summary = new ByteArrayOutputStream();
    values.forEach(
        (tag, value) -> {
          ByteArrayOutputStream one = new ByteArrayOutputStream();
          bytes(one, 1, tag.getBytes(StandardCharsets.UTF_8));
          one.write(2 << 3 | FLOAT);
          one.writeBytes(little(4).putFloat(value.floatValue()).array());
          bytes(summary, 1, one.toByteArray());
        });
    ByteArrayOutputStream event = new ByteArrayOutputStream();
    time(event, now);
    event.write(2 << 3);
    varint(event, step);
    bytes(event, 5, summary.toByteArray());
    append(event);
  }

  private static void time(ByteArrayOutputStream out, Instant now) {
    out.write(1 << 3 | DOUBLE);
    out.writeBytes(little(8).putDouble(now.toEpochMilli() / 1000.0).array());
  }

  private static void bytes(ByteArrayOutputStream out, int field, byte[] value) {
    out.write(field << 3 | BYTES);
    varint(out, value.length);
    out.writeBytes(value);
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long rest = value;
    while (rest > 0x7f) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  private void append(ByteArrayOutputStream event) throws IOException {
    byte[] data = event.toByteArray();
    byte[] length = little(8).putLong(data.length).array();
    byte[] record =
        little(data.length + 16)
            .put(length)
            .putInt(masked(length))
            .put(data)
            .putInt(masked(data))
            .array();
    Files.write(file, record, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static int masked(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK;
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
