package io.clipstream.streams.cli;

import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Lines that change: on a terminal all of them, rewritten in place; elsewhere each one that is new
 * or has changed. One thread.
 */
final class LiveLines {
  private static final String NO_WRAP = "\u001b[?7l";
  private static final String WRAP = "\u001b[?7h";
  private static final String CLEAR_LINE = "\u001b[K";
  private static final String CLEAR_BELOW = "\u001b[J";

  private final PrintWriter out;
  private final boolean terminal;
  private Map<String, String> shown = new HashMap<>();

  LiveLines(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /**
   * Shows the lines that there are now.
   *
   * @param lines in order, by a key that each keeps
   * @param gone makes the line that says that a key has none any more
   */
  void show(Map<String, String> lines, UnaryOperator<String> gone) {
    if (lines.equals(shown)) {
      return;
    }
    if (terminal) {
      rewrite(lines);
    } else {
      shown.keySet().stream()
          .filter(key -> !lines.containsKey(key))
          .sorted()
          .forEach(key -> out.println(gone.apply(key)));
      lines.forEach(
          (key, line) -> {
            if (!line.equals(shown.get(key))) {
              out.println(line);
            }
          });
    }
    out.flush();
    shown = Map.copyOf(lines);
  }

  private void rewrite(Map<String, String> lines) {
    out.print(NO_WRAP); // A line that the terminal folds would count as two.
    if (!shown.isEmpty()) {
      out.print("\u001b[" + shown.size() + "A");
    }
    lines.values().forEach(line -> out.print("\r" + line + CLEAR_LINE + "\n"));
    out.print(CLEAR_BELOW + WRAP);
  }
}
