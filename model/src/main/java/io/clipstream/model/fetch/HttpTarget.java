package io.clipstream.model.fetch;

import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where one HTTP request goes. Read strictly, so that what is checked is what is connected to.
 *
 * @param scheme {@code http} or {@code https}
 * @param host lower case, ASCII, without a trailing dot; an IPv6 address without brackets
 * @param port -1 for the scheme's own
 * @param pathAndQuery byte for byte as given, since signatures are made over it, with only what is
 *     not ASCII escaped; starts with "/"
 * @param uri as it was read, for resolving relative redirects; holds secrets, never print it
 */
record HttpTarget(String scheme, String host, int port, String pathAndQuery, URI uri) {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9_-]{1,63}");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+|0x[0-9a-f]*");
  private static final Pattern SERVER =
      Pattern.compile("(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#]*)?");
  private static final Pattern ESCAPE = Pattern.compile("%[0-9A-Fa-f]{2}");
  private static final String FORBIDDEN = "\"<>[]\\^`{|}";
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");

  static HttpTarget of(URI uri) throws FetchFailure {
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    String authority = uri.getRawAuthority();
    if (authority == null) {
      throw unsupported(uri, "has no host; it should read " + scheme + "://host/path");
    }
    if (authority.indexOf('@') >= 0) {
      throw unsupported(
          uri, "holds a user name or password, which are not sent; use a presigned address");
    }
    String hostText;
    String portText;
    if (authority.startsWith("[")) {
      int end = authority.indexOf(']');
      hostText = authority.substring(1, Math.max(end, 1));
      portText = authority.substring(end + 1);
      if (hostText.indexOf(':') < 0 || Network.address(hostText).isEmpty()) {
        throw unsupported(uri, "has brackets around what is no plain IPv6 address");
      }
    } else {
      int colon = authority.indexOf(':');
      hostText = colon < 0 ? authority : authority.substring(0, colon);
      portText = colon < 0 ? "" : authority.substring(colon);
    }
    String host =
        authority.startsWith("[") ? hostText.toLowerCase(Locale.ROOT) : name(uri, hostText);
    int port = port(uri, portText);
    if (port == defaultPort(scheme)) {
      port = -1;
    }
    String path = uri.getRawPath();
    String query = uri.getRawQuery();
    String pathAndQuery =
        (path == null || path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
    return new HttpTarget(scheme, host, port, ascii(pathAndQuery), uri);
  }

  /**
   * Where a Location header leads. Bytes that servers should have escaped but often do not (spaces,
   * brackets, anything beyond ASCII, a percent sign that escapes nothing) are escaped.
   *
   * @param location as received, decoded as ISO 8859-1
   */
  HttpTarget redirect(String location) throws FetchFailure {
    String reference = escape(location);
    URI next;
    try {
      // URI.resolve follows RFC 2396, where a bare query replaces the last part of the path too.
      next =
          reference.startsWith("?")
              ? new URI(withoutQuery() + reference)
              : uri.resolve(new URI(reference));
    } catch (URISyntaxException | IllegalArgumentException malformed) {
      throw FetchFailure.lasting(
          FetchReason.FETCH_FAILED, label() + " redirects to an address that cannot be read");
    }
    String nextScheme = next.getScheme() == null ? "" : next.getScheme().toLowerCase(Locale.ROOT);
    if (!nextScheme.equals("http") && !nextScheme.equals("https")) {
      throw FetchFailure.lasting(
          FetchReason.FORBIDDEN_ADDRESS,
          label()
              + " redirects to a "
              + nextScheme
              + ": address; only http and https are followed");
    }
    return of(next);
  }

  private static String escape(String location) {
    Matcher place = SERVER.matcher(location);
    int path = place.lookingAt() ? place.end() : 0;
    StringBuilder escaped = new StringBuilder();
    for (int i = 0; i < location.length(); i++) {
      char c = location.charAt(i);
      boolean wrong =
          c == ' '
              || (c > 0x7f && c <= 0xff)
              || (i >= path && FORBIDDEN.indexOf(c) >= 0)
              || (c == '%' && !ESCAPE.matcher(location).region(i, location.length()).lookingAt());
      escaped.append(wrong ? String.format(Locale.ROOT, "%%%02X", (int) c) : String.valueOf(c));
    }
    return escaped.toString();
  }

  int effectivePort() {
    return port >= 0 ? port : defaultPort(scheme);
  }

  boolean isEncrypted() {
    return scheme.equals("https");
  }

  /** For messages: without the query, which may hold a signature. */
  String label() {
    return UriLabel.of(uri.toString());
  }

  /** Characters beyond ASCII as the escaped bytes of their UTF-8 form; all else stays. */
  private static String ascii(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (c < 0x80) {
                out.append((char) c);
              } else {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                  out.append(String.format(Locale.ROOT, "%%%02X", b));
                }
              }
            });
    return out.toString();
  }

  private String withoutQuery() {
    return scheme + "://" + uri.getRawAuthority() + uri.getRawPath();
  }

  private static String name(URI uri, String text) throws FetchFailure {
    String host;
    try {
      host = IDN.toASCII(text).toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException notAName) {
      throw unsupported(uri, "has a host name that cannot be read");
    }
    if (host.endsWith(".")) {
      host = host.substring(0, host.length() - 1);
    }
    String[] labels = host.split("\\.", -1);
    for (String label : labels) {
      if (!LABEL.matcher(label).matches()) {
        throw unsupported(uri, host.isEmpty() ? "has no host" : "has a host name that is not one");
      }
    }
    if (host.length() > 253) {
      throw unsupported(uri, "has a host name of more than 253 characters");
    }
    // Resolvers read 0177.1, 2130706433 and 0x7f000001 as addresses, and not all alike.
    if (NUMBER.matcher(labels[labels.length - 1]).matches() && Network.address(host).isEmpty()) {
      throw FetchFailure.lasting(
          FetchReason.FORBIDDEN_ADDRESS,
          UriLabel.of(uri.toString())
              + " spells an IP address in an unusual way; four decimal parts are accepted");
    }
    return host;
  }

  private static int port(URI uri, String text) throws FetchFailure {
    if (text.isEmpty() || text.equals(":")) {
      return -1;
    }
    String digits = text.substring(1);
    if (text.charAt(0) == ':' && PORT.matcher(digits).matches()) {
      int port = Integer.parseInt(digits);
      if (port >= 1 && port <= 65_535) {
        return port;
      }
    }
    throw unsupported(uri, "has a port that is not 1 to 65535");
  }

  private static int defaultPort(String scheme) {
    return scheme.equals("https") ? 443 : 80;
  }

  private static FetchFailure unsupported(URI uri, String what) {
    return FetchFailure.lasting(
        FetchReason.UNSUPPORTED_URI, UriLabel.of(uri.toString()) + " " + what);
  }

  /** Without the query: records print their components. */
  @Override
  public String toString() {
    return label();
  }
}
