package io.clipstream.trainer.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FeedbackItemTest {
  @Test
  void shouldSayWhatMakesNoSense() {
    assertThat(item("cat", null, null).fault()).isEmpty();
    assertThat(item(null, null, null).fault()).isEmpty();
    assertThat(item("cat", 0L, Long.MAX_VALUE).fault()).isEmpty();

    assertThat(item(" ", null, null).fault().orElseThrow()).startsWith("its label is ' '");
    assertThat(item("a\n\u001b[2Jb", null, null).fault())
        .contains("its label is 'a\\u000a\\u001b[2Jb', expected text without control characters");
    assertThat(item("cat", -1L, null).fault())
        .contains("its range is -0.001 to 1.0E9 s, expected 0 <= start < end");
    assertThat(item("cat", 10L, 5L).fault())
        .contains("its range is 0.01 to 0.005 s, expected 0 <= start < end");
    assertThat(item("cat", Long.MAX_VALUE, null).fault()).isPresent();
  }

  private static FeedbackItem item(String label, Long start, Long end) {
    return new FeedbackItem("id", "file:///a.avi", null, label, true, start, end);
  }
}
