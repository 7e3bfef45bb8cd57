package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FetchPolicyTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void shouldHaveSensibleDefaults() {
    FetchPolicy policy = FetchPolicy.defaults();

    assertThat(policy.limits().maxBytes()).isEqualTo(2L << 30);
    assertThat(policy.limits().maxRedirects()).isEqualTo(5);
    assertThat(policy.limits().connect()).isEqualTo(Duration.ofSeconds(10));
    assertThat(policy.limits().total()).isEqualTo(Duration.ofMinutes(5));
    assertThat(policy.retries().maxAttempts()).isEqualTo(3);
    assertThat(policy.fileRoots()).isEmpty();
    assertThat(policy.addresses().allowPrivate()).isEmpty();
  }

  @Test
  void shouldSayWhatIsWrong() {
    refused(() -> limits(0, 10, SECOND, 5), "maxBytes is 0, expected 1 to 1125899906842624");
    refused(
        () -> limits(2048, 1024, SECOND, 5),
        "disk space for downloads is 1 KiB, less than the 2 KiB that one file may have");
    refused(() -> limits(1, 1, Duration.ZERO, 5), "total is 0ms, expected 1ms to 24h");
    refused(() -> limits(1, 1, Duration.ofDays(2), 5), "total is 48h, expected 1ms to 24h");
    refused(() -> limits(1, 1, SECOND, 51), "maxRedirects is 51, expected 0 to 50");
    refused(() -> new RetryRules(0, SECOND, SECOND), "maxAttempts is 0, expected 1 to 100");
    refused(
        () -> new RetryRules(3, Duration.ZERO, SECOND), "firstPause is 0ms, expected 1ms to 24h");
    refused(
        () -> new RetryRules(3, Duration.ofSeconds(2), SECOND),
        "longest pause PT1S is shorter than the first, PT2S");
    refused(
        () -> FetchPolicy.defaults().withFileRoots(List.of(Path.of("videos"))),
        "file root 'videos' is relative; an absolute path is needed");
  }

  @Test
  void shouldReadPorts() {
    assertThat(PortRange.parse("80, 443,1024-65535"))
        .containsExactly(
            new PortRange(80, 80), new PortRange(443, 443), new PortRange(1024, 65_535));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "http", "1-2-3", "0", "65536", "9-1", "-5", "80;443"})
  void shouldRefuseWhatIsNoPort(String list) {
    assertThatThrownBy(() -> PortRange.parse(list)).isInstanceOf(UserError.class);
  }

  @Test
  void shouldDoublePausesUpToTheLongestAndShortenThemAtRandom() {
    RetryRules rules = new RetryRules(9, Duration.ofMillis(100), SECOND);

    assertThat(rules.pause(1, 0)).isEqualTo(Duration.ofMillis(100));
    assertThat(rules.pause(2, 0)).isEqualTo(Duration.ofMillis(200));
    assertThat(rules.pause(4, 0)).isEqualTo(Duration.ofMillis(800));
    assertThat(rules.pause(5, 0)).isEqualTo(SECOND);
    assertThat(rules.pause(99, 0)).isEqualTo(SECOND);
    assertThat(rules.pause(99, 1)).isEqualTo(Duration.ofMillis(500));
  }

  private static FetchLimits limits(long bytes, long disk, Duration total, int redirects) {
    return new FetchLimits(bytes, disk, 1, total, SECOND, SECOND, redirects, 0);
  }

  private static void refused(Runnable making, String message) {
    assertThatThrownBy(making::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }
}
