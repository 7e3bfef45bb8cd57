package io.clipstream.streams.intake;

/**
 * How much waits and is not worked on, and how much may.
 *
 * @param bytes of references, about
 * @param most videos at which no more are taken
 * @param mostBytes at which no more are taken
 */
public record Waiting(int videos, long bytes, int most, long mostBytes) {
  public static final Waiting NONE = new Waiting(0, 0, Integer.MAX_VALUE, Long.MAX_VALUE);

  /**
   * Whether more may wait.
   *
   * @param others that wait elsewhere
   */
  public boolean hasRoom(int others) {
    return videos + (long) others < most && bytes < mostBytes;
  }
}
