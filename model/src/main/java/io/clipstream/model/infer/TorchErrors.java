package io.clipstream.model.infer;

import java.util.List;

/** What PyTorch says when something fails. */
public final class TorchErrors {
  private TorchErrors() {}

  /**
   * The one line that says what is wrong. TorchScript says it last, behind the trace of its source;
   * elsewhere it is the first line.
   */
  public static String line(Throwable e) {
    List<String> lines =
        String.valueOf(e.getMessage())
            .lines()
            .map(String::strip)
            .filter(l -> !l.isEmpty())
            .toList();
    return lines.stream()
        .filter(line -> line.matches("[\\w.]*(Error|Exception): .*"))
        .reduce((first, last) -> last)
        .orElse(lines.isEmpty() ? e.getClass().getSimpleName() : lines.get(0));
  }
}
