package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.fetch.FetchResult.Fetched;
import io.clipstream.model.fetch.FetchResult.Rejected;
import io.clipstream.model.fetch.FetchResult.Unavailable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that lie, stutter, and never end: each costs its own video, and some time. */
@Timeout(300)
class HostileServersTest {
  private static final Duration TOTAL = Duration.ofSeconds(4);

  @TempDir Path folder;
  private FileFetcher fetcher;

  @BeforeEach
  void open() {
    FetchPolicy policy = FetchPolicy.defaults();
    fetcher =
        new FileFetcher(
            policy
                .withAddresses(policy.addresses().withAllowPrivate(List.of("127.0.0.1")))
                .withRetries(new RetryRules(2, Duration.ofMillis(1), Duration.ofMillis(1)))
                .withLimits(
                    new FetchLimits(
                        10_000, 10_000, 2, TOTAL, TOTAL, Duration.ofSeconds(1), 5, 1000)),
            folder.resolve("work"));
  }

  @AfterEach
  void close() {
    fetcher.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK|Content-Length: -1||abc",
        "HTTP/1.1 200 OK|Content-Length: abc||abc",
        "HTTP/1.1 200 OK|Content-Length: 99999999999999999999999||abc",
        "HTTP/1.1 200 OK|Content-Length: 9223372036854775807||abc",
        "HTTP/1.1 200 OK|Content-Length: 1e3||abc",
        "HTTP/1.1 200 OK|Content-Length: 20000||abc",
        "HTTP/1.1 200 OK|Content-Length: 5||abc",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||-1|abc|0||",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||FFFFFFFFFFFFFFFF|abc|0||",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||7FFFFFFF|abc",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||zz|abc|0||",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||||",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abcdef|0||",
        "HTTP/1.1 200 OK|Transfer-Encoding: nonsense||abc",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked, chunked||3|abc|0||",
        "HTTP/1.1 999 Odd||",
        "HTTP/1.1 099 Odd||",
        "HTTP/1.1 -200 Odd||",
        "HTTP/1.1 2000 Odd||",
        "HTTP/1.1 200000000000 Odd||",
        "HTTP/9.9 200 OK|Content-Length: 0||",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "ICY 200 OK|Content-Length: 3||abc",
        "|||",
        "\0\0\0\0",
        "HTTP/1.1 200 OK|no colon||abc",
        "HTTP/1.1 200 OK|: no name||",
        "HTTP/1.1 101 Switching Protocols|Upgrade: websocket||",
        "HTTP/1.1 204 No Content||",
        "HTTP/1.1 205 Reset||",
        "HTTP/1.1 304 Not Modified||",
        "HTTP/1.1 206 Part|Content-Range: bytes 0-2/3|Content-Length: 3||abc",
        "HTTP/1.1 206 Part|Content-Range: bytes 999999999999999999-1/0|Content-Length: 3||abc",
        "HTTP/1.1 206 Part|Content-Type: multipart/byteranges||",
        "HTTP/1.1 416 No|Content-Range: bytes */0||",
        "HTTP/1.1 200 OK|Content-Encoding: gzip|Content-Length: 3||abc",
        "HTTP/1.1 300 Choices||",
        "HTTP/1.1 305 Proxy|Location: http://127.0.0.1/||",
        "HTTP/1.1 302 Found||",
        "HTTP/1.1 302 Found|Location: ||",
        "HTTP/1.1 302 Found|Location: http://||",
        "HTTP/1.1 302 Found|Location: //||",
        "HTTP/1.1 302 Found|Location: http:///x||",
        "HTTP/1.1 302 Found|Location: http:opaque||",
        "HTTP/1.1 302 Found|Location: http://[::1||",
        "HTTP/1.1 302 Found|Location: http://[::1]:0/||",
        "HTTP/1.1 302 Found|Location: http://a:99999/||",
        "HTTP/1.1 302 Found|Location: http://%zz/||",
        "HTTP/1.1 302 Found|Location: http://a b/||",
        "HTTP/1.1 302 Found|Location: http://user:secret@127.0.0.1/||",
        "HTTP/1.1 302 Found|Location: mailto:x@y||",
        "HTTP/1.1 302 Found|Location: file:///etc/passwd||",
        "HTTP/1.1 302 Found|Location: javascript:1||",
        "HTTP/1.1 302 Found|Location: ?||",
        "HTTP/1.1 302 Found|Location: #||",
        "HTTP/1.1 302 Found|Location: ../../../..||",
        "HTTP/1.1 302 Found|Location: \0||",
        "HTTP/1.1 302 Found|Location: /\u00ff\u00fe||",
        "HTTP/1.1 503 Busy|Retry-After: -5||",
        "HTTP/1.1 503 Busy|Retry-After: 1.5||",
        "HTTP/1.1 503 Busy|Retry-After: 99999999999999999999||",
        "HTTP/1.1 503 Busy|Retry-After: 999999999||",
        "HTTP/1.1 503 Busy|Retry-After: soon||",
        "HTTP/1.1 503 Busy|Retry-After: ||",
        "HTTP/1.1 503 Busy|Retry-After: Thu, 01 Jan 1970 00:00:00 GMT||",
        "HTTP/1.1 503 Busy|Retry-After: Fri, 31 Dec 9999 23:59:59 GMT||",
        "HTTP/1.1 503 Busy|Retry-After: 1|Retry-After: 2||",
      })
  void shouldAnswerWhateverComesWithoutAnException(String answer) throws Exception {
    try (RawServer server =
        new RawServer((n, request, to) -> to.send(answer.replace("|", "\r\n")))) {
      FetchResult result = fetch(server);

      if (result instanceof Rejected rejected) {
        assertThat(rejected.detail()).isNotBlank().doesNotContain("secret");
      } else if (result instanceof Unavailable failed) {
        assertThat(failed.retryAfter().orElse(Duration.ZERO).isNegative()).isFalse();
      } else {
        assertThat(answer).startsWith("HTTP/");
        ((Fetched) result).file().close();
      }
    }
  }

  @Test
  void shouldEndInterimAnswersThatNeverEnd() throws Exception {
    assertEnds(to -> to.send("HTTP/1.1 102 Processing\r\n\r\n"));
  }

  @Test
  void shouldEndTrailersThatNeverEnd() throws Exception {
    AtomicInteger lines = new AtomicInteger();
    assertEnds(
        to ->
            to.send(
                lines.getAndIncrement() == 0
                    ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
                    : "X: y\r\n"));
  }

  @Test
  void shouldEndAChunkWhoseSizeNeverEnds() throws Exception {
    AtomicInteger lines = new AtomicInteger();
    assertEnds(
        to ->
            to.send(
                lines.getAndIncrement() == 0
                    ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x="
                    : "y".repeat(100)));
  }

  @Test
  void shouldEndEmptyLinesBeforeAnAnswer() throws Exception {
    assertEnds(to -> to.send("\r\n\r\n\r\n"));
  }

  @Test
  void shouldEndServersThatSendEachOtherInACircle() throws Exception {
    RawServer[] servers = new RawServer[2];
    AtomicInteger asked = new AtomicInteger();
    for (int i = 0; i < 2; i++) {
      int other = 1 - i;
      servers[i] =
          new RawServer(
              (n, request, to) -> {
                asked.incrementAndGet();
                to.send(
                    "HTTP/1.1 307 Over there\r\nLocation: "
                        + servers[other].url("/" + n)
                        + "\r\nContent-Length: 0\r\n\r\n");
              });
    }
    try {
      assertThat(((Rejected) fetch(servers[0])).reason()).isEqualTo(FetchReason.TOO_MANY_REDIRECTS);
      assertThat(asked).hasValue(6);
    } finally {
      servers[0].close();
      servers[1].close();
    }
  }

  /** Of a redirect's failure the host is to blame that it led to. */
  @Test
  void shouldBlameTheHostThatWasLedTo() throws Exception {
    try (RawServer broken =
            new RawServer(
                (n, request, to) ->
                    to.send("HTTP/1.1 429 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"));
        RawServer first =
            new RawServer(
                (n, request, to) ->
                    to.send(
                        "HTTP/1.1 302 Found\r\nLocation: "
                            + broken.url("/x?token=1")
                            + "\r\nContent-Length: 0\r\n\r\n"))) {
      Unavailable failed = (Unavailable) fetch(first);

      assertThat(failed.elsewhere()).contains(fetcher.origin(broken.url("/")));
      assertThat(failed.problem()).isEqualTo("answers HTTP 429");
      assertThat(failed.detail()).doesNotContain("token=1");
      assertThat(failed.retryAfter()).contains(Duration.ofSeconds(7));
    }
  }

  private FetchResult fetch(RawServer server) throws InterruptedException {
    return fetcher.tryFetch(server.url("/a"), Optional.empty(), FetchProgress.NONE);
  }

  private interface Endless {
    void send(RawServer.Exchange to) throws IOException;
  }

  /** While the server goes on for as long as it is let. */
  private void assertEnds(Endless endless) throws Exception {
    RawServer.Script script =
        (n, request, to) -> {
          while (true) {
            endless.send(to);
            LockSupport.parkNanos(50_000);
          }
        };
    try (RawServer server = new RawServer(script)) {
      FetchResult result = fetch(server);

      assertThat(result).isInstanceOfAny(Rejected.class, Unavailable.class);
    }
  }
}
