package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CacheFolderTest {
  @Test
  void shouldFollowXdgCacheHome() {
    assertThat(CacheFolder.path(Map.of("XDG_CACHE_HOME", "/big/cache"), "/home/ada"))
        .isEqualTo(Path.of("/big/cache/clipstream"));
    assertThat(CacheFolder.path(Map.of(), "/home/ada"))
        .isEqualTo(Path.of("/home/ada/.cache/clipstream"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "cache"})
  void shouldTakeNoRelativeFolder(String cache) {
    assertThat(CacheFolder.path(Map.of("XDG_CACHE_HOME", cache), "/home/ada"))
        .isEqualTo(Path.of("/home/ada/.cache/clipstream"));
  }
}
