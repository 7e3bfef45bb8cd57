package io.clipstream.model.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.clipstream.model.Sha256;
import io.clipstream.model.fetch.FetchResult.Fetched;
import io.clipstream.model.fetch.FetchResult.Rejected;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(300)
class FileFetchTest {
  private static final Optional<String> ANY = Optional.empty();

  @TempDir Path folder;
  private Path root;
  private FileFetcher fetcher;

  @BeforeEach
  void makeFiles() throws Exception {
    root = Files.createDirectory(folder.toRealPath().resolve("videos"));
    Files.writeString(root.resolve("a.mp4"), "abc");
    Files.writeString(root.resolve("with space é?.mp4"), "abc");
    Files.createDirectory(root.resolve("sub"));
    Files.writeString(root.resolve("sub/b.mp4"), "abcd");
    Files.writeString(folder.resolve("secret.mp4"), "secret");
    Files.createDirectory(folder.resolve("videos-private"));
    Files.writeString(folder.resolve("videos-private/c.mp4"), "secret");
    fetcher = fetcher(root);
  }

  @AfterEach
  void close() {
    fetcher.close();
  }

  @Test
  void shouldHandOutTheFileItselfAndLeaveItAlone() throws Exception {
    LocalFile video = fetched(uri("a.mp4"), ANY);

    assertThat(video.path()).isEqualTo(root.resolve("a.mp4"));
    assertThat(video.bytes()).isEqualTo(3);
    assertThat(video.attempts()).isEqualTo(1);
    video.close();
    assertThat(root.resolve("a.mp4")).hasContent("abc");
  }

  @ParameterizedTest
  @CsvSource({
    "file://ROOT/a.mp4",
    "file:ROOT/a.mp4",
    "FILE://localhost/ROOT/a.mp4",
    "file://ROOT/sub/../a.mp4",
    "file://ROOT/./sub/%2e%2e/a.mp4",
    "file://ROOT/%61.mp4",
    "file://ROOT/with%20space%20%C3%A9%3F.mp4",
  })
  void shouldReadEverySpellingOfAFileUnderARoot(String uri) throws Exception {
    assumeTrue(
        "UTF-8".equals(System.getProperty("sun.jnu.encoding")) || !uri.contains("%C3"),
        "file names are not UTF-8 here: run with LC_ALL=C.UTF-8");
    assertThat(fetched(uri.replace("ROOT", root.toString()), ANY).bytes()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({
    "file:///etc/passwd, FORBIDDEN_PATH, is not in a folder configured for files",
    "file:///no/such/file, FORBIDDEN_PATH, is not in a folder configured for files",
    "file://ROOT/../secret.mp4, FORBIDDEN_PATH, is not in a folder configured for files",
    "file://ROOT/%2e%2e/secret.mp4, FORBIDDEN_PATH, is not in a folder configured for files",
    "file://ROOT/..%2fsecret.mp4, FORBIDDEN_PATH, is not in a folder configured for files",
    "file://ROOT-private/c.mp4, FORBIDDEN_PATH, is not in a folder configured for files",
    "file://ROOT, FORBIDDEN_PATH, is a folder",
    "file://ROOT/sub, FORBIDDEN_PATH, is a folder",
    "file://ROOT/none.mp4, NOT_FOUND, does not exist",
    "file://ROOT/none/none.mp4, NOT_FOUND, does not exist",
    "file://ROOT/a.mp4%00.txt, UNSUPPORTED_URI, is not the path of a file",
    "file://ROOT/a.mp4?x=1, UNSUPPORTED_URI, has a query or fragment",
    "file://ROOT/a.mp4#t=1, UNSUPPORTED_URI, has a query or fragment",
    "file://server/share/a.mp4, UNSUPPORTED_URI, names the host 'server'",
    "file:a.mp4, UNSUPPORTED_URI, is relative",
    "file:, UNSUPPORTED_URI, cannot be read",
    "file://, UNSUPPORTED_URI, cannot be read",
    "ROOT/a.mp4, UNSUPPORTED_URI, has no scheme; a file is written as file:///folder/video.mp4",
    "a.mp4, UNSUPPORTED_URI, has no scheme",
  })
  void shouldRejectWhatIsNotAFileUnderARoot(String uri, FetchReason reason, String detail)
      throws Exception {
    Rejected rejected = rejected(uri.replace("ROOT", root.toString()), ANY);

    assertThat(rejected.reason()).isEqualTo(reason);
    assertThat(rejected.detail()).contains(detail);
  }

  @Test
  void shouldFollowSymbolicLinksWithinTheRootsOnly() throws Exception {
    Files.createSymbolicLink(root.resolve("inside"), root.resolve("a.mp4"));
    Files.createSymbolicLink(root.resolve("outside"), folder.resolve("secret.mp4"));
    Files.createSymbolicLink(root.resolve("up"), folder);
    Files.createSymbolicLink(root.resolve("dangling"), folder.resolve("none"));
    Files.createSymbolicLink(root.resolve("loop"), root.resolve("loop"));

    assertThat(fetched(uri("inside"), ANY).path()).isEqualTo(root.resolve("a.mp4"));
    assertThat(rejected(uri("outside"), ANY).reason()).isEqualTo(FetchReason.FORBIDDEN_PATH);
    assertThat(rejected(uri("up/secret.mp4"), ANY).reason()).isEqualTo(FetchReason.FORBIDDEN_PATH);
    assertThat(rejected(uri("dangling"), ANY).reason()).isEqualTo(FetchReason.NOT_FOUND);
    assertThat(rejected(uri("loop"), ANY).reason()).isEqualTo(FetchReason.NOT_FOUND);
  }

  @Test
  void shouldAcceptARootThatIsItselfALink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), root);
    fetcher.close();
    fetcher = fetcher(link);

    assertThat(fetched("file://" + link + "/a.mp4", ANY).path()).isEqualTo(root.resolve("a.mp4"));
    assertThat(fetched(uri("a.mp4"), ANY).path()).isEqualTo(root.resolve("a.mp4"));
  }

  @Test
  void shouldRejectPipesWithoutWaitingForTheirWriter() throws Exception {
    Path pipe = root.resolve("pipe.mp4");
    Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assumeTrue(mkfifo.waitFor(20, TimeUnit.SECONDS) && mkfifo.exitValue() == 0, "no mkfifo here");

    Rejected rejected = rejected(uri("pipe.mp4"), ANY);

    assertThat(rejected.reason()).isEqualTo(FetchReason.FORBIDDEN_PATH);
    assertThat(rejected.detail()).endsWith("is a device, pipe or socket");
  }

  @Test
  void shouldRejectDevices() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/zero")), "no /dev/zero here");
    fetcher.close();
    fetcher = fetcher(Path.of("/dev"));

    assertThat(rejected("file:///dev/zero", ANY).detail()).endsWith("is a device, pipe or socket");
  }

  @Test
  void shouldTellUnreadableFilesFromMissingOnes() throws Exception {
    Path file = root.resolve("a.mp4");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeTrue(!Files.isReadable(file), "this user reads every file: run as another than root");

    assertThat(rejected(uri("a.mp4"), ANY).reason()).isEqualTo(FetchReason.ACCESS_DENIED);
  }

  @Test
  void shouldRejectFilesThatAreTooLarge() throws Exception {
    Files.write(root.resolve("big.mp4"), new byte[1001]);
    Files.write(root.resolve("fits.mp4"), new byte[1000]);

    assertThat(rejected(uri("big.mp4"), ANY).reason()).isEqualTo(FetchReason.FILE_TOO_LARGE);
    assertThat(fetched(uri("fits.mp4"), ANY).bytes()).isEqualTo(1000);
  }

  @Test
  void shouldCompareTheDigestWhenThereIsOne() throws Exception {
    String digest = Sha256.of(new byte[] {'a', 'b', 'c'});

    fetched(uri("a.mp4"), Optional.of(digest));
    fetched(uri("a.mp4"), Optional.of(digest.toUpperCase(java.util.Locale.ROOT)));
    Rejected other = rejected(uri("sub/b.mp4"), Optional.of(digest));
    Rejected malformed = rejected(uri("a.mp4"), Optional.of("abc"));

    assertThat(other.reason()).isEqualTo(FetchReason.DIGEST_MISMATCH);
    assertThat(other.detail()).endsWith(", expected " + digest);
    assertThat(malformed)
        .isEqualTo(
            new Rejected(
                FetchReason.DIGEST_MISMATCH,
                "the reference's sha256 is not 64 hexadecimal digits but 3 characters",
                0));
  }

  @Test
  void shouldNoticeAFileThatWasChangedOrReplacedAfterwards() throws Exception {
    LocalFile changed = fetched(uri("a.mp4"), ANY);
    LocalFile swapped = fetched(uri("sub/b.mp4"), ANY);
    assertThat(changed.unchanged()).isTrue();

    Files.writeString(root.resolve("a.mp4"), "abcdef");
    Files.move(root.resolve("sub"), root.resolve("old"));
    Files.createSymbolicLink(root.resolve("sub"), root.resolve("old"));

    assertThat(changed.unchanged()).isFalse();
    assertThat(swapped.unchanged()).isFalse();
  }

  @Test
  void shouldReadNoFileWithoutARoot() throws Exception {
    fetcher.close();
    fetcher = new FileFetcher(FetchPolicy.defaults(), folder.resolve("work"));

    assertThat(rejected(uri("a.mp4"), ANY).detail()).contains("no folder is configured for files");
  }

  @Test
  void shouldBlameTheSystemForARootThatIsGone() throws Exception {
    Files.move(root, folder.resolve("moved"));

    assertThatThrownBy(() -> fetcher.fetch(uri("a.mp4"), ANY))
        .isInstanceOf(FetchSystemException.class)
        .hasMessageContaining("file root " + root + " cannot be reached");
  }

  @Test
  void shouldFindARootThatComesAfterTheStart() throws Exception {
    Files.move(root, folder.resolve("moved"));
    fetcher.close();
    fetcher = fetcher(root);

    assertThatThrownBy(() -> fetcher.fetch(uri("a.mp4"), ANY))
        .isInstanceOf(FetchSystemException.class)
        .hasMessageContaining("file root " + root + " cannot be reached");
    Files.createDirectory(root); // What it is to be mounted on.
    assertThatThrownBy(() -> fetcher.fetch(uri("a.mp4"), ANY))
        .isInstanceOf(FetchSystemException.class)
        .hasMessageContaining("file root " + root + " is empty: is a mount missing?");
    Files.delete(root);
    Files.move(folder.resolve("moved"), root);

    assertThat(fetched(uri("a.mp4"), ANY).path()).isEqualTo(root.resolve("a.mp4"));
    assertThat(rejected(uri("none.mp4"), ANY).reason()).isEqualTo(FetchReason.NOT_FOUND);
  }

  @Test
  void shouldRefuseARootThatIsNoFolder() {
    assertThatThrownBy(() -> fetcher(root.resolve("a.mp4")))
        .isInstanceOf(FetchSystemException.class)
        .hasMessageEndingWith("a.mp4 is not a folder");
    assertThat(RootCheck.isNoFolder(root.resolve("a.mp4"))).isTrue();
    assertThat(RootCheck.isNoFolder(root.resolve("none"))).isFalse();
  }

  @Test
  void shouldBlameTheInnermostRootThatAFileLiesIn() throws Exception {
    fetcher.close();
    fetcher =
        new FileFetcher(
            FetchPolicy.defaults().withFileRoots(List.of(folder, root)), folder.resolve("work"));

    assertThat(fetcher.origin(uri("a.mp4")))
        .isEqualTo(new Origin(Origin.Kind.ROOT, root.toString()));
    assertThat(fetcher.origin("file://" + folder + "/secret.mp4"))
        .isEqualTo(new Origin(Origin.Kind.ROOT, folder.toString()));
  }

  @Test
  void shouldNotWaitForARootThatHangs() throws Exception {
    Path other = Files.createDirectory(folder.toRealPath().resolve("other"));
    Files.writeString(other.resolve("b.mp4"), "abcd");
    fetcher.close();
    fetcher =
        new FileFetcher(
            FetchPolicy.defaults().withFileRoots(List.of(root, other)), folder.resolve("work"));
    fetched(uri("a.mp4"), ANY).close();
    try (HungMount hung = HungMount.over(root).orElse(null)) {
      assumeTrue(hung != null, "this user cannot mount a file system that hangs");
      FetchResult.Unavailable failed =
          (FetchResult.Unavailable) fetcher.tryFetch(uri("a.mp4"), ANY, FetchProgress.NONE);

      assertThat(failed.fault()).isEqualTo(Fault.ORIGIN);
      assertThat(failed.problem())
          .startsWith("file root " + root + " does not answer: nothing for ");
      long start = System.nanoTime();
      assertThat(fetcher.tryFetch(uri("a.mp4"), ANY, FetchProgress.NONE))
          .isInstanceOf(FetchResult.Unavailable.class);
      assertThat(fetcher.answers(uri("a.mp4"))).isFalse();
      assertThat(System.nanoTime() - start).as("it still hangs").isLessThan(4_000_000_000L);
      fetched("file://" + other + "/b.mp4", ANY).close();
      assertThat(RootCheck.trouble(root, ANY).orElseThrow()).startsWith("does not answer");
      try (FileFetcher started =
          new FileFetcher(
              FetchPolicy.defaults().withFileRoots(List.of(root, other)), folder.resolve("work"))) {
        assertThat(started.fetch("file://" + other + "/b.mp4", ANY)).isInstanceOf(Fetched.class);
      }
    }

    FetchResult back = fetcher.tryFetch(uri("a.mp4"), ANY, FetchProgress.NONE);
    for (int i = 0; i < 1000 && !(back instanceof Fetched); i++) {
      Thread.sleep(10); // Until whoever hung has got its error.
      back = fetcher.tryFetch(uri("a.mp4"), ANY, FetchProgress.NONE);
    }
    assertThat(back).isInstanceOf(Fetched.class);
  }

  private FileFetcher fetcher(Path fileRoot) throws Exception {
    FetchLimits limits =
        new FetchLimits(
            1000,
            1000,
            1,
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            0,
            0);
    return new FileFetcher(
        FetchPolicy.defaults().withFileRoots(List.of(fileRoot)).withLimits(limits),
        folder.resolve("work"),
        HostLookup.SYSTEM,
        new TestClock(),
        () -> 0,
        javax.net.ssl.SSLContext.getDefault(),
        Disk.SYSTEM);
  }

  private String uri(String name) {
    return "file://" + root + "/" + name;
  }

  private LocalFile fetched(String uri, Optional<String> sha256) throws Exception {
    FetchResult result = fetcher.fetch(uri, sha256);
    assertThat(result).isInstanceOf(Fetched.class);
    return ((Fetched) result).file();
  }

  private Rejected rejected(String uri, Optional<String> sha256) throws Exception {
    FetchResult result = fetcher.fetch(uri, sha256);
    assertThat(result).isInstanceOf(Rejected.class);
    return (Rejected) result;
  }
}
