package io.clipstream.model.artifact;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Reads buffers one after the other. */
final class BufferStream extends InputStream {
  private final Deque<ByteBuffer> left;

  BufferStream(List<ByteBuffer> buffers) {
    left = new ArrayDeque<>(buffers);
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int from, int length) {
    while (!left.isEmpty() && !left.peek().hasRemaining()) {
      left.remove();
    }
    if (left.isEmpty()) {
      return -1;
    }
    int count = Math.min(length, left.peek().remaining());
    left.peek().get(to, from, count);
    return count;
  }
}
