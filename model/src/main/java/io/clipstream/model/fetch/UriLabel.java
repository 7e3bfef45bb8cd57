package io.clipstream.model.fetch;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How an address is shown in logs, messages and metrics: user name, password, query and fragment
 * masked, control characters spelled out, at most {@value #LONGEST} characters.
 */
public final class UriLabel {
  private static final int LONGEST = 300;
  private static final Pattern SCHEME =
      Pattern.compile("^([A-Za-z][A-Za-z0-9+.-]*:)(.*)$", Pattern.DOTALL);

  private UriLabel() {}

  /** Works on any text, well-formed or not. */
  public static String of(String uri) {
    Matcher matcher = SCHEME.matcher(uri);
    boolean hasScheme = matcher.matches();
    String scheme = hasScheme ? matcher.group(1) : "";
    String rest = hasScheme ? matcher.group(2) : uri;
    rest = maskQuery(rest);
    if (!hasScheme) {
      // A path, or an address whose scheme is misspelt.
      int authority = rest.indexOf("://");
      if (authority >= 0) {
        rest = rest.substring(0, authority + 1) + maskUser(rest.substring(authority + 1));
      }
    } else if (!scheme.equalsIgnoreCase("file:")) {
      rest = maskUser(rest);
    }
    return printable(scheme + rest, LONGEST);
  }

  private static String maskQuery(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '?' || c == '#') {
        return i + 1 == text.length() ? text : text.substring(0, i + 1) + "***";
      }
    }
    return text;
  }

  private static String maskUser(String text) {
    int start = 0;
    while (start < text.length() && (text.charAt(start) == '/' || text.charAt(start) == '\\')) {
      start++;
    }
    int end = start;
    while (end < text.length() && text.charAt(end) != '/' && text.charAt(end) != '\\') {
      end++;
    }
    int at = text.lastIndexOf('@', end - 1);
    return at < start ? text : text.substring(0, start) + "***" + text.substring(at);
  }

  /** The text without control characters, cut to a length. */
  static String printable(String text, int longest) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length() && out.length() <= longest; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    if (out.length() > longest) {
      out.setLength(longest - 3);
      out.append("...");
    }
    return out.toString();
  }
}
