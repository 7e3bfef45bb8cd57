package io.clipstream.trainer;

import java.io.PrintStream;
import java.util.Locale;

/**
 * One line of progress with rate and time left, rewritten on a terminal and printed now and then
 * elsewhere. All threads.
 */
public final class Progress {
  private static final long TERMINAL_NANOS = 200_000_000L;
  private static final long LOG_NANOS = 15_000_000_000L;

  private final PrintStream out;
  private final boolean terminal;
  private String task = "";
  private long total;
  private long done;
  private long before;
  private long startNanos;
  private long shownNanos;

  /**
   * @param out where lines go: standard error, so that standard output stays for results
   */
  @SuppressWarnings("SystemConsoleNull") // what Java 22 and newer add needs Java 22
  public Progress(PrintStream out) {
    this.out = out;
    // Java 22 and newer return a console that may be no terminal; TERM is unset or dumb in scripts.
    String term = System.getenv("TERM");
    this.terminal = System.console() != null && term != null && !term.equals("dumb");
  }

  /** Shows nothing. */
  public static Progress silent() {
    return new Progress(new PrintStream(java.io.OutputStream.nullOutputStream()));
  }

  /** Starts a task of so many items. */
  public void start(String newTask, long newTotal) {
    start(newTask, newTotal, 0);
  }

  /** Starts a task of which some items were done in an earlier run. */
  public synchronized void start(String newTask, long newTotal, long doneBefore) {
    task = newTask;
    total = newTotal;
    done = doneBefore;
    before = doneBefore;
    startNanos = System.nanoTime();
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
    long now = System.nanoTime();
    if (now - shownNanos >= (terminal ? TERMINAL_NANOS : LOG_NANOS)) {
      shownNanos = now;
      show(now, note);
    }
  }

  /** Prints a line that stays. */
  public synchronized void note(String line) {
    out.println((terminal ? "\r" : "") + line + (terminal ? "\u001b[K" : ""));
  }

  /** Ends the task with a last line. */
  public synchronized void end() {
    show(System.nanoTime(), "");
    if (terminal) {
      out.println();
    }
  }

  private void show(long now, String note) {
    double seconds = Math.max(1e-9, (now - startNanos) / 1e9);
    double rate = (done - before) / seconds;
    String left =
        done == before || done >= total ? "" : ", " + time((total - done) / rate) + " left";
    String line =
        String.format(
            Locale.ROOT,
            "%s %d/%d, %.1f/s%s%s",
            task,
            done,
            total,
            rate,
            left,
            note.isEmpty() ? "" : ", " + note);
    if (terminal) {
      out.print("\r" + line + "\u001b[K");
      out.flush();
    } else {
      out.println(line);
    }
  }

  /** Seconds as {@code 1h02m}, {@code 3m20s} or {@code 12s}. */
  static String time(double seconds) {
    long s = Math.round(seconds);
    if (s >= 3600) {
      return String.format(Locale.ROOT, "%dh%02dm", s / 3600, s % 3600 / 60);
    }
    return s >= 60 ? String.format(Locale.ROOT, "%dm%02ds", s / 60, s % 60) : s + "s";
  }
}
