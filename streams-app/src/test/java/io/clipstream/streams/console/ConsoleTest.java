package io.clipstream.streams.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.clipstream.model.UserError;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, and what browsers are told, request by request. */
@Timeout(300)
class ConsoleTest {
  private static final String TOKEN = "correct-horse-battery";

  private Console console;
  private int port;

  @AfterEach
  void stop() {
    console.close();
  }

  private void start(Optional<String> token, boolean write) {
    console =
        new Console(
            new ConsoleOptions(
                "127.0.0.1", 0, token, write, Thumbnails.Of.FILES, 1 << 20, OptionalLong.empty()),
            "group",
            "host");
    port = URI.create(console.address()).getPort();
  }

  @Test
  void shouldSendTheHeadersThatKeepAPageSafe() throws IOException {
    start(Optional.empty(), true);

    assertThat(get("/"))
        .startsWith("HTTP/1.1 200")
        .contains(
            "default-src 'none'; script-src 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "X-Content-Type-Options: nosniff",
            "Referrer-Policy: same-origin",
            "X-Frame-Options: DENY")
        .doesNotContain("Server:", "Access-Control", "<script>", "style=");
  }

  /** A name of somebody else's that leads to loopback (DNS rebinding). */
  @ParameterizedTest
  @ValueSource(strings = {"evil.example.com", "127.0.0.1.evil.example.com:80", "", "[::2]"})
  void shouldAnswerUnderItsOwnNameAlone(String host) throws IOException {
    start(Optional.empty(), true);

    assertThat(ask("GET /events HTTP/1.1", "Host: " + host)).doesNotStartWith("HTTP/1.1 200");
    assertThat(ask("GET / HTTP/1.1", "Host: localhost:1")).startsWith("HTTP/1.1 200");
  }

  @Test
  void shouldTakeNoWritesFromOtherSites() throws IOException {
    start(Optional.empty(), true);
    String own = "Origin: http://127.0.0.1:" + port;
    String word = "X-Clipstream-Page: " + pageWord();

    assertThat(rollout(own, word)).contains("the instance is still starting");
    assertThat(rollout(own, word, "Sec-Fetch-Site: same-origin")).contains("still starting");
    for (String answer :
        new String[] {
          rollout(word),
          rollout(own),
          rollout(own, "X-Clipstream-Page: 00"),
          rollout("Origin: http://evil.example.com", word),
          rollout("Origin: null", word),
          rollout(own, word, "Sec-Fetch-Site: cross-site"),
          rollout(own, word, "Sec-Fetch-Site: same-site")
        }) {
      assertThat(answer).startsWith("HTTP/1.1 403").contains("not come from this console's page");
    }
  }

  /** They could not read it, but would take a place, or have pictures made. */
  @ParameterizedTest
  @ValueSource(strings = {"cross-site", "same-site"})
  void shouldTellNothingToPagesOfOtherSites(String site) throws IOException {
    start(Optional.empty(), true);
    String own = "Host: 127.0.0.1:" + port;

    for (String path : new String[] {"/events", "/thumbnail?place=a"}) {
      assertThat(ask("GET " + path + " HTTP/1.1", own, "Sec-Fetch-Site: " + site))
          .startsWith("HTTP/1.1 403");
    }
    assertThat(ask("GET / HTTP/1.1", own, "Sec-Fetch-Site: " + site)).startsWith("HTTP/1.1 200");
  }

  @Test
  void shouldAnswerOthersWhileManySignInSlowly() throws IOException {
    start(Optional.of(TOKEN), true);
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 60; i++) {
        slow.add(
            open(
                "POST /login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\n"
                    + "Content-Length: 1000\r\n\r\ntoken="));
      }

      assertThat(signIn(TOKEN, "http://127.0.0.1:" + port)).contains("Set-Cookie");
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void shouldTakeNoMorePagesAtOnceThanItSays() throws IOException {
    start(Optional.empty(), true);
    List<Socket> pages = new ArrayList<>();
    int listen = 0;
    try {
      for (int i = 0; i < 70; i++) {
        pages.add(open("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      }
      for (Socket page : pages) {
        byte[] status = page.getInputStream().readNBytes("HTTP/1.1 200".length());
        listen += new String(status, StandardCharsets.UTF_8).equals("HTTP/1.1 200") ? 1 : 0;
      }
    } finally {
      for (Socket page : pages) {
        page.close();
      }
    }

    assertThat(listen).isEqualTo(EventHub.MOST_PAGES);
  }

  /** As somebody does who loads the page again and again. */
  @Test
  void shouldHaveAPlaceForPagesHoweverManyAreGone() throws IOException {
    start(Optional.empty(), true);
    for (int i = 0; i < 4 * EventHub.MOST_PAGES; i++) {
      Socket page = open("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      page.setSoLinger(true, 0);
      page.close();
    }

    await().atMost(Duration.ofMinutes(2)).until(this::isPlaceForAPage);
  }

  private boolean isPlaceForAPage() throws IOException {
    try (Socket page = open("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
      byte[] status = page.getInputStream().readNBytes("HTTP/1.1 200".length());
      return new String(status, StandardCharsets.UTF_8).equals("HTTP/1.1 200");
    }
  }

  private Socket open(String begin) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.getOutputStream().write(begin.getBytes(StandardCharsets.UTF_8));
    return socket;
  }

  @Test
  void shouldOnlyShowUnlessItMayWrite() throws IOException {
    start(Optional.empty(), false);

    assertThat(rollout("Origin: http://127.0.0.1:" + port, "X-Clipstream-Page: " + pageWord()))
        .startsWith("HTTP/1.1 403")
        .contains("console.write=true");
  }

  @Test
  void shouldTellNothingToWhoHasNotSignedIn() throws IOException {
    start(Optional.of(TOKEN), true);

    assertThat(get("/")).startsWith("HTTP/1.1 303").contains("Location: /login");
    assertThat(get("/login")).startsWith("HTTP/1.1 200");
    assertThat(get("/events")).startsWith("HTTP/1.1 401");
    assertThat(get("/thumbnail?place=a")).startsWith("HTTP/1.1 401");
    assertThat(rollout("Origin: http://127.0.0.1:" + port)).startsWith("HTTP/1.1 401");
    assertThat(signIn("correct-horse-batterz", "http://127.0.0.1:" + port))
        .contains("Location: /login#token")
        .doesNotContain("Set-Cookie");
    assertThat(signIn(TOKEN, "http://evil.example.com")).startsWith("HTTP/1.1 403");
  }

  @Test
  void shouldLetInWhoHasTheTokenAlsoAfterARestart() throws IOException {
    start(Optional.of(TOKEN), true);
    String answer = signIn(TOKEN, "http://127.0.0.1:" + port);
    assertThat(answer)
        .startsWith("HTTP/1.1 303")
        .contains("; HttpOnly; SameSite=Strict")
        .doesNotContain(TOKEN);
    String cookie = found("Set-Cookie: ([^;]+)", answer);

    console.close();
    start(Optional.of(TOKEN), true);

    assertThat(ask("GET / HTTP/1.1", "Host: console.example.com", "Cookie: " + cookie))
        .startsWith("HTTP/1.1 200");
    assertThat(ask("GET / HTTP/1.1", "Host: 127.0.0.1", "Cookie: " + cookie + "0"))
        .startsWith("HTTP/1.1 303");
  }

  @Test
  void shouldAnswerNothingButGetAndPost() throws IOException {
    start(Optional.empty(), true);

    assertThat(ask("OPTIONS / HTTP/1.1", "Host: localhost")).startsWith("HTTP/1.1 405");
    assertThat(get("/../../etc/passwd")).startsWith("HTTP/1.1 400");
    assertThat(get("/console.css")).contains("ETag: \"");
    assertThat(
            ask(
                "GET /console.css HTTP/1.1",
                "Host: localhost",
                "If-None-Match: " + found("ETag: (\"\\w+\")", get("/console.css"))))
        .startsWith("HTTP/1.1 304");
  }

  @Test
  void shouldSayThatThePortIsTaken() throws IOException {
    start(Optional.empty(), true);
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ConsoleOptions options =
          new ConsoleOptions(
              "127.0.0.1",
              taken.getLocalPort(),
              Optional.empty(),
              false,
              Thumbnails.Of.NONE,
              1 << 20,
              OptionalLong.empty());

      assertThatThrownBy(() -> new Console(options, "group", "host"))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("console.port is " + taken.getLocalPort())
          .hasMessageContaining("expected a free port");
    }
  }

  /** Out of the events, as a page gets it. */
  private String pageWord() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(
              "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      StringBuilder heard = new StringBuilder();
      byte[] buffer = new byte[1 << 16];
      while (heard.indexOf("\n\n", heard.indexOf("event: state") + 1) < 0) {
        int read = socket.getInputStream().read(buffer);
        heard.append(new String(buffer, 0, read, StandardCharsets.UTF_8));
      }
      return found("\"page\":\"(\\w+)\"", heard.toString());
    }
  }

  private String rollout(String... headers) throws IOException {
    String[] lines = new String[headers.length + 4];
    lines[0] = "POST /rollout HTTP/1.1";
    lines[1] = "Host: 127.0.0.1:" + port;
    lines[2] = "Content-Type: application/json";
    lines[3] = "Content-Length: 2";
    System.arraycopy(headers, 0, lines, 4, headers.length);
    return ask("{}", lines);
  }

  private String signIn(String token, String origin) throws IOException {
    String form = "token=" + token;
    return ask(
        form,
        new String[] {
          "POST /login HTTP/1.1",
          "Host: 127.0.0.1:" + port,
          "Origin: " + origin,
          "Content-Type: application/x-www-form-urlencoded",
          "Content-Length: " + form.length()
        });
  }

  private String get(String path) throws IOException {
    return ask("GET " + path + " HTTP/1.1", "Host: 127.0.0.1:" + port);
  }

  private String ask(String... head) throws IOException {
    return ask("", head);
  }

  /** Byte for byte, as no client library would let us. */
  private String ask(String body, String[] head) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(
              (String.join("\r\n", head) + "\r\nConnection: close\r\n\r\n" + body)
                  .getBytes(StandardCharsets.UTF_8));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String found(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as(text).isTrue();
    return matcher.group(1);
  }
}
