package io.clipstream.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamsDefaultsTest {
  @Test
  void shouldTellTheLargestRequest() {
    assertThat(StreamsDefaults.maxRequestBytes(StreamsDefaults.with(Map.of()))).isEqualTo(1 << 20);
    assertThat(StreamsDefaults.maxRequestBytes(largest("33554432"))).isEqualTo(32 << 20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "4MiB", "1048575", "33554433", "99999999999"})
  void shouldRefuseRequestsThatCannotWork(String value) {
    assertThatThrownBy(() -> StreamsDefaults.maxRequestBytes(largest(value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kafka.producer.max.request.size is '" + value + "'")
        .hasMessageContaining("from 1048576 to 33554432");
  }

  private static Properties largest(String value) {
    return StreamsDefaults.with(Map.of("producer.max.request.size", value));
  }
}
