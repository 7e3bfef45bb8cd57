package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.clipstream.model.Sha256;
import io.clipstream.model.fetch.FetchResult.Fetched;
import io.clipstream.model.fetch.FetchResult.Rejected;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class HttpFetchTest {
  private static final byte[] VIDEO = video(300_000);
  private static final Optional<String> ANY = Optional.empty();

  @TempDir Path folder;
  private final TestClock clock = new TestClock();
  private final Map<String, List<String>> names = new ConcurrentHashMap<>();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  @Test
  void shouldDownloadAVideoAndDeleteItOnClose() throws Exception {
    RawServer server =
        server((n, request, to) -> to.send(ok(VIDEO.length)).send(VIDEO, 0, VIDEO.length));
    FileFetcher fetcher = fetcher(loopback());

    LocalFile video = fetched(fetcher.fetch(server.url("/a.mp4"), Optional.of(sha256(VIDEO))));

    assertThat(video.path()).hasBinaryContent(VIDEO);
    assertThat(video.bytes()).isEqualTo(VIDEO.length);
    assertThat(video.attempts()).isEqualTo(1);
    assertThat(video.unchanged()).isTrue();
    video.close();
    video.close();
    assertThat(video.path()).doesNotExist();
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldSendPathAndQueryByteForByteAndAskForNoCompression() throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(0)));
    String target = "/a//b/../c%2fd/%7Euser;v=1?X-Sig=a%2Bb%2fC%3D&q='(x)'&empty=&a=1&a=2&%20+";

    fetched(fetcher(loopback()).fetch(server.url(target) + "#part", ANY)).close();

    String request = server.requests.get(0);
    assertThat(request).startsWith("GET " + target + " HTTP/1.1\r\n");
    assertThat(request)
        .contains("\r\nHost: 127.0.0.1:" + server.port() + "\r\n")
        .containsIgnoringCase("\r\nAccept-Encoding: identity\r\n")
        .doesNotContainIgnoringCase("cookie")
        .doesNotContainIgnoringCase("upgrade")
        .doesNotContainIgnoringCase("authorization")
        .doesNotContainIgnoringCase("range");
  }

  // ---- addresses

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::127.0.0.1"
      })
  void shouldNotConnectToANameWithAForbiddenAddress(String address) throws Exception {
    // An allowed address comes first, so that even a fetcher without checks would stay in here.
    RawServer server =
        new RawServer(InetAddress.getByName("127.0.0.9"), (n, request, to) -> to.send(ok(0)));
    open.add(server);
    names.put("public.example", List.of("127.0.0.9", address));

    Rejected rejected =
        rejected(
            fetcher(allowing(FetchPolicy.defaults(), "127.0.0.9"))
                .fetch("http://public.example:" + server.port() + "/a.mp4", ANY));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FORBIDDEN_ADDRESS);
    assertThat(rejected.detail()).startsWith("public.example has the address");
    assertThat(rejected.attempts()).isEqualTo(1);
    assertThat(server.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0X7F.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "0",
        "1.2.3.256",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "%31%32%37.0.0.1",
        "\uff11\uff12\uff17.0.0.1",
        "127\u30020\u30020\u30021",
        "\u2460\u2461\u2466.0.0.1",
        "user@127.0.0.1",
        "8.8.8.8@127.0.0.1",
        "8.8.8.8%40127.0.0.1",
        "8.8.8.8\\@127.0.0.1",
        "127.0.0.1\r\nHost: 8.8.8.8",
        "[fe80::1%25lo]",
        "[v1.127.0.0.1]",
        "[127.0.0.1]",
      })
  void shouldRefuseEverySpellingOfAForbiddenAddressWithoutConnecting(String host) throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(0)));

    Rejected rejected =
        rejected(
            fetcher(FetchPolicy.defaults())
                .fetch("http://" + host + ":" + server.port() + "/", ANY));

    assertThat(rejected.reason()).isIn(FetchReason.FORBIDDEN_ADDRESS, FetchReason.UNSUPPORTED_URI);
    assertThat(server.requests).isEmpty();
  }

  @Test
  void shouldConnectToTheAddressThatWasCheckedWhateverTheNameMeansLater() throws Exception {
    InetAddress second = InetAddress.getByName("127.0.0.2");
    RawServer good = server((n, request, to) -> to.send(ok(3) + "abc"));
    RawServer trap = new RawServer(second, (n, request, to) -> to.send(ok(4) + "trap"));
    open.add(trap);
    AtomicInteger lookups = new AtomicInteger();
    // The first answer is allowed, every later one is not.
    HostLookup rebinding =
        host ->
            List.of(
                InetAddress.getByName(lookups.getAndIncrement() == 0 ? "127.0.0.1" : "127.0.0.2"));
    FileFetcher fetcher =
        fetcher(allowing(FetchPolicy.defaults(), "127.0.0.1"), rebinding, tlsDefault());

    LocalFile video = fetched(fetcher.fetch("http://rebind.example:" + good.port() + "/a", ANY));

    assertThat(video.path()).hasContent("abc");
    assertThat(lookups).hasValue(1);
    assertThat(good.requests.get(0)).contains("\r\nHost: rebind.example:" + good.port() + "\r\n");
    Rejected later = rejected(fetcher.fetch("http://rebind.example:" + trap.port() + "/a", ANY));
    assertThat(later.reason()).isEqualTo(FetchReason.FORBIDDEN_ADDRESS);
    assertThat(trap.requests).isEmpty();
  }

  @Test
  void shouldTryEveryAddressOfANameUntilOneAnswers() throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(1) + "x"));
    // Nothing listens on that port of 127.0.0.3.
    names.put("many.example", List.of("127.0.0.3", "127.0.0.1"));

    LocalFile video =
        fetched(fetcher(loopback()).fetch("http://many.example:" + server.port() + "/", ANY));

    assertThat(video.attempts()).isEqualTo(1);
  }

  @Test
  void shouldRefusePortsAndHostsThatAreNotAllowed() throws Exception {
    FetchPolicy policy =
        FetchPolicy.defaults()
            .withAddresses(AddressRules.defaults().withOnlyHosts(List.of("*.media.example")));
    FileFetcher fetcher = fetcher(policy);

    assertThat(rejected(fetcher.fetch("http://a.media.example:25/x", ANY)).detail())
        .isEqualTo("a.media.example: port 25 is not among the allowed ports [80, 443, 1024-65535]");
    assertThat(rejected(fetcher.fetch("https://media.example.evil/x", ANY)).detail())
        .isEqualTo("media.example.evil is not among the allowed hosts");
  }

  // ---- redirects

  @ParameterizedTest
  @CsvSource({
    "http://10.0.0.1/x, FORBIDDEN_ADDRESS",
    "http://169.254.169.254/latest/meta-data/, FORBIDDEN_ADDRESS",
    "//127.0.0.2/x, FORBIDDEN_ADDRESS",
    "http://[::1]/x, FORBIDDEN_ADDRESS",
    "http://2130706433/, FORBIDDEN_ADDRESS",
    "http://inside.example/, FORBIDDEN_ADDRESS",
    "http://127.0.0.1:22/, FORBIDDEN_ADDRESS",
    "file:///etc/passwd, FORBIDDEN_ADDRESS",
    "FILE:/etc/passwd, FORBIDDEN_ADDRESS",
    "ftp://127.0.0.1/x, FORBIDDEN_ADDRESS",
    "gopher://127.0.0.1:70/x, FORBIDDEN_ADDRESS",
    "jar:http://127.0.0.1!/x, FORBIDDEN_ADDRESS",
    "http://user:pw@127.0.0.1/, UNSUPPORTED_URI",
    "http://, FETCH_FAILED",
    "http:///x, UNSUPPORTED_URI",
    "'http://a|b/', FETCH_FAILED",
    "'', FETCH_FAILED",
  })
  void shouldNotFollowARedirectToWhereItMayNotGo(String location, FetchReason reason)
      throws Exception {
    names.put("inside.example", List.of("192.168.0.1"));
    RawServer server = server((n, request, to) -> to.send(redirect(location)));
    FileFetcher fetcher = fetcher(allowing(FetchPolicy.defaults(), "127.0.0.1"));

    Rejected rejected = rejected(fetcher.fetch(server.url("/?secret=1"), ANY));

    assertThat(rejected.reason()).isEqualTo(reason);
    assertThat(rejected.detail()).doesNotContain("secret").doesNotContain("pw");
    assertThat(server.requests).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "/next?x=%2F, /next?x=%2F",
    "next, /dir/next",
    "../up, /up",
    "?q=2, /dir/video?q=2",
    "'with space', /dir/with%20space",
    "caf\u00e9, /dir/caf%E9",
    "'#fragment', /dir/video",
    "clip[1].mp4?tag=[a]|{b}^`\"<c>, /dir/clip%5B1%5D.mp4?tag=%5Ba%5D%7C%7Bb%7D%5E%60%22%3Cc%3E",
    "'a\\b|c.mp4', /dir/a%5Cb%7Cc.mp4",
    "100%.mp4?rate=5%&x=%2f%zz, /dir/100%25.mp4?rate=5%25&x=%2f%25zz",
  })
  void shouldFollowRelativeRedirects(String location, String expected) throws Exception {
    RawServer server =
        server((n, request, to) -> to.send(n == 0 ? redirect(location) : ok(1) + "x"));

    fetched(fetcher(loopback()).fetch(server.url("/dir/video"), ANY)).close();

    assertThat(server.requests.get(1)).startsWith("GET " + expected + " HTTP/1.1\r\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void shouldCountRedirects(int status) throws Exception {
    RawServer server =
        server((n, request, to) -> to.send(redirect("/" + n).replace("302", "" + status)));

    Rejected rejected = rejected(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(rejected.reason()).isEqualTo(FetchReason.TOO_MANY_REDIRECTS);
    assertThat(server.requests).hasSize(6);
  }

  // ---- status

  @ParameterizedTest
  @CsvSource({
    "204, FETCH_FAILED, 1",
    "206, FETCH_FAILED, 1",
    "304, FETCH_FAILED, 1",
    "400, FETCH_FAILED, 1",
    "401, ACCESS_DENIED, 1",
    "403, ACCESS_DENIED, 1",
    "404, NOT_FOUND, 1",
    "407, ACCESS_DENIED, 1",
    "408, FETCH_FAILED, 3",
    "410, NOT_FOUND, 1",
    "416, FETCH_FAILED, 1",
    "418, FETCH_FAILED, 1",
    "425, FETCH_FAILED, 3",
    "429, FETCH_FAILED, 3",
    "500, FETCH_FAILED, 3",
    "502, FETCH_FAILED, 3",
    "503, FETCH_FAILED, 3",
    "504, FETCH_FAILED, 3",
  })
  void shouldRetryWhatMayPassAndNothingElse(int status, FetchReason reason, int attempts)
      throws Exception {
    RawServer server =
        server(
            (n, request, to) ->
                to.send(
                    "HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));

    Rejected rejected = rejected(fetcher(loopback()).fetch(server.url("/v?token=abc"), ANY));

    assertThat(rejected.reason()).isEqualTo(reason);
    assertThat(rejected.attempts()).isEqualTo(attempts);
    assertThat(server.requests).hasSize(attempts);
    assertThat(rejected.detail()).doesNotContain("abc");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldPauseLongerEachTimeAndSucceedInTheEnd() throws Exception {
    RawServer server = server((n, request, to) -> to.send(n < 2 ? status(503, "") : ok(1) + "x"));

    LocalFile video = fetched(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(video.attempts()).isEqualTo(3);
    assertThat(clock.sleeps).containsExactly(Duration.ofMillis(500), Duration.ofSeconds(1));
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7000",
    "0, 500",
    "999999, 30000",
    "-5, 500",
    "nonsense, 500",
    "'Mon, 01 Jun 2026 12:00:09 GMT', 9000",
    "'Mon, 01 Jun 2020 12:00:09 GMT', 500",
  })
  void shouldObeyRetryAfterWithinBounds(String header, long millis) throws Exception {
    RawServer server =
        server(
            (n, request, to) ->
                to.send(n == 0 ? status(429, "Retry-After: " + header + "\r\n") : ok(1) + "x"));

    fetched(fetcher(loopback()).fetch(server.url("/"), ANY)).close();

    assertThat(clock.sleeps).containsExactly(Duration.ofMillis(millis));
  }

  @Test
  void shouldNotWaitForAnAttemptThatNoTimeIsLeftFor() throws Exception {
    RawServer server = server((n, request, to) -> to.send(status(503, "Retry-After: 20\r\n")));
    FetchPolicy policy =
        loopback().withLimits(limits(1 << 20, Duration.ofSeconds(15), Duration.ofSeconds(5)));

    Rejected rejected = rejected(fetcher(policy).fetch(server.url("/"), ANY));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FETCH_FAILED);
    assertThat(rejected.detail()).endsWith("HTTP 503 (no time is left for another attempt)");
    assertThat(clock.sleeps).isEmpty();
  }

  @Test
  void shouldRetryNamesThatAreNotKnownYet() throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(1) + "x"));
    AtomicInteger lookups = new AtomicInteger();
    HostLookup late =
        host -> {
          if (lookups.getAndIncrement() == 0) {
            throw new UnknownHostException(host);
          }
          return List.of(InetAddress.getByName("127.0.0.1"));
        };

    LocalFile video =
        fetched(
            fetcher(loopback(), late, tlsDefault())
                .fetch("http://late.example:" + server.port() + "/", ANY));

    assertThat(video.attempts()).isEqualTo(2);
    assertThat(rejected(fetcher(loopback()).fetch("http://never.example/", ANY)))
        .isEqualTo(
            new Rejected(
                FetchReason.FETCH_FAILED,
                "http://never.example/: no address is known for never.example (after 3 attempts)",
                3));
  }

  @Test
  void shouldRetryRefusedConnections() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      port = free.getLocalPort();
    }

    Rejected rejected =
        rejected(fetcher(loopback()).fetch("http://127.0.0.1:" + port + "/?sig=1", ANY));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FETCH_FAILED);
    assertThat(rejected.attempts()).isEqualTo(3);
    assertThat(rejected.detail()).contains("refused").doesNotContain("sig=1");
  }

  // ---- bodies

  @Test
  void shouldRejectTooManyBytesBeforeReadingThem() throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(1 << 30)).awaitHangUp());

    Rejected rejected = rejected(fetcher(small()).fetch(server.url("/"), ANY));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FILE_TOO_LARGE);
    assertThat(rejected.detail())
        .endsWith("has 1073741824 bytes; at most 100000 bytes are fetched");
    assertThat(leftovers()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Transfer-Encoding: chunked\r\n"})
  void shouldStopABodyThatNeverEnds(String header) throws Exception {
    String chunk = "x".repeat(4096);
    String piece = header.isEmpty() ? chunk : "1000\r\n" + chunk + "\r\n";
    RawServer server =
        server(
            (n, request, to) -> {
              to.send("HTTP/1.1 200 OK\r\n" + header + "Connection: close\r\n\r\n");
              while (true) {
                to.send(piece);
              }
            });

    Rejected rejected = rejected(fetcher(small()).fetch(server.url("/"), ANY));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FILE_TOO_LARGE);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldAcceptABodyOfExactlyTheMostBytes() throws Exception {
    RawServer server =
        server(
            (n, request, to) ->
                to.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").send(VIDEO, 0, 100_000));

    assertThat(fetched(fetcher(small()).fetch(server.url("/"), ANY)).bytes()).isEqualTo(100_000);
  }

  @Test
  void shouldRetryATruncatedBodyFromTheStart() throws Exception {
    RawServer server =
        server(
            (n, request, to) ->
                to.send(ok(VIDEO.length)).send(VIDEO, 0, n == 0 ? 70_000 : VIDEO.length));

    LocalFile video =
        fetched(fetcher(loopback()).fetch(server.url("/"), Optional.of(sha256(VIDEO))));

    assertThat(video.attempts()).isEqualTo(2);
    assertThat(video.path()).hasBinaryContent(VIDEO);
    assertThat(server.requests).noneMatch(request -> request.contains("Range:"));
  }

  @Test
  void shouldContinueWhereAnUnchangedFileBrokeOff() throws Exception {
    RawServer server =
        server(
            (n, request, to) -> {
              int from = rangeStart(request);
              String head =
                  n == 0
                      ? ok(VIDEO.length)
                      : "HTTP/1.1 206 Partial\r\nContent-Length: "
                          + (VIDEO.length - from)
                          + "\r\nContent-Range: bytes "
                          + from
                          + "-"
                          + (VIDEO.length - 1)
                          + "/"
                          + VIDEO.length
                          + "\r\n\r\n";
              to.send(head.replace("\r\n\r\n", "\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\n\r\n"));
              to.send(VIDEO, from, Math.min(VIDEO.length, (n + 1) * 120_000));
            });

    LocalFile video =
        fetched(fetcher(loopback()).fetch(server.url("/"), Optional.of(sha256(VIDEO))));

    assertThat(video.path()).hasBinaryContent(VIDEO);
    assertThat(video.attempts()).isEqualTo(3);
    assertThat(server.requests.get(1)).contains("Range: bytes=120000-", "If-Range: \"v1\"");
    assertThat(server.requests.get(2)).contains("Range: bytes=240000-");
  }

  @Test
  void shouldStartAgainWhenTheFileChangedMeanwhile() throws Exception {
    byte[] newer = video(250_000);
    RawServer server =
        server(
            (n, request, to) -> {
              byte[] body = n == 0 ? VIDEO : newer;
              to.send(
                  ok(body.length)
                      .replace(
                          "\r\n\r\n", "\r\nETag: \"v" + n + "\"\r\nAccept-Ranges: bytes\r\n\r\n"));
              to.send(body, 0, n == 0 ? 120_000 : body.length);
            });

    LocalFile video = fetched(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(video.path()).hasBinaryContent(newer);
  }

  @Test
  void shouldStartAgainWhenThePartIsOfAnotherVersion() throws Exception {
    byte[] newer = video(VIDEO.length + 1);
    RawServer server =
        server(
            (n, request, to) -> {
              if (n == 0) {
                to.send(
                    ok(VIDEO.length)
                        .replace("\r\n\r\n", "\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\n\r\n"));
                to.send(VIDEO, 0, 1000);
              } else if (n == 1) { // it does not know If-Range
                to.send(
                    "HTTP/1.1 206 Partial\r\nContent-Length: "
                        + (newer.length - 1000)
                        + "\r\nETag: \"v2\"\r\nContent-Range: bytes 1000-"
                        + (newer.length - 1)
                        + "/"
                        + newer.length
                        + "\r\n\r\n");
                to.send(newer, 1000, newer.length);
              } else {
                to.send(
                    ok(newer.length)
                        .replace("\r\n\r\n", "\r\nETag: \"v2\"\r\nAccept-Ranges: bytes\r\n\r\n"));
                to.send(newer, 0, newer.length);
              }
            });

    LocalFile video = fetched(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(video.path()).hasBinaryContent(newer);
    assertThat(server.requests.get(2)).doesNotContain("Range:");
  }

  @Test
  void shouldNotTakeAShorterPartForTheRest() throws Exception {
    RawServer server =
        server(
            (n, request, to) -> {
              int from = rangeStart(request);
              int end = n == 0 ? 100_000 : Math.min(VIDEO.length, from + 150_000);
              String head =
                  n == 0
                      ? ok(VIDEO.length)
                      : "HTTP/1.1 206 Partial\r\nContent-Length: "
                          + (end - from)
                          + "\r\nContent-Range: bytes "
                          + from
                          + "-"
                          + (end - 1)
                          + "/*\r\n\r\n";
              to.send(head.replace("\r\n\r\n", "\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\n\r\n"));
              to.send(VIDEO, from, end);
            });

    LocalFile video = fetched(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(video.path()).hasBinaryContent(VIDEO);
    assertThat(video.attempts()).isEqualTo(3);
  }

  @Test
  void shouldRefuseAContinuationThatIsLongerThanTheFileWas() throws Exception {
    RawServer server =
        server(
            (n, request, to) ->
                to.send(
                    n == 0
                        ? "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: \"v\"\r\n"
                            + "Accept-Ranges: bytes\r\n\r\nhalf"
                        : "HTTP/1.1 206 Partial\r\nContent-Range: bytes 4-9999/10000\r\n"
                            + "Content-Length: 9996\r\n\r\n"
                            + "x".repeat(9996)));

    Rejected rejected = rejected(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(rejected.detail()).endsWith("sends more than it announced");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldGoThroughAProxyOnlyWhenOneIsConfigured() throws Exception {
    RawServer proxy = server((n, request, to) -> to.send(ok(1) + "x"));
    AddressRules rules =
        new AddressRules(
            List.of(),
            List.of(),
            PortRange.parse("80,443,8080"),
            false,
            Optional.of("127.0.0.1:" + proxy.port()));
    FileFetcher fetcher = fetcher(FetchPolicy.defaults().withAddresses(rules));

    fetched(fetcher.fetch("http://videos.example:8080/a//b?x=%2f", ANY)).close();
    Rejected number = rejected(fetcher.fetch("http://10.0.0.1/a", ANY));
    Rejected name = rejected(fetcher.fetch("http://localhost/a", ANY));

    assertThat(proxy.requests).hasSize(1);
    assertThat(proxy.requests.get(0))
        .startsWith("GET http://videos.example:8080/a//b?x=%2f HTTP/1.1\r\n")
        .contains("\r\nHost: videos.example:8080\r\n");
    assertThat(number.reason()).isEqualTo(FetchReason.FORBIDDEN_ADDRESS);
    assertThat(name.reason()).isEqualTo(FetchReason.FORBIDDEN_ADDRESS);
  }

  @Test
  void shouldUseAConnectionAgain() throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    open.add(() -> server.stop(0));
    List<InetSocketAddress> clients = new CopyOnWriteArrayList<>();
    server.createContext(
        "/",
        exchange -> {
          clients.add(exchange.getRemoteAddress());
          exchange.sendResponseHeaders(200, VIDEO.length);
          exchange.getResponseBody().write(VIDEO);
          exchange.close();
        });
    server.start();
    FileFetcher fetcher = fetcher(loopback());

    for (int i = 0; i < 3; i++) {
      String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/" + i;
      fetched(fetcher.fetch(url, Optional.of(sha256(VIDEO)))).close();
    }

    assertThat(clients).hasSize(3);
    assertThat(Set.copyOf(clients)).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"403, ACCESS_DENIED, 1", "407, ACCESS_DENIED, 1", "503, FETCH_FAILED, 3"})
  void shouldTellWhatAProxyAnswersToATunnel(int status, FetchReason reason, int attempts)
      throws Exception {
    RawServer proxy = server((n, request, to) -> to.send(status(status, "Connection: close\r\n")));
    AddressRules rules =
        new AddressRules(
            List.of(),
            List.of(),
            PortRange.parse("443"),
            false,
            Optional.of("127.0.0.1:" + proxy.port()));

    Rejected rejected =
        rejected(
            fetcher(FetchPolicy.defaults().withAddresses(rules))
                .fetch("https://videos.example/a?sig=1", ANY));

    assertThat(rejected.reason()).isEqualTo(reason);
    assertThat(rejected.attempts()).isEqualTo(attempts);
    assertThat(proxy.requests).allMatch(r -> r.startsWith("CONNECT videos.example:443 HTTP/1.1"));
  }

  @Test
  void shouldReachIpv6AddressesAndNameThemInBrackets() throws Exception {
    RawServer server =
        new RawServer(InetAddress.getByName("::1"), (n, r, to) -> to.send(ok(1) + "x"));
    open.add(server);

    fetched(fetcher(loopback()).fetch("http://[::1]:" + server.port() + "/a", ANY)).close();

    assertThat(server.requests.get(0)).contains("\r\nHost: [::1]:" + server.port() + "\r\n");
  }

  @Test
  void shouldWaitForRoomOnDiskWithoutBlamingTheVideo() throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(100_000)).send(VIDEO, 0, 100_000));
    // Room for one video; the total time is short, and waiting for room does not use it.
    FetchLimits limits =
        new FetchLimits(
            100_000,
            100_000,
            8,
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Duration.ofSeconds(20),
            5,
            0);
    FileFetcher fetcher = fetcher(loopback().withLimits(limits));
    LocalFile first = fetched(fetcher.fetch(server.url("/1"), ANY));
    FutureTask<FetchResult> second = new FutureTask<>(() -> fetcher.fetch(server.url("/2"), ANY));
    Thread thread = new Thread(second);
    thread.start();
    while (server.requests.size() < 2) {
      Thread.onSpinWait();
    }

    assertThat(second.isDone()).isFalse();
    first.close();

    assertThat(fetched(second.get(20, TimeUnit.SECONDS)).bytes()).isEqualTo(100_000);
  }

  @Test
  void shouldServeManyThreadsAtOnceAndLeaveNothingBehind() throws Exception {
    RawServer server =
        server((n, request, to) -> to.send(ok(VIDEO.length)).send(VIDEO, 0, VIDEO.length));
    FetchPolicy policy =
        loopback().withLimits(limits(1 << 20, Duration.ofMinutes(1), Duration.ofSeconds(20)));
    FileFetcher fetcher = fetcher(policy);
    Optional<String> digest = Optional.of(sha256(VIDEO));
    List<FutureTask<Long>> tasks = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      FutureTask<Long> task =
          new FutureTask<>(
              () -> {
                try (LocalFile video = fetched(fetcher.fetch(server.url("/"), digest))) {
                  return video.bytes();
                }
              });
      tasks.add(task);
      new Thread(task).start();
    }

    for (FutureTask<Long> task : tasks) {
      assertThat(task.get(50, TimeUnit.SECONDS)).isEqualTo(VIDEO.length);
    }
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldBlameTheDiskNotTheVideoWhenItCannotWrite() throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(1) + "x"));
    FileFetcher fetcher = fetcher(loopback());
    try (Stream<Path> sessions = Files.list(folder.resolve("work"))) {
      for (Path session : sessions.filter(Files::isDirectory).toList()) {
        Files.delete(session.resolve("lock"));
        Files.delete(session);
      }
    }

    assertThatThrownBy(() -> fetcher.fetch(server.url("/"), ANY))
        .isInstanceOf(FetchSystemException.class)
        .hasMessageContaining("cannot write to");
  }

  @Test
  void shouldGiveUpOnAConnectionThatIsResetEveryTime() throws Exception {
    RawServer server =
        server(
            (n, request, to) -> {
              to.send(ok(VIDEO.length)).send(VIDEO, 0, 10_000);
              to.reset();
            });

    Rejected rejected = rejected(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FETCH_FAILED);
    assertThat(rejected.attempts()).isEqualTo(3);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldRejectAnotherDigest() throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(3) + "abc"));

    Rejected rejected =
        rejected(fetcher(loopback()).fetch(server.url("/"), Optional.of("0".repeat(64))));

    assertThat(rejected.reason()).isEqualTo(FetchReason.DIGEST_MISMATCH);
    assertThat(rejected.attempts()).isEqualTo(1);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldRejectABodyThatWasCompressedUnasked() throws Exception {
    RawServer server =
        server(
            (n, request, to) ->
                to.send(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"));

    assertThat(rejected(fetcher(loopback()).fetch(server.url("/"), ANY)).detail())
        .contains("compressed (gzip)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "HTTP/9.9 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "\r\n\r\n\r\n",
        "",
      })
  void shouldRejectWhatIsNotHttp(String answer) throws Exception {
    RawServer server = server((n, request, to) -> to.send(answer));

    Rejected rejected = rejected(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(rejected.reason()).isIn(FetchReason.FETCH_FAILED);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldRejectTenThousandHeaders() throws Exception {
    RawServer server =
        server(
            (n, request, to) -> {
              to.send("HTTP/1.1 200 OK\r\n");
              for (int i = 0; i < 10_000; i++) {
                to.send("X-Header-" + i + ": value\r\n");
              }
              to.send("\r\n");
            });

    Rejected rejected = rejected(fetcher(loopback()).fetch(server.url("/"), ANY));

    assertThat(rejected.detail()).contains("more than 200 headers");
    assertThat(rejected.attempts()).isEqualTo(1);
  }

  @Test
  void shouldRejectAHeaderThatNeverEnds() throws Exception {
    String piece = "x".repeat(1000);
    RawServer server =
        server(
            (n, request, to) -> {
              to.send("HTTP/1.1 200 OK\r\nX-Long: ");
              while (true) {
                to.send(piece);
              }
            });

    assertThat(rejected(fetcher(loopback()).fetch(server.url("/"), ANY)).detail())
        .contains("of more than 16384 bytes");
  }

  // ---- time

  @ParameterizedTest
  @ValueSource(strings = {"head", "body", "interim"})
  void shouldEndAServerThatTricklesWhenTheTimeIsUp(String part) throws Exception {
    RawServer server =
        server(
            (n, request, to) -> {
              String start =
                  switch (part) {
                    case "head" -> "HTTP/1.1 200 OK\r\nX: ";
                    case "body" -> ok(1 << 20);
                    default -> "";
                  };
              to.send(start);
              while (true) {
                to.send(part.equals("interim") ? "HTTP/1.1 103 Early Hints\r\n\r\n" : "x");
                park(Duration.ofMillis(2));
              }
            });
    FetchPolicy policy =
        loopback().withLimits(limits(1 << 20, Duration.ofMillis(300), Duration.ofSeconds(20)));

    Rejected rejected = rejected(fetcher(policy).fetch(server.url("/"), ANY));

    assertThat(rejected)
        .isEqualTo(new Rejected(FetchReason.FETCH_TIMEOUT, "not fetched within 0.3 s", 1));
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldRetryAServerThatFallsSilent() throws Exception {
    RawServer server = server((n, request, to) -> to.send(ok(100)).send("half").awaitHangUp());
    FetchPolicy policy =
        loopback().withLimits(limits(1 << 20, Duration.ofMinutes(1), Duration.ofMillis(100)));

    Rejected rejected = rejected(fetcher(policy).fetch(server.url("/"), ANY));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FETCH_TIMEOUT);
    assertThat(rejected.detail()).endsWith("not a byte came for 0.1 s (after 3 attempts)");
    assertThat(rejected.attempts()).isEqualTo(3);
  }

  @Test
  void shouldEndConnectingToManySilentAddressesWhenTheTimeIsUp() throws Exception {
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        Socket first = new Socket("127.0.0.1", full.getLocalPort());
        Socket second = new Socket("127.0.0.1", full.getLocalPort())) {
      // The queue is full: further connections are neither accepted nor refused.
      assertThat(first.isConnected() && second.isConnected()).isTrue();
      names.put("tarpit.example", java.util.Collections.nCopies(50, "127.0.0.1"));
      FetchPolicy policy =
          loopback().withLimits(limits(1 << 20, Duration.ofMillis(500), Duration.ofSeconds(20)));

      long start = System.nanoTime();
      Rejected rejected =
          rejected(
              fetcher(policy).fetch("http://tarpit.example:" + full.getLocalPort() + "/", ANY));

      assertThat(rejected.reason()).isEqualTo(FetchReason.FETCH_TIMEOUT);
      assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lookup", "head", "body"})
  void shouldEndAtOnceWhenInterrupted(String where) throws Exception {
    CountDownLatch there = new CountDownLatch(1);
    RawServer server =
        server(
            (n, request, to) -> {
              if (where.equals("body")) {
                to.send(ok(100) + "half");
              }
              there.countDown();
              to.awaitHangUp();
            });
    HostLookup lookup =
        host -> {
          if (where.equals("lookup")) {
            there.countDown();
            park(Duration.ofMinutes(1));
          }
          return List.of(InetAddress.getByName("127.0.0.1"));
        };
    FileFetcher fetcher = fetcher(loopback(), lookup, tlsDefault());
    FutureTask<FetchResult> task =
        new FutureTask<>(() -> fetcher.fetch("http://a.example:" + server.port() + "/", ANY));
    Thread thread = new Thread(task);
    thread.start();
    there.await();

    thread.interrupt();

    assertThatThrownBy(() -> task.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void shouldBlameItselfNotTheVideoWhenClosedMidway() throws Exception {
    CountDownLatch there = new CountDownLatch(1);
    RawServer server =
        server(
            (n, request, to) -> {
              to.send(ok(100) + "half");
              there.countDown();
              to.awaitHangUp();
            });
    FileFetcher fetcher = fetcher(loopback());
    FutureTask<FetchResult> task = new FutureTask<>(() -> fetcher.fetch(server.url("/"), ANY));
    new Thread(task).start();
    there.await();

    fetcher.close();

    assertThatThrownBy(() -> task.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(FetchSystemException.class);
    assertThatThrownBy(() -> fetcher.fetch(server.url("/"), ANY))
        .isInstanceOf(FetchSystemException.class);
  }

  // ---- helpers

  private RawServer server(RawServer.Script script) throws IOException {
    RawServer server = new RawServer(script);
    open.add(server);
    return server;
  }

  private FileFetcher fetcher(FetchPolicy policy) {
    return fetcher(policy, this::known, tlsDefault());
  }

  private FileFetcher fetcher(FetchPolicy policy, HostLookup lookup, SSLContext tls) {
    FileFetcher fetcher =
        new FileFetcher(policy, folder.resolve("work"), lookup, clock, () -> 0, tls, Disk.SYSTEM);
    open.add(fetcher);
    return fetcher;
  }

  private List<InetAddress> known(String host) throws UnknownHostException {
    if (!names.containsKey(host)) {
      throw new UnknownHostException(host);
    }
    return names.get(host).stream().map(text -> Network.address(text).orElseThrow()).toList();
  }

  private static FetchPolicy loopback() {
    return allowing(FetchPolicy.defaults(), "127.0.0.0/8", "::1");
  }

  private static FetchPolicy small() {
    return loopback().withLimits(limits(100_000, Duration.ofMinutes(1), Duration.ofSeconds(20)));
  }

  private static FetchPolicy allowing(FetchPolicy policy, String... networks) {
    return policy.withAddresses(policy.addresses().withAllowPrivate(List.of(networks)));
  }

  private static FetchLimits limits(long maxBytes, Duration total, Duration silence) {
    return new FetchLimits(maxBytes, 8 << 20, 8, total, Duration.ofSeconds(5), silence, 5, 0);
  }

  private static SSLContext tlsDefault() {
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private List<Path> leftovers() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("work"))) {
      return files.filter(file -> file.getFileName().toString().startsWith("video-")).toList();
    }
  }

  private static LocalFile fetched(FetchResult result) {
    assertThat(result).isInstanceOf(Fetched.class);
    return ((Fetched) result).file();
  }

  private static Rejected rejected(FetchResult result) {
    assertThat(result).isInstanceOf(Rejected.class);
    return (Rejected) result;
  }

  private static String ok(int length) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n";
  }

  private static String status(int status, String headers) {
    return "HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\n" + headers + "\r\n";
  }

  private static String redirect(String location) {
    return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + "\r\n\r\n";
  }

  private static int rangeStart(String request) {
    int at = request.indexOf("Range: bytes=");
    return at < 0
        ? 0
        : Integer.parseInt(
            request.substring(at + "Range: bytes=".length(), request.indexOf('-', at)));
  }

  private static String sha256(byte[] bytes) {
    return Sha256.of(bytes);
  }

  private static byte[] video(int bytes) {
    byte[] video = new byte[bytes];
    new Random(bytes).nextBytes(video);
    return video;
  }

  /** Pace of a slow server; no test's outcome depends on it. */
  private static void park(Duration time) {
    java.util.concurrent.locks.LockSupport.parkNanos(time.toNanos());
  }
}
