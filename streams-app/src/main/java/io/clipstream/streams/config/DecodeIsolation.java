package io.clipstream.streams.config;

/** Where native code decodes videos. */
public enum DecodeIsolation {
  /** In the instance's own process. */
  NONE,
  /** In processes beside it, which it starts: what ends one of them costs one video. */
  PROCESS;

  /** Null if it is none. */
  static DecodeIsolation of(String text) {
    return switch (text) {
      case "none" -> NONE;
      case "process" -> PROCESS;
      default -> null;
    };
  }
}
