package io.clipstream.streams.console;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/**
 * Who may do what.
 *
 * <ul>
 *   <li>Without a token, whoever reaches the port may look: it is on loopback. The names that a
 *       request may come under are loopback's, so that no site whose name leads there (DNS
 *       rebinding) reads along.
 *   <li>With one, whoever has signed in: a cookie holds a MAC of the token, the same after every
 *       start, which no script reads and no other site sends.
 *   <li>What changes something must come from the console's own page: from the same origin, with a
 *       word that only a page knows which may read what the console tells.
 * </ul>
 *
 * <p>All threads.
 */
final class Access {
  /** Holds {@link #pageWord}. */
  static final String PAGE_HEADER = "X-Clipstream-Page";

  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");
  private static final int WORD_BYTES = 16;

  private final ConsoleOptions options;
  private final String pageWord;
  private final String cookieName;
  private final String cookieValue;

  Access(ConsoleOptions options) {
    this.options = options;
    byte[] word = new byte[WORD_BYTES];
    new SecureRandom().nextBytes(word);
    this.pageWord = HexFormat.of().formatHex(word);
    String token = options.token().orElse("");
    // Cookies are shared by all ports of a host: each console has one of its own.
    this.cookieName = "clipstream-" + mac(token, "name").substring(0, 8);
    this.cookieValue = mac(token, "session");
  }

  private static String mac(String token, String what) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      // The space, as there is no empty key.
      mac.init(new SecretKeySpec((token + " ").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of()
          .formatHex(mac.doFinal(("clipstream console " + what).getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Java has no HmacSHA256", e);
    }
  }

  /** What the page sends back with what changes something. Another one after each start. */
  String pageWord() {
    return pageWord;
  }

  private boolean needsToken() {
    return options.token().isPresent();
  }

  /** Whether the request names this console as its host. */
  boolean isHost(Request request) {
    if (needsToken()) {
      return true;
    }
    String host = name(request.getHeaders().get(HttpHeader.HOST));
    return LOOPBACK.contains(host) || host.equals(name(options.host()));
  }

  /** Of {@code HOST:PORT}. */
  private static String name(String authority) {
    if (authority == null) {
      return "";
    }
    String lower = authority.toLowerCase(Locale.ROOT);
    return lower.startsWith("[")
        ? lower.substring(0, lower.indexOf(']') + 1)
        : lower.indexOf(':') == lower.lastIndexOf(':')
            ? lower.replaceFirst(":\\d*$", "")
            : "[" + lower + "]";
  }

  boolean isSignedIn(Request request) {
    return !needsToken()
        || Request.getCookies(request).stream()
            .anyMatch(
                cookie ->
                    cookie.getName().equals(cookieName) && same(cookie.getValue(), cookieValue));
  }

  /** The header that signs in who has the token; empty if it is another one. */
  Optional<String> signIn(String token) {
    if (!same(mac(token, "session"), cookieValue)) {
      return Optional.empty();
    }
    return Optional.of(
        cookieName
            + "="
            + cookieValue
            + "; Path=/; HttpOnly; "
            + HttpCookie.SAME_SITE_ATTRIBUTE
            + "=Strict");
  }

  /** Without telling by its time how much of it is right. */
  private static boolean same(String given, String right) {
    return MessageDigest.isEqual(
        given.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));
  }

  /** Whether a browser says that the page of another site asks. */
  static boolean isOfAnotherSite(Request request) {
    String site = request.getHeaders().get("Sec-Fetch-Site");
    return site != null && !site.equals("same-origin") && !site.equals("none");
  }

  /** Whether a browser says that the request comes from this console's own page. */
  static boolean isSameOrigin(Request request) {
    String site = request.getHeaders().get("Sec-Fetch-Site");
    String origin = request.getHeaders().get(HttpHeader.ORIGIN);
    String host = request.getHeaders().get(HttpHeader.HOST);
    return (site != null || origin != null)
        && (site == null || site.equals("same-origin"))
        && (origin == null || origin.replaceFirst("^https?://", "").equalsIgnoreCase(host));
  }

  /** Why a request may not change anything, one line; empty: it may. */
  Optional<String> refusal(Request request) {
    if (!options.write()) {
      return Optional.of("this console only shows: console.write=true lets it change things");
    }
    String word = request.getHeaders().get(PAGE_HEADER);
    return isSameOrigin(request) && word != null && same(word, pageWord)
        ? Optional.empty()
        : Optional.of("the request does not come from this console's page: load it again");
  }
}
