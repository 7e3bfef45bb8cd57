package io.clipstream.streams.console;

import io.clipstream.model.Printable;
import io.clipstream.model.fetch.UriLabel;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text out of records as the page gets it: in one line, not endless, without what hides or turns
 * it, and without the secrets of addresses, wherever they stand.
 */
final class Shown {
  private static final int LONGEST = 300;
  private static final Pattern ADDRESS = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://\\S+");

  /** Of a presigned address, also where its question mark is spelled otherwise. */
  private static final Pattern SIGNATURE =
      Pattern.compile("(?i)((?:X-(?:Amz|Goog)-[a-z-]+|Signature|(?<![a-z])sig)(?:=|%3D))[^&\\s]+");

  private Shown() {}

  /**
   * The text, cut where it is too long to be shown.
   *
   * @param text null: null
   */
  static String text(CharSequence text) {
    return text(text, LONGEST);
  }

  /**
   * The text, cut where it is longer than that.
   *
   * @param most characters, without the mark that something is missing
   */
  static String text(CharSequence text, int most) {
    if (text == null) {
      return null;
    }
    String begun = begin(text.toString(), most);
    String masked = ADDRESS.matcher(begun).replaceAll(it -> quote(UriLabel.of(it.group())));
    String shown = Printable.of(SIGNATURE.matcher(masked).replaceAll("$1***"));
    boolean cut = begun.length() < text.length() || shown.length() > most;
    return cut ? begin(shown, most) + "…" : shown;
  }

  private static String quote(String replacement) {
    return Matcher.quoteReplacement(replacement);
  }

  private static String begin(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    return text.substring(0, Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most);
  }
}
