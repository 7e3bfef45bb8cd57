package io.clipstream.streams.console;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where the console answers, and whom.
 *
 * @param host name or address of this machine that is listened on
 * @param port 0: any that is free
 * @param token that people sign in with; empty: whoever reaches the port is let in
 * @param write whether the console also changes things: rollouts, corrections, retries, uploads
 * @param thumbnails whose pictures are shown
 * @param maxUploadBytes largest video that may be dropped on the page
 * @param maxModelBytes largest model that may be published from the page; empty: none may
 */
public record ConsoleOptions(
    String host,
    int port,
    Optional<String> token,
    boolean write,
    Thumbnails.Of thumbnails,
    long maxUploadBytes,
    OptionalLong maxModelBytes) {

  /** Without the token. */
  @Override
  public String toString() {
    return "console at " + host + ":" + port;
  }
}
