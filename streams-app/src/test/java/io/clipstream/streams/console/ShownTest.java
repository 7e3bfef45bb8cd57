package io.clipstream.streams.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShownTest {
  @ParameterizedTest
  @CsvSource({
    "https://h/v.mp4?X-Amz-Signature=SECRET, https://h/v.mp4?***",
    "camera of https://u:SECRET@h/v.mp4?a=SECRET is away, camera of https://***@h/v.mp4?*** is away",
    "https://h/a?SECRET and s3://b/c#SECRET, https://h/a?*** and s3://b/c#***",
    "https://h/v.mp4%3FX-Amz-Signature=SECRET&n=1, https://h/v.mp4%3FX-Amz-Signature=***&n=1",
    "v.mp4?X-Amz-Signature%3DSECRET, v.mp4?X-Amz-Signature%3D***",
    "v.mp4?X-Goog-Signature=SECRET, v.mp4?X-Goog-Signature=***",
    "v.mp4?sv=1&sig=SECRET&x=2, v.mp4?sv=1&sig=***&x=2",
    "v.mp4?Expires=1&Signature=SECRET, v.mp4?Expires=1&Signature=***",
    "'who? design=4, 3:2 $1 \\', 'who? design=4, 3:2 $1 \\'",
  })
  void shouldShowNoSecretsOfAddresses(String text, String shown) {
    assertThat(Shown.text(text)).isEqualTo(shown).doesNotContain("SECRET");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "\u202e", "\u0000", "\ud83d\ude00", "\udbff\udfff", "\ud800"})
  void shouldBeNoLongerThanIsShown(String character) {
    String shown = Shown.text(character.repeat(20_000));

    assertThat(shown).endsWith("…").hasSizeLessThanOrEqualTo(301).doesNotContain("\u202e");
    assertThat(Shown.text(character.repeat(20_000), 10)).hasSizeLessThanOrEqualTo(11);
  }

  @Test
  void shouldLeaveTheRestAsItIs() {
    assertThat(Shown.text("ein Fußball, 足球, مرحبا")).isEqualTo("ein Fußball, 足球, مرحبا");
    assertThat(Shown.text("a".repeat(300))).isEqualTo("a".repeat(300));
    assertThat(Shown.text(null)).isNull();
  }
}
