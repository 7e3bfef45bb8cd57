package io.clipstream.model;

/**
 * Text that came out of a file, fit for a terminal: what would move the cursor, break the line or
 * turn the direction of reading is written as an escape such as {@code \}{@code u001b}. Letters of
 * every script stay as they are.
 */
public final class Printable {
  private static final int LONGEST_NAME = 120;

  private Printable() {}

  /** The whole text in one line. */
  public static String of(String text) {
    if (text.codePoints().noneMatch(Printable::isHidden)) {
      return text;
    }
    StringBuilder clean = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (!isHidden(c)) {
                clean.appendCodePoint(c);
              } else if (Character.isBmpCodePoint(c)) {
                clean.append(String.format("\\u%04x", c));
              } else {
                clean.append(String.format("\\U%08x", c));
              }
            });
    return clean.toString();
  }

  /** A name for a message: in one line, and not endless. */
  public static String name(String name) {
    String begun = name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME);
    return of(begun) + (begun.length() < name.length() ? "…" : "");
  }

  private static boolean isHidden(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
