package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UriLabelTest {
  @ParameterizedTest
  @CsvSource({
    "https://h/v.mp4, https://h/v.mp4",
    "https://h/v.mp4?X-Amz-Signature=SECRET, https://h/v.mp4?***",
    "https://h/v.mp4#SECRET, https://h/v.mp4#***",
    "https://h/v.mp4?, https://h/v.mp4?",
    "https://user:SECRET@h/v.mp4, https://***@h/v.mp4",
    "https://u:SEC@RET@h/v.mp4, https://***@h/v.mp4",
    "https://SECRET@h?SECRET, https://***@h?***",
    "http:\\\\u:SECRET@h\\v, http:\\\\***@h\\v",
    "http:u:SECRET@h/v, http:***@h/v",
    "ht!tp://u:SECRET@h/v, ht!tp://***@h/v",
    "not an address?SECRET, not an address?***",
    "file:///v/me@home.mp4, file:///v/me@home.mp4",
    "/v/me@home.mp4, /v/me@home.mp4",
    "'', ''",
  })
  void shouldShowNoSecrets(String uri, String label) {
    assertThat(UriLabel.of(uri)).isEqualTo(label).doesNotContain("SECRET");
  }

  @Test
  void shouldSpellOutControlCharactersAndCutLongAddresses() {
    assertThat(UriLabel.of("http://h/a\r\nb\u202e")).isEqualTo("http://h/a\\u000d\\u000ab\\u202e");
    assertThat(UriLabel.of("http://h/" + "a".repeat(1000))).hasSize(300).endsWith("a...");
  }
}
