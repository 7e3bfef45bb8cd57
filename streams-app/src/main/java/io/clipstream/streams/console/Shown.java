package io.clipstream.streams.console;

import io.clipstream.model.Printable;

/** Text out of records as the page gets it: in one line, without what hides or turns it. */
final class Shown {
  private static final int LONGEST = 300;

  private Shown() {}

  /**
   * The text, cut where it is too long to be shown.
   *
   * @param text null: null
   */
  static String text(CharSequence text) {
    if (text == null) {
      return null;
    }
    String whole = text.toString();
    if (whole.length() <= LONGEST) {
      return Printable.of(whole);
    }
    int end = Character.isHighSurrogate(whole.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    return Printable.of(whole.substring(0, end)) + "…";
  }
}
