package io.clipstream.model.clip;

/** What became of one file. */
public sealed interface DecodeResult {
  /**
   * Clips went to the sink.
   *
   * @param info what was decoded
   * @param clips that went to the sink, at least 1
   * @param complete false if something of what was asked for is missing or damaged
   * @param note one line that says what is missing; empty if complete
   * @param remark one line that says how gaps and jumps in the file's times were dealt with, by
   *     which nothing is lost; empty if there were none
   */
  record Decoded(VideoInfo info, int clips, boolean complete, String note, String remark)
      implements DecodeResult {}

  /**
   * The file is of no use. Clips that went to the sink before this was known are to be dropped.
   *
   * @param reason from the closed list
   * @param detail one plain line
   */
  record Rejected(DecodeReason reason, String detail) implements DecodeResult {}
}
