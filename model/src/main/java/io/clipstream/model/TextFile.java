package io.clipstream.model;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Text in UTF-8 that the user named, such as a list of videos or of labels. */
public final class TextFile {
  private static final String BYTE_ORDER_MARK = "\ufeff";

  /** A list of two million videos has less. */
  private static final long MOST_BYTES = 256 << 20;

  private TextFile() {}

  /**
   * Its lines, without the byte order mark that some programs begin every file with.
   *
   * @param expected what it should be, for the message, such as {@code a label a line}
   * @throws UserError if there is no such file, it is none of text in UTF-8, or has more than 256
   *     MiB
   */
  public static List<String> lines(Path file, String expected) throws IOException {
    if (!Files.exists(file)) {
      throw new UserError(
          file + ": " + FileProblem.missing(file) + ", expected " + expected + Nearest.hint(file));
    }
    if (!Files.isRegularFile(file)) {
      throw new UserError(file + ": not a file, expected " + expected);
    }
    if (Files.size(file) > MOST_BYTES) {
      throw new UserError(
          "%s: %d bytes, expected at most %d, %s"
              .formatted(file, Files.size(file), MOST_BYTES, expected));
    }
    String text;
    try {
      text = Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new UserError(file + ": not UTF-8 text, expected " + expected, e);
    }
    return (text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text).lines().toList();
  }
}
