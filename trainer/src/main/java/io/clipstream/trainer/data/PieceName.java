package io.clipstream.trainer.data;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which source a file is a piece of, by the mark at the end of its name: Kinetics' {@code
 * NAME_000010_000020}, or {@code NAME-clip3}, {@code NAME_part02}, {@code NAME_c04} and the like.
 */
public final class PieceName {
  private static final Pattern PIECE =
      Pattern.compile(
          "(.+?)(?:_\\d{6}_\\d{6}|[-_. ](?:c|clip|part|piece|scene|seg|segment|shot)[-_. ]?\\d+)");

  private PieceName() {}

  /**
   * The name of the source.
   *
   * @param file name of the file, with or without an ending
   * @return empty if it has no mark
   */
  public static Optional<String> source(String file) {
    int dot = file.lastIndexOf('.');
    Matcher piece = PIECE.matcher(dot > 0 ? file.substring(0, dot) : file);
    return piece.matches() ? Optional.of(piece.group(1)) : Optional.empty();
  }
}
