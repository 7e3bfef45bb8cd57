package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CountTest {
  @Test
  void shouldSayOneAsOne() {
    assertThat(Count.of(0, "video")).isEqualTo("0 videos");
    assertThat(Count.of(1, "video")).isEqualTo("1 video");
    assertThat(Count.of(2, "video")).isEqualTo("2 videos");
    assertThat(Count.of(1, "class")).isEqualTo("1 class");
    assertThat(Count.of(3, "class")).isEqualTo("3 classes");
    assertThat(Count.of(1, "frame", "is", "are")).isEqualTo("1 frame is");
    assertThat(Count.of(0, "frame", "is", "are")).isEqualTo("0 frames are");
  }
}
