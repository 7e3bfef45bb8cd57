package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import org.junit.jupiter.api.Test;

class TopicRangeTest {
  @Test
  void shouldRefuseAnEndBeforeTheBeginning() {
    assertThatThrownBy(() -> TopicRange.of("videos.labeled@5..2"))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "range is 'videos.labeled@5..2', expected an end that is not before the beginning");
    assertThatThrownBy(
            () -> TopicRange.between("t", "2026-11-26T10:00:00Z", "2026-11-26T09:00:00Z"))
        .hasMessageStartingWith("--from is 2026-11-26T10:00:00Z and --to 2026-11-26T09:00:00Z");
    assertThat(TopicRange.of("t@2..2").to().offset()).isEqualTo(2);
  }

  @Test
  void shouldNameTheOption() {
    assertThatThrownBy(() -> TopicRange.between("t", "noon", null))
        .hasMessageStartingWith("--from is 'noon', expected an offset or a time");
  }
}
