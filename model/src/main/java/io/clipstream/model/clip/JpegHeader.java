package io.clipstream.model.clip;

import java.nio.ByteBuffer;

/**
 * What the segments of a JPEG picture say before its own data (ISO 10918-1, B.1.1.4 and B.2.2).
 *
 * @param width in pixels; 0 if it is not said
 * @param height in pixels; 0 if it is not said
 * @param end where they end, or what is none begins
 */
record JpegHeader(int width, int height, long end) {
  /** Real ones have some dozens at most; a byte that fills counts as one. */
  private static final int MOST_SEGMENTS = 1000;

  private static final int START = 0xd8;
  private static final int SCAN = 0xda;
  private static final int FILL = 0xff;

  /** Of a picture in memory, from index 0 to its limit. */
  static JpegHeader of(ByteBuffer picture) {
    return of(
        new Bytes<RuntimeException>() {
          @Override
          public long size() {
            return picture.limit();
          }

          @Override
          public int u8(long at) {
            return at < picture.limit() ? picture.get((int) at) & 0xff : 0;
          }
        });
  }

  static <E extends Exception> JpegHeader of(Bytes<E> picture) throws E {
    int width = 0;
    int height = 0;
    long at = 0;
    for (int i = 0; i < MOST_SEGMENTS; i++) {
      if (at + 4 > picture.size() || picture.u8(at) != 0xff) {
        break;
      }
      int marker = picture.u8(at + 1);
      if (marker == FILL || marker == START) {
        at += marker == FILL ? 1 : 2;
        continue;
      }
      if (isFrame(marker) && at + 9 <= picture.size()) {
        height = u16(picture, at + 5);
        width = u16(picture, at + 7);
      }
      at += 2 + u16(picture, at + 2);
      if (marker == SCAN) {
        break;
      }
    }
    return new JpegHeader(width, height, at);
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  private static <E extends Exception> int u16(Bytes<E> bytes, long at) throws E {
    return bytes.u8(at) << 8 | bytes.u8(at + 1);
  }
}
