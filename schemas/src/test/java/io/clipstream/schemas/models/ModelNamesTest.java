package io.clipstream.schemas.models;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelNamesTest {
  @ParameterizedTest
  @ValueSource(strings = {"1", "camera-motion", "k400_swin3d.base"})
  void shouldTakeWhatNamesAFile(String name) {
    assertThat(ModelNames.isName(name)).isTrue();
    assertThat(ModelNames.isName(name.repeat(64).substring(0, 64))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "-x", "a/b", "a b", "Ab", "é", "a\n"})
  void shouldRefuseWhatDoesNot(String name) {
    assertThat(ModelNames.isName(name)).isFalse();
    assertThat(ModelNames.isName("a".repeat(65))).isFalse();
  }
}
