package io.clipstream.model.clip;

import java.nio.ByteBuffer;

/** The size of a JPEG picture by its header (ISO 10918-1, B.2.2). Pure. */
final class JpegSize {
  private static final int START = 0xd8;
  private static final int SCAN = 0xda;

  private JpegSize() {}

  /**
   * @param picture from index 0 to its limit
   * @return width and height as one number; 0 if it does not say
   */
  static int of(ByteBuffer picture) {
    ByteBuffer bytes = picture.duplicate(); // the highest byte first, whatever the other's order
    int at = 0;
    while (at + 9 <= bytes.limit()) {
      if ((bytes.get(at) & 0xff) != 0xff) {
        return 0;
      }
      int marker = bytes.get(at + 1) & 0xff;
      boolean frame =
          marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
      if (frame) {
        return bytes.getInt(at + 5);
      }
      if (marker == SCAN) {
        return 0;
      }
      boolean alone = marker == 0xff || marker == START; // a byte that fills, or no segment
      at += marker == 0xff ? 1 : alone ? 2 : 2 + (bytes.getShort(at + 2) & 0xffff);
    }
    return 0;
  }
}
