package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LiveLinesTest {
  private final StringWriter out = new StringWriter();

  @Test
  void shouldPrintEachChangeOnceWhereNobodyWatches() {
    LiveLines lines = new LiveLines(new PrintWriter(out), false);

    lines.show(lines("m", "m: 1", "a/m", "a: 1"), key -> key + " gone");
    lines.show(lines("m", "m: 1", "a/m", "a: 1"), key -> key + " gone");
    lines.show(lines("m", "m: 2", "a/m", "a: 1"), key -> key + " gone");
    lines.show(lines("m", "m: 2", "b/m", "b: 2"), key -> key + " gone");

    assertThat(out.toString().lines()).containsExactly("m: 1", "a: 1", "m: 2", "a/m gone", "b: 2");
  }

  @Test
  void shouldRewriteAllLinesInPlaceOnATerminal() {
    LiveLines lines = new LiveLines(new PrintWriter(out), true);

    lines.show(lines("m", "m: 1", "a/m", "a: 1"), key -> key + " gone");
    String first = out.toString();
    lines.show(lines("m", "m: 1", "a/m", "a: 1"), key -> key + " gone");
    assertThat(out.toString()).as("nothing changed").isEqualTo(first);
    lines.show(lines("m", "m: 2"), key -> key + " gone");

    String up = "\u001b[2A";
    assertThat(first).contains("\rm: 1\u001b[K\n\ra: 1\u001b[K\n").doesNotContain(up);
    assertThat(out.toString().substring(first.length()))
        .contains(up + "\rm: 2\u001b[K\n\u001b[J")
        .doesNotContain("gone");
  }

  private static Map<String, String> lines(String... keysAndLines) {
    Map<String, String> lines = new LinkedHashMap<>();
    for (int i = 0; i < keysAndLines.length; i += 2) {
      lines.put(keysAndLines[i], keysAndLines[i + 1]);
    }
    return lines;
  }
}
