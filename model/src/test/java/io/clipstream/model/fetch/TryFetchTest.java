package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.fetch.FetchResult.Rejected;
import io.clipstream.model.fetch.FetchResult.Unavailable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a failed fetch is blamed on. */
@Timeout(300)
class TryFetchTest {
  private static final Optional<String> ANY = Optional.empty();

  @TempDir Path folder;
  private final TestClock clock = new TestClock();
  private final List<AutoCloseable> open = new ArrayList<>();
  private Path root;

  @BeforeEach
  void makeRoot() throws Exception {
    root = Files.createDirectory(folder.toRealPath().resolve("videos"));
    Files.writeString(root.resolve("a.mp4"), "abc");
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "400, '', FILE, 1",
    "401, '', FILE, 1",
    "403, '', FILE, 1",
    "404, '', FILE, 1",
    "410, '', FILE, 1",
    "407, '', ORIGIN, 1",
    "408, '', EITHER, 3",
    "429, '', ORIGIN, 1",
    "429, 'Retry-After: 3600', ORIGIN, 1",
    "500, '', EITHER, 3",
    "502, '', EITHER, 3",
    "503, '', EITHER, 3",
    "503, 'Retry-After: 3600', ORIGIN, 1",
    "504, '', EITHER, 3"
  })
  void shouldTellByTheStatusWhoIsToBlame(int status, String header, Fault fault, int attempts)
      throws Exception {
    RawServer server =
        server(
            (n, request, to) ->
                to.send(
                    "HTTP/1.1 "
                        + status
                        + " X\r\n"
                        + header
                        + (header.isEmpty() ? "" : "\r\n")
                        + "Content-Length: 0\r\n\r\n"));

    FetchResult result =
        fetcher(loopback()).tryFetch(server.url("/a?sig=1"), ANY, FetchProgress.NONE);

    assertThat(server.requests).hasSize(attempts);
    if (fault == Fault.FILE) {
      assertThat(result).isInstanceOf(Rejected.class);
    } else {
      Unavailable failed = unavailable(result);
      assertThat(failed.fault()).isEqualTo(fault);
      assertThat(failed.attempts()).isEqualTo(attempts);
      assertThat(failed.problem()).isEqualTo("answers HTTP " + status);
      assertThat(failed.detail()).isEqualTo(server.url("/a?*** answers HTTP " + status));
      assertThat(failed.retryAfter())
          .isEqualTo(header.isEmpty() ? Optional.empty() : Optional.of(Duration.ofHours(1)));
    }
  }

  @Test
  void shouldBlameTheHostForARefusedConnection() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    FileFetcher fetcher = fetcher(loopback());
    String url = "http://127.0.0.1:" + port + "/";

    Unavailable failed = unavailable(fetcher.tryFetch(url, ANY, FetchProgress.NONE));

    assertThat(failed.fault()).isEqualTo(Fault.ORIGIN);
    assertThat(clock.sleeps).as("nobody sleeps on the caller's thread").isEmpty();
    assertThat(fetcher.answers(url)).isFalse();
    assertThat(fetcher.origin(url))
        .isEqualTo(new Origin(Origin.Kind.HOST, "http://127.0.0.1:" + port));
  }

  @Test
  void shouldTryASilentServerOnce() throws Exception {
    RawServer server = server((n, request, to) -> to.awaitHangUp());

    Unavailable failed =
        unavailable(
            fetcher(silence(Duration.ofMillis(200), 0))
                .tryFetch(server.url("/"), ANY, FetchProgress.NONE));

    assertThat(failed.fault()).isEqualTo(Fault.EITHER);
    assertThat(failed.reason()).isEqualTo(FetchReason.FETCH_TIMEOUT);
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void shouldEndABodyThatDrips() throws Exception {
    RawServer server =
        server(
            (n, request, to) -> {
              to.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
              for (int i = 0; i < 1_000_000; i++) {
                to.send("x");
                java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
              }
            });

    Unavailable failed =
        unavailable(
            fetcher(silence(Duration.ofMillis(500), 10_000))
                .tryFetch(server.url("/"), ANY, FetchProgress.NONE));

    assertThat(failed.fault()).isEqualTo(Fault.EITHER);
    assertThat(failed.reason()).isEqualTo(FetchReason.FETCH_TIMEOUT);
    assertThat(failed.detail()).contains("expected at least 9.77 KiB a second");
  }

  @Test
  void shouldAskAServersRootWhetherItAnswers() throws Exception {
    RawServer broken = answering("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
    RawServer none = answering("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n");
    FileFetcher fetcher = fetcher(loopback());

    assertThat(fetcher.answers(broken.url("/a"))).isFalse();
    assertThat(fetcher.answers(none.url("/a"))).isTrue();
    assertThat(none.requests.get(0)).startsWith("HEAD / HTTP/1.1\r\n");
  }

  /** The system's text for EAI_AGAIN, then what Java says while it remembers the failure. */
  @Test
  void shouldBlameTheHostWhileNameLookupIsDown() throws Exception {
    List<String> texts =
        new ArrayList<>(List.of("x.example: Temporary failure in name resolution"));
    FileFetcher fetcher =
        fetcher(
            loopback(),
            host -> {
              throw new UnknownHostException(texts.isEmpty() ? host : texts.remove(0));
            });

    assertThat(unavailable(fetcher.tryFetch("http://x.example/", ANY, FetchProgress.NONE)).fault())
        .isEqualTo(Fault.ORIGIN);
    assertThat(unavailable(fetcher.tryFetch("http://x.example/", ANY, FetchProgress.NONE)).detail())
        .contains("name lookup does not work");
  }

  @Test
  void shouldRejectANameThatDoesNotExistWhileOthersDo() throws Exception {
    AtomicBoolean down = new AtomicBoolean();
    RawServer server = answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    FileFetcher fetcher =
        fetcher(
            loopback(),
            host -> {
              if (down.get() || !host.equals("good.example")) {
                throw new UnknownHostException(host + ": Name or service not known");
              }
              return List.of(InetAddress.getLoopbackAddress());
            });
    String good = "http://good.example:" + server.port() + "/";

    assertThat(fetcher.tryFetch(good, ANY, FetchProgress.NONE))
        .isInstanceOf(FetchResult.Fetched.class);
    for (String typo : List.of("a", "b", "c", "d")) {
      assertThat(fetcher.tryFetch("http://" + typo + ".example/", ANY, FetchProgress.NONE))
          .isInstanceOf(Rejected.class);
      assertThat(fetcher.tryFetch(good, ANY, FetchProgress.NONE))
          .isInstanceOf(FetchResult.Fetched.class);
    }
    down.set(true);
    try (FileFetcher another =
        fetcher(
            loopback(),
            host -> {
              throw new UnknownHostException(host);
            })) {
      assertThat(another.tryFetch("http://a.example/", ANY, FetchProgress.NONE))
          .isInstanceOf(Rejected.class);
      assertThat(another.tryFetch("http://b.example/", ANY, FetchProgress.NONE))
          .isInstanceOf(Rejected.class);
      assertThat(another.tryFetch("http://c.example/", ANY, FetchProgress.NONE))
          .as("many names in a row")
          .isInstanceOf(Unavailable.class);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldAskForANameThatAlwaysExists(boolean lookupWorks) throws Exception {
    FetchPolicy policy =
        loopback().withProbes(new Probes(Optional.empty(), Optional.of("always.example")));
    FileFetcher fetcher =
        fetcher(
            policy,
            host -> {
              if (lookupWorks && host.equals("always.example")) {
                return List.of(InetAddress.getByName("192.0.2.1"));
              }
              throw new UnknownHostException(host);
            });

    assertThat(fetcher.tryFetch("http://a.example/", ANY, FetchProgress.NONE))
        .isInstanceOf(lookupWorks ? Rejected.class : Unavailable.class);
  }

  @Test
  void shouldRejectAMissingFileOfARootThatIsThere() throws Exception {
    FileFetcher fetcher = fetcher(loopback());

    assertThat(fetcher.tryFetch(uri("none.mp4"), ANY, FetchProgress.NONE))
        .isEqualTo(
            new Rejected(FetchReason.NOT_FOUND, root.resolve("none.mp4") + " does not exist", 1));
    assertThat(fetcher.origin(uri("none.mp4")).toString()).isEqualTo("root " + root);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldBlameTheRootWhoseMountIsGone(boolean emptyFolderIsLeft) throws Exception {
    FileFetcher fetcher = fetcher(loopback());
    Path mounted = folder.resolve("mounted");
    Files.move(root, mounted);
    if (emptyFolderIsLeft) {
      Files.createDirectory(root);
    }

    Unavailable failed = unavailable(fetcher.tryFetch(uri("a.mp4"), ANY, FetchProgress.NONE));

    assertThat(failed.fault()).isEqualTo(Fault.ORIGIN);
    assertThat(failed.problem())
        .isEqualTo(
            "file root "
                + root
                + (emptyFolderIsLeft
                    ? " is another folder than before: is a mount missing?"
                    : " cannot be reached: no such file or folder"));
    assertThat(fetcher.answers(uri("a.mp4"))).isFalse();
    Files.deleteIfExists(root);
    Files.move(mounted, root);
    assertThat(fetcher.answers(uri("a.mp4"))).isTrue();
    assertThat(fetcher.tryFetch(uri("a.mp4"), ANY, FetchProgress.NONE))
        .isInstanceOf(FetchResult.Fetched.class);
  }

  /** A mount that comes back has another device, and a link may lead elsewhere by intention. */
  @Test
  void shouldTakeAnotherFolderForTheRootOnceAFileOfItWasRead() throws Exception {
    FileFetcher fetcher = fetcher(loopback());
    Files.move(root, folder.resolve("old"));
    Files.createDirectory(root);
    Files.writeString(root.resolve("b.mp4"), "abc");

    assertThat(fetcher.tryFetch(uri("none.mp4"), ANY, FetchProgress.NONE))
        .isInstanceOf(Unavailable.class);
    assertThat(fetcher.tryFetch(uri("b.mp4"), ANY, FetchProgress.NONE))
        .isInstanceOf(FetchResult.Fetched.class);
    assertThat(fetcher.tryFetch(uri("none.mp4"), ANY, FetchProgress.NONE))
        .isInstanceOf(Rejected.class);
  }

  @Test
  void shouldKnowARootByItsMarker() throws Exception {
    Files.createFile(root.resolve(".videos"));
    FileFetcher fetcher =
        fetcher(loopback().withProbes(new Probes(Optional.of(".videos"), Optional.empty())));

    assertThat(fetcher.tryFetch(uri("none.mp4"), ANY, FetchProgress.NONE))
        .isInstanceOf(Rejected.class);
    Files.delete(root.resolve(".videos"));
    assertThat(unavailable(fetcher.tryFetch(uri("none.mp4"), ANY, FetchProgress.NONE)).problem())
        .endsWith("lacks its marker .videos");
  }

  @Test
  void shouldServeOtherRootsWhileOneIsGone() throws Exception {
    Path other = Files.createDirectory(folder.toRealPath().resolve("other"));
    Files.writeString(other.resolve("b.mp4"), "abc");
    FileFetcher fetcher = fetcher(loopback().withFileRoots(List.of(root, other)));
    Files.move(root, folder.resolve("gone"));

    assertThat(fetcher.tryFetch("file://" + other + "/b.mp4", ANY, FetchProgress.NONE))
        .isInstanceOf(FetchResult.Fetched.class);
    assertThat(fetcher.tryFetch(uri("a.mp4"), ANY, FetchProgress.NONE))
        .isInstanceOf(Unavailable.class);
  }

  @Test
  void shouldBlameItselfWithoutFileDescriptors() throws Exception {
    RawServer server = answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    Disk full =
        new Disk() {
          @Override
          public FileChannel create(Path file) throws IOException {
            throw new FileSystemException(file.toString(), null, "Too many open files");
          }

          @Override
          public long free(Path at) {
            return 1 << 30;
          }
        };

    Unavailable failed =
        unavailable(
            fetcher(loopback(), HostLookup.SYSTEM, full)
                .tryFetch(server.url("/"), ANY, FetchProgress.NONE));

    assertThat(failed.fault()).isEqualTo(Fault.INSTANCE);
    assertThat(OutOfFiles.isCauseOf(new IOException(new SocketException("Too many open files"))))
        .isTrue();
  }

  @Test
  void shouldNotKnowAnOriginOfWhatIsRefused() throws Exception {
    FileFetcher fetcher = fetcher(loopback());

    assertThat(fetcher.origin("s3://bucket/a")).isEqualTo(Origin.NONE);
    assertThat(fetcher.origin("file:///etc/passwd")).isEqualTo(Origin.NONE);
    assertThat(fetcher.origin("HTTPS://Media.Example./a").name())
        .isEqualTo("https://media.example:443");
    assertThat(fetcher.origin("http://[::1]:81/").name()).isEqualTo("http://[::1]:81");
  }

  private String uri(String name) {
    return "file://" + root + "/" + name;
  }

  private FetchPolicy loopback() {
    FetchPolicy policy = FetchPolicy.defaults().withFileRoots(List.of(root));
    return policy.withAddresses(
        policy.addresses().withAllowPrivate(List.of("127.0.0.0/8", "::1", "192.0.2.0/24")));
  }

  private FetchPolicy silence(Duration silence, long minRate) {
    return loopback()
        .withLimits(
            new FetchLimits(
                2_000_000,
                4_000_000,
                4,
                Duration.ofMinutes(1),
                Duration.ofSeconds(10),
                silence,
                5,
                minRate));
  }

  private FileFetcher fetcher(FetchPolicy policy) throws Exception {
    return fetcher(policy, HostLookup.SYSTEM);
  }

  private FileFetcher fetcher(FetchPolicy policy, HostLookup lookup) throws Exception {
    return fetcher(policy, lookup, Disk.SYSTEM);
  }

  private FileFetcher fetcher(FetchPolicy policy, HostLookup lookup, Disk disk) throws Exception {
    FileFetcher fetcher =
        new FileFetcher(
            policy, folder.resolve("work"), lookup, clock, () -> 0, SSLContext.getDefault(), disk);
    open.add(fetcher);
    return fetcher;
  }

  private RawServer answering(String text) throws IOException {
    return server((n, request, to) -> to.send(text));
  }

  private RawServer server(RawServer.Script script) throws IOException {
    RawServer server = new RawServer(script);
    open.add(server);
    return server;
  }

  private static Unavailable unavailable(FetchResult result) {
    assertThat(result).isInstanceOf(Unavailable.class);
    return (Unavailable) result;
  }
}
