package io.clipstream.streams.app;

import io.clipstream.model.checkpoint.CheckpointDownload;
import java.io.PrintWriter;
import java.util.Locale;

/** How far a download is: a bar on a terminal, else a line now and then. One thread. */
final class TransferBar implements CheckpointDownload.Progress, AutoCloseable {
  private static final int WIDTH = 30;
  private static final long TERMINAL_NANOS = 200_000_000L;
  private static final long LOG_NANOS = 15_000_000_000L;
  private static final double MIB = 1 << 20;

  private final PrintWriter err;
  private final String name;
  private final boolean terminal;
  private long startNanos;
  private long startBytes = -1;
  private long shownNanos;
  private boolean open;

  @SuppressWarnings("SystemConsoleNull") // TERM is asked as well
  TransferBar(PrintWriter err, String name) {
    this.err = err;
    this.name = name;
    // Java 22 and newer return a console that may be no terminal; TERM is unset or dumb in scripts.
    String term = System.getenv("TERM");
    this.terminal = System.console() != null && term != null && !term.equals("dumb");
  }

  @Override
  public void at(long bytes, long total) {
    long now = System.nanoTime();
    if (startBytes < 0 || bytes < startBytes) {
      startBytes = bytes;
      startNanos = now;
      if (bytes > 0) {
        err.printf(Locale.ROOT, "%s: continued at %.1f MiB%n", name, bytes / MIB);
      }
    }
    boolean whole = bytes == total;
    if (whole || now - shownNanos >= (terminal ? TERMINAL_NANOS : LOG_NANOS)) {
      shownNanos = now;
      show(bytes, total, (bytes - startBytes) / MIB / Math.max(1e-9, (now - startNanos) / 1e9));
    }
  }

  private void show(long bytes, long total, double rate) {
    String of = total < 0 ? "" : String.format(Locale.ROOT, " of %.1f", total / MIB);
    String line = String.format(Locale.ROOT, "%.1f%s MiB, %.1f MiB/s", bytes / MIB, of, rate);
    if (!terminal) {
      err.println(name + ": " + line);
    } else {
      int filled = total <= 0 ? 0 : (int) (WIDTH * bytes / total);
      String bar = total < 0 ? "" : "[" + "=".repeat(filled) + " ".repeat(WIDTH - filled) + "] ";
      err.print("\r" + name + " " + bar + line + "\u001b[K");
      open = true;
    }
    err.flush();
  }

  /** Leaves the last state on its line. */
  @Override
  public void close() {
    if (open) {
      err.println();
      err.flush();
    }
  }
}
