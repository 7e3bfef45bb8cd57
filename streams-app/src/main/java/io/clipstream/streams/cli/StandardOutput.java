package io.clipstream.streams.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * Standard output as commands write to it: where a {@link PrintWriter} would keep an error to
 * itself, a write that fails ends the command. UTF-8, whatever the locale says.
 */
final class StandardOutput {
  private StandardOutput() {}

  /** Nothing more can be written. */
  static final class Lost extends RuntimeException {
    private static final long serialVersionUID = 1;

    Lost(IOException cause) {
      super(cause);
    }

    /** Whether whoever read it has gone, as {@code head} does: no error of anybody. */
    boolean readerIsGone() {
      return String.valueOf(getCause().getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
    }
  }

  /** Writes to a stream; flushed by commands where others wait for what they print. */
  static PrintWriter to(OutputStream stream) {
    return new PrintWriter(new OutputStreamWriter(new Checked(stream), UTF_8));
  }

  /** Tells once that it is lost, and takes everything afterwards. */
  private static final class Checked extends OutputStream {
    private final OutputStream stream;
    private boolean lost;

    Checked(OutputStream stream) {
      this.stream = stream;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      if (lost) {
        return;
      }
      try {
        stream.write(bytes, from, length);
        stream.flush();
      } catch (IOException e) {
        lost = true;
        throw new Lost(e);
      }
    }
  }
}
