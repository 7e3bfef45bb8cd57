package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {
  @Test
  void shouldEscapeWhatMovesTheCursorOrTurnsTheText() {
    assertThat(Printable.of("a\u001b[2J\nb\u202ec\ud83d"))
        .isEqualTo("a\\u001b[2J\\u000ab\\u202ec\\ud83d");
  }

  @Test
  void shouldKeepLettersOfEveryScript() {
    assertThat(Printable.of("größe 視頻 عربى 😀")).isEqualTo("größe 視頻 عربى 😀");
  }

  @Test
  void shouldShortenNames() {
    assertThat(Printable.name("n".repeat(1000))).hasSize(121).endsWith("…");
  }
}
