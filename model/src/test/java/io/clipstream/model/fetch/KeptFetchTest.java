package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.model.fetch.FetchResult.Fetched;
import io.clipstream.model.fetch.FetchResult.Rejected;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link FileFetcher#keep}: downloads that stay and are continued. */
@Timeout(300)
class KeptFetchTest {
  private static final byte[] MODEL = bytes(1, 300_000);
  private static final ExpectedDigest DIGEST = new ExpectedDigest(Sha256.of(MODEL));
  private static final Optional<ExpectedDigest> ANY = Optional.empty();

  @TempDir Path folder;

  private final TestClock clock = new TestClock();
  private final List<Long> progress = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : open) {
      resource.close();
    }
  }

  @Test
  void shouldKeepTheFileAndNotFetchItAgainWhileItHasItsDigest() throws Exception {
    RawServer server = server(MODEL, "\"v1\"", Integer.MAX_VALUE);

    try (LocalFile file = fetched(keep(server, Optional.of(DIGEST)))) {
      assertThat(file.path()).isEqualTo(target().toRealPath());
      assertThat(file.bytes()).isEqualTo(MODEL.length);
    }

    assertThat(target()).hasBinaryContent(MODEL);
    assertThat(fetched(keep(server, Optional.of(DIGEST))).path()).hasBinaryContent(MODEL);
    assertThat(server.requests).hasSize(1);
    assertThat(progress).isSorted().startsWith(0L).endsWith((long) MODEL.length);
    assertThat(besides()).containsExactly("model.pt.lock");
  }

  @Test
  void shouldReplaceAFileThatHasAnotherDigest() throws Exception {
    Files.createDirectories(target().getParent());
    Files.write(target(), bytes(2, 100));

    fetched(keep(server(MODEL, "\"v1\"", Integer.MAX_VALUE), Optional.of(DIGEST)));

    assertThat(target()).hasBinaryContent(MODEL);
  }

  @Test
  void shouldCountAttemptsOnlyWhileNothingNewArrives() throws Exception {
    RawServer server = server(MODEL, "\"v1\"", 50_000); // six pieces, three attempts allowed

    LocalFile file = fetched(keep(server, Optional.of(DIGEST)));

    assertThat(file.attempts()).isEqualTo(6);
    assertThat(file.path()).hasBinaryContent(MODEL);
    assertThat(server.requests.get(5)).contains("Range: bytes=250000-", "If-Range: \"v1\"");
  }

  @ParameterizedTest
  @CsvSource({"true, 6", "false, 3"})
  void shouldGiveUpWhereNothingNewArrives(boolean someFirst, int requests) throws Exception {
    RawServer server =
        server(
            (n, request, to) -> {
              if (someFirst && n < 3) {
                answer(MODEL, "\"v1\"", 50_000, request, to);
              }
            });

    Rejected rejected = (Rejected) keep(server, Optional.of(DIGEST));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FETCH_FAILED);
    // Of the three that brought something, the last is the first that is counted.
    assertThat(server.requests).hasSize(someFirst ? requests - 1 : requests);
    assertThat(Files.exists(target())).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldContinueWhatAnInterruptedFetcherBegan(boolean withDigest) throws Exception {
    RawServer server = server(MODEL, "\"v1\"", Integer.MAX_VALUE);
    Optional<ExpectedDigest> digest = withDigest ? Optional.of(DIGEST) : ANY;
    interruptAfter(100_000, server, digest);
    long begun = Files.size(part());

    fetched(keep(server, digest));

    assertThat(begun).isBetween(100_000L, MODEL.length - 1L);
    assertThat(target()).hasBinaryContent(MODEL);
    assertThat(server.requests.get(1)).contains("Range: bytes=" + begun + "-");
    assertThat(progress.get(0)).isEqualTo(begun);
  }

  @ParameterizedTest
  @CsvSource({
    "'Mon, 01 Jun 2026 11:00:00 GMT', true", // an hour before the answer's Date
    "'Mon, 01 Jun 2026 12:00:00 GMT', false" // may change again within this second
  })
  void shouldContinueByTheTimeOfChangeOnlyWhereItIsSure(String modified, boolean continued)
      throws Exception {
    String dates = "Date: Mon, 01 Jun 2026 12:00:00 GMT\r\nLast-Modified: " + modified + "\r\n";
    RawServer server =
        server(
            (n, request, to) -> {
              int from = continued ? rangeStart(request) : 0;
              to.send(head(from, MODEL.length).replace("\r\n\r\n", "\r\n" + dates + "\r\n"));
              to.send(MODEL, from, n == 0 ? 100_000 : MODEL.length);
            });

    fetched(keep(server, Optional.of(DIGEST)));

    assertThat(target()).hasBinaryContent(MODEL);
    if (continued) {
      assertThat(server.requests.get(1)).contains("If-Range: " + modified);
    } else {
      assertThat(server.requests.get(1)).doesNotContain("Range");
    }
  }

  @Test
  void shouldStartAnewWhereTheFileChangedMeanwhile() throws Exception {
    byte[] newer = bytes(2, 250_000);
    interruptAfter(100_000, server(MODEL, "\"v1\"", Integer.MAX_VALUE), ANY);
    RawServer server = server(newer, "\"v2\"", Integer.MAX_VALUE);
    // As an earlier process left it, for the address that is asked now.
    List<String> version = Files.readAllLines(versionFile());
    Files.write(versionFile(), List.of(Sha256.of(server.url("/m.pt")), version.get(1)));

    fetched(keep(server, ANY));

    assertThat(server.requests.get(0)).contains("If-Range: \"v1\"");
    assertThat(target()).hasBinaryContent(newer);
  }

  @Test
  void shouldNotContinueWhatCameFromAnotherAddress() throws Exception {
    interruptAfter(100_000, server(MODEL, "\"v1\"", Integer.MAX_VALUE), ANY);
    RawServer mirror = server(MODEL, "\"v1\"", Integer.MAX_VALUE);

    fetched(keep(mirror, Optional.of(DIGEST)));

    assertThat(mirror.requests.get(0)).doesNotContain("Range:");
    assertThat(target()).hasBinaryContent(MODEL);
  }

  @Test
  void shouldTakeAWholePartForTheFile() throws Exception {
    RawServer server =
        server(
            (n, request, to) ->
                to.send(
                    "HTTP/1.1 416 X\r\nContent-Range: bytes */300000\r\nContent-Length: 0\r\n\r\n"));
    leavePart(MODEL, server);

    fetched(keep(server, Optional.of(DIGEST)));

    assertThat(target()).hasBinaryContent(MODEL);
    assertThat(besides()).containsExactly("model.pt.lock");
  }

  @Test
  void shouldStartAnewWhereThePartIsMoreThanTheServerHas() throws Exception {
    RawServer server =
        server(
            (n, request, to) -> {
              if (request.contains("Range:")) {
                to.send("HTTP/1.1 416 X\r\nContent-Range: bytes */300000\r\n\r\n");
              } else {
                answer(MODEL, "\"v1\"", Integer.MAX_VALUE, request, to);
              }
            });
    leavePart(bytes(3, 400_000), server);

    fetched(keep(server, Optional.of(DIGEST)));

    assertThat(target()).hasBinaryContent(MODEL);
  }

  @Test
  void shouldRefuseAnotherDigestAndKeepNothingOfIt() throws Exception {
    byte[] other = bytes(2, 250_000);
    RawServer server = server(other, "\"v1\"", 100_000);

    Rejected rejected = (Rejected) keep(server, Optional.of(new ExpectedDigest("0123ABCD")));

    assertThat(rejected.reason()).isEqualTo(FetchReason.DIGEST_MISMATCH);
    assertThat(rejected.detail())
        .isEqualTo(
            "its SHA-256 is " + Sha256.of(other) + ", expected one that begins with 0123abcd");
    assertThat(besides()).containsExactly("model.pt.lock");
  }

  @Test
  void shouldRefuseALargerFileAlsoWhenItIsContinued() throws Exception {
    RawServer server = server(MODEL, "\"v1\"", Integer.MAX_VALUE);
    leavePart(bytes(1, 1000), server);
    FetchLimits small =
        new FetchLimits(
            200_000,
            8 << 20,
            8,
            Duration.ofMinutes(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            5,
            0);
    FileFetcher fetcher = fetcher(policy().withLimits(small));

    Rejected rejected =
        (Rejected) fetcher.keep(server.url("/m.pt"), target(), ANY, FetchProgress.NONE);

    assertThat(server.requests.get(0)).contains("Range: bytes=1000-");
    assertThat(rejected.reason()).isEqualTo(FetchReason.FILE_TOO_LARGE);
  }

  @Test
  void shouldDownloadOnceForManyThatKeepTheSameFile() throws Exception {
    RawServer server = server(MODEL, "\"v1\"", Integer.MAX_VALUE);
    FileFetcher fetcher = fetcher(policy(), FetchClock.SYSTEM);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    open.add(threads::shutdownNow);

    List<Future<FetchResult>> results = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      results.add(
          threads.submit(
              () ->
                  fetcher.keep(
                      server.url("/m.pt"), target(), Optional.of(DIGEST), FetchProgress.NONE)));
    }

    for (Future<FetchResult> result : results) {
      assertThat(fetched(result.get()).path()).hasBinaryContent(MODEL);
    }
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void shouldWaitForAnotherOwnerNoLongerThanTheTimeAllows() throws Exception {
    RawServer server = server(MODEL, "\"v1\"", Integer.MAX_VALUE);
    Files.createDirectories(target().getParent());
    KeptDownload other =
        KeptDownload.open(
            target(),
            "another",
            true,
            FetchProgress.NONE,
            clock,
            new Deadline(clock, Duration.ofMinutes(1)));
    open.add(other);

    Rejected rejected = (Rejected) keep(server, Optional.of(DIGEST));

    assertThat(rejected.reason()).isEqualTo(FetchReason.FETCH_TIMEOUT);
    assertThat(server.requests).isEmpty();
    try (FileChannel lock =
        FileChannel.open(target().resolveSibling("model.pt.lock"), StandardOpenOption.WRITE)) {
      assertThatThrownBy(
              () -> {
                try (FileLock free = lock.tryLock()) {
                  assertThat(free).as("the other's lock").isNull();
                }
              })
          .isInstanceOf(java.nio.channels.OverlappingFileLockException.class);
    }
  }

  @Test
  void shouldUseALocalFileWhereItLies() throws Exception {
    Path original = Files.write(folder.resolve("original.pt"), MODEL);
    FileFetcher fetcher = fetcher(policy().withFileRoots(List.of(folder.toRealPath())));

    LocalFile file =
        fetched(
            fetcher.keep(
                original.toRealPath().toUri().toString(),
                target(),
                Optional.of(DIGEST),
                FetchProgress.NONE));

    assertThat(file.path()).isEqualTo(original.toRealPath());
    assertThat(Files.exists(target())).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1234567", "0123456g", "0x12345678"})
  void shouldRefuseWhatIsNoDigest(String digits) {
    assertThatThrownBy(() -> new ExpectedDigest(digits))
        .isInstanceOf(UserError.class)
        .hasMessage("SHA-256 is '" + digits + "', expected its first 8 to 64 hexadecimal digits");
  }

  private FetchResult keep(RawServer server, Optional<ExpectedDigest> digest) throws Exception {
    return fetcher(policy())
        .keep(server.url("/m.pt"), target(), digest, (bytes, total) -> progress.add(bytes));
  }

  /** The thread of a fetcher is interrupted once so many bytes are there. */
  private void interruptAfter(long bytes, RawServer server, Optional<ExpectedDigest> digest) {
    assertThatThrownBy(
            () ->
                fetcher(policy())
                    .keep(
                        server.url("/m.pt"),
                        target(),
                        digest,
                        (there, total) -> {
                          if (there >= bytes) {
                            Thread.currentThread().interrupt();
                          }
                        }))
        .isInstanceOf(InterruptedException.class);
  }

  private void leavePart(byte[] content, RawServer server) throws IOException {
    Files.createDirectories(part().getParent());
    Files.write(part(), content);
    Files.write(versionFile(), List.of(Sha256.of(server.url("/m.pt")), "\"v1\""));
  }

  private Path target() {
    return folder.resolve("models").resolve("model.pt");
  }

  private Path part() {
    return target().resolveSibling("model.pt.part");
  }

  private Path versionFile() {
    return target().resolveSibling("model.pt.part.version");
  }

  /** What lies in the folder beside the file. */
  private List<String> besides() throws IOException {
    try (Stream<Path> files = Files.list(target().getParent())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.equals("model.pt"))
          .toList();
    }
  }

  private RawServer server(RawServer.Script script) throws IOException {
    RawServer server = new RawServer(script);
    open.add(server);
    return server;
  }

  /** Serves the content with this entity tag, and breaks off after so many bytes of each answer. */
  private RawServer server(byte[] content, String tag, int pieces) throws IOException {
    return server((n, request, to) -> answer(content, tag, pieces, request, to));
  }

  private static void answer(
      byte[] content, String tag, int piece, String request, RawServer.Exchange to)
      throws IOException {
    int from = request.contains("If-Range: " + tag) ? rangeStart(request) : 0;
    to.send(head(from, content.length).replace("\r\n\r\n", "\r\nETag: " + tag + "\r\n\r\n"));
    to.send(content, from, (int) Math.min(content.length, (long) from + piece));
  }

  private static String head(int from, int length) {
    return from == 0
        ? "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n"
        : ("HTTP/1.1 206 Partial\r\nContent-Length: %d\r\nContent-Range: bytes %d-%d/%d\r\n\r\n")
            .formatted(length - from, from, length - 1, length);
  }

  private static int rangeStart(String request) {
    int at = request.indexOf("Range: bytes=");
    return at < 0
        ? 0
        : Integer.parseInt(
            request.substring(at + "Range: bytes=".length(), request.indexOf('-', at)));
  }

  private FileFetcher fetcher(FetchPolicy policy) throws Exception {
    return fetcher(policy, clock);
  }

  private FileFetcher fetcher(FetchPolicy policy, FetchClock time) throws Exception {
    FileFetcher fetcher =
        new FileFetcher(
            policy,
            folder.resolve("work"),
            host -> List.of(InetAddress.getByName(host)),
            time,
            () -> 0,
            SSLContext.getDefault(),
            Disk.SYSTEM);
    open.add(fetcher);
    return fetcher;
  }

  private static FetchPolicy policy() {
    return FetchPolicy.defaults()
        .withAddresses(AddressRules.defaults().withAllowPrivate(List.of("127.0.0.1")));
  }

  private static LocalFile fetched(FetchResult result) {
    assertThat(result).isInstanceOf(Fetched.class);
    return ((Fetched) result).file();
  }

  private static byte[] bytes(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
