package io.clipstream.model;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where clipstream keeps what it can make or fetch again: {@code clipstream} in the user's cache
 * folder ({@code XDG_CACHE_HOME}, else {@code ~/.cache}; XDG Base Directory Specification).
 */
public final class CacheFolder {
  private CacheFolder() {}

  /** The folder, which need not exist yet. */
  public static Path path() {
    return path(System.getenv(), System.getProperty("user.home"));
  }

  /** A relative {@code XDG_CACHE_HOME} counts as none, as the specification says. */
  static Path path(Map<String, String> environment, String home) {
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path folder =
        cache.isBlank() || !Path.of(cache).isAbsolute() ? Path.of(home, ".cache") : Path.of(cache);
    return folder.resolve("clipstream");
  }
}
