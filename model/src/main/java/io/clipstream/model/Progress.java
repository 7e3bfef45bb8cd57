package io.clipstream.model;

import static java.util.stream.Collectors.joining;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * How far a long task is, in items or bytes, with its rate and the time left: one line with a bar,
 * rewritten in place, on a terminal; a plain line now and then elsewhere. One task at a time. All
 * threads.
 */
public final class Progress implements AutoCloseable {
  private static final long TERMINAL_NANOS = 200_000_000L;
  private static final long LOG_NANOS = 15_000_000_000L;
  private static final int WIDTH = 24;

  /** Of a bar before a note, most of which should be seen in 80 columns. */
  private static final int NARROW = 8;

  private static final String NO_WRAP = "\u001b[?7l";
  private static final String WRAP = "\u001b[?7h";
  private static final String CLEAR_LINE = "\u001b[K";

  private static final double MIB = 1 << 20;

  private final PrintWriter out;
  private final boolean terminal;
  private final LongSupplier nanoTime;
  private String task = "";
  private boolean bytes;
  private boolean started;
  private long total;
  private long done;
  private long before;
  private long startNanos;
  private long shownNanos;
  private boolean fresh;

  /**
   * @param out where lines go: standard error, so that standard output stays for results
   */
  public Progress(PrintWriter out) {
    this(out, onTerminal(), System::nanoTime);
  }

  /** Whether a person watches, so that lines may be rewritten. */
  @SuppressWarnings("SystemConsoleNull") // TERM is asked as well
  public static boolean onTerminal() {
    // Java 22 and newer return a console that may be no terminal; TERM is unset or dumb in scripts.
    return System.console() != null
        && System.getenv("TERM") != null
        && !System.getenv("TERM").equals("dumb");
  }

  Progress(PrintWriter out, boolean terminal, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  /** Shows nothing. */
  public static Progress silent() {
    return new Progress(new PrintWriter(Writer.nullWriter()));
  }

  /** Starts a task of so many items. */
  public void start(String newTask, long newTotal) {
    start(newTask, newTotal, 0);
  }

  /** Starts a task of which some items were done in an earlier run. */
  public synchronized void start(String newTask, long newTotal, long doneBefore) {
    task = newTask;
    bytes = false;
    total = newTotal;
    begin(doneBefore);
  }

  /** Starts a transfer, of which {@link #at} then tells the size. */
  public synchronized void startBytes(String newTask) {
    task = newTask;
    bytes = true;
    started = false;
  }

  private void begin(long doneBefore) {
    started = true;
    fresh = true;
    done = doneBefore;
    before = doneBefore;
    startNanos = nanoTime.getAsLong();
    shownNanos = startNanos;
  }

  /** Counts one item. */
  public void step() {
    step(1, "");
  }

  /**
   * Counts items.
   *
   * @param items finished since the last call
   * @param note shown behind the rate, such as the loss
   */
  public synchronized void step(long items, String note) {
    done += items;
    fresh = true;
    tick(note);
  }

  /**
   * So many bytes of a transfer are there. A first number above 0 continues an earlier transfer; a
   * smaller number than before begins it anew.
   *
   * @param newTotal -1 if it is not known
   */
  public synchronized void at(long newDone, long newTotal) {
    total = newTotal;
    if (!started || newDone < done) {
      begin(newDone);
      if (newDone > 0) {
        note(task + ": continued at " + amount(newDone) + " MiB");
      }
    }
    fresh |= newDone != done;
    done = newDone;
    tick("");
  }

  /**
   * Prints a line that stays, or several; what is in them may have come out of files and records.
   */
  public synchronized void note(String text) {
    String line = Stream.of(text.split("\n", -1)).map(Printable::of).collect(joining("\n"));
    out.println((terminal ? "\r" : "") + line + (terminal ? CLEAR_LINE : ""));
    out.flush();
  }

  /** Ends the task with a last line; a transfer that never began has none. */
  public synchronized void end() {
    if (started) {
      if (fresh) {
        show(nanoTime.getAsLong(), "");
      }
      if (terminal) {
        out.println();
        out.flush();
      }
    }
    started = false;
  }

  /** As {@link #end}. */
  @Override
  public void close() {
    end();
  }

  private void tick(String note) {
    long now = nanoTime.getAsLong();
    if (now - shownNanos >= (terminal ? TERMINAL_NANOS : LOG_NANOS)) {
      shownNanos = now;
      show(now, note);
    }
  }

  private void show(long now, String note) {
    fresh = false;
    double rate = (done - before) / Math.max(1e-9, (now - startNanos) / 1e9);
    StringBuilder line = new StringBuilder(task);
    if (terminal && total > 0) {
      int width = note.isEmpty() ? WIDTH : NARROW;
      int filled = (int) (width * Math.min(done, total) / total);
      line.append(" [").append("=".repeat(filled)).append(" ".repeat(width - filled)).append(']');
    }
    line.append(' ').append(amount(done));
    if (total >= 0) {
      line.append('/').append(amount(total));
    }
    line.append(bytes ? " MiB, " : ", ");
    line.append(String.format(Locale.ROOT, "%.1f", bytes ? rate / MIB : rate));
    line.append(bytes ? " MiB/s" : "/s");
    if (done > before && done < total) {
      line.append(", ").append(time((total - done) / rate)).append(" left");
    }
    if (!note.isEmpty()) {
      line.append(", ").append(note);
    }
    if (terminal) {
      // A line that the terminal folds could not be rewritten: each time a row of it would stay.
      out.print("\r" + NO_WRAP + line + CLEAR_LINE + WRAP);
    } else {
      out.println(line);
    }
    out.flush();
  }

  private String amount(long count) {
    return bytes ? String.format(Locale.ROOT, "%.1f", count / MIB) : Long.toString(count);
  }

  /** Seconds as {@code 1h02m}, {@code 3m20s} or {@code 12s}. */
  public static String time(double seconds) {
    long s = Math.round(seconds);
    if (s >= 3600) {
      return String.format(Locale.ROOT, "%dh%02dm", s / 3600, s % 3600 / 60);
    }
    return s >= 60 ? String.format(Locale.ROOT, "%dm%02ds", s / 60, s % 60) : s + "s";
  }
}
